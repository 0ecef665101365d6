import process from "node:process";
import { VERSION } from "../shared/version.ts";
import type { EventLoopWatch } from "./event_loop.ts";
import { type Metrics, seconds } from "./metrics.ts";

/**
 * Figures of the process, by the names that Prometheus's own clients use. Deno keeps no count of
 * open handles, and reads `/proc` with all permissions only: so there are no file descriptors.
 */
export function addProcessMetrics(metrics: Metrics, loop: EventLoopWatch): void {
  metrics.info("wikitap_build_info", "The version that runs.", {
    ...{ version: VERSION, deno: Deno.version.deno },
  });
  metrics.counter("process_cpu_seconds_total", "User and system CPU time spent.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge(
    "process_start_time_seconds",
    "When the process started, since the epoch.",
    () => seconds(performance.timeOrigin),
  );
  metrics.gauge(
    "process_resident_memory_bytes",
    "Memory of the process that is in RAM.",
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
    "The longest that the event loop was held up in the last one to two minutes.",
    () => seconds(loop.worst),
  );
}
