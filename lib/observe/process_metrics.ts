import process from "node:process";
import { VERSION } from "../shared/version.ts";
import type { EventLoopWatch } from "./event_loop.ts";
import { type Metrics, seconds } from "./metrics.ts";

/**
 * Adds metrics of the process, with the names that Prometheus's own clients use. There is no metric
 * for file descriptors: Deno does not count them, and reads `/proc` only with all permissions.
 */
export function addProcessMetrics(metrics: Metrics, loop: EventLoopWatch): void {
  metrics.info("wikitap_build_info", "The running version.", {
    version: VERSION,
    deno: Deno.version.deno,
  });
  metrics.counter("process_cpu_seconds_total", "User and system CPU time spent.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge(
    "process_start_time_seconds",
    "Start time of the process, since the epoch.",
    () => seconds(performance.timeOrigin),
  );
  metrics.gauge(
    "process_resident_memory_bytes",
    "Resident memory of the process.",
    () => Deno.memoryUsage().rss,
  );
  metrics.gauge(
    "process_heap_bytes",
    "JavaScript objects and buffers in use.",
    () => {
      const { heapUsed, external } = Deno.memoryUsage();
      return heapUsed + external;
    },
  );
  metrics.gauge(
    "wikitap_event_loop_delay_seconds",
    "Longest delay of the event loop in the last one to two minutes.",
    () => seconds(loop.worst),
  );
}
