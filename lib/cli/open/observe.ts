import { getLogger } from "@logtape/logtape";
import { EventLoopWatch } from "../../observe/event_loop.ts";
import { type Health, liveness } from "../../observe/health.ts";
import { Metrics } from "../../observe/metrics.ts";
import { addProcessMetrics } from "../../observe/process_metrics.ts";
import { serveObservations } from "../../observe/server.ts";
import type { Values } from "../option.ts";
import type { observeOptions } from "../options/observe.ts";

/**
 * Serves metrics and health checks, if `--metrics-port` is given, until it is disposed of.
 *
 * @param add Adds the program's own metrics. Not called if nothing is served.
 * @param ready Returns the program's readiness.
 * @throws {UserError} if the port cannot be listened on.
 */
export async function observe(
  { metricsPort, metricsHost }: Values<typeof observeOptions.options>,
  { add, ready }: {
    readonly add: (metrics: Metrics) => void;
    readonly ready: () => Health;
  },
): Promise<AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  if (metricsPort === undefined) return resources.move();
  const metrics = new Metrics();
  const loop = resources.use(new EventLoopWatch());
  addProcessMetrics(metrics, loop);
  add(metrics);
  const server = resources.use(serveObservations({
    port: metricsPort,
    hostname: metricsHost,
    metrics,
    ready,
    live: () => liveness(loop.delay),
  }));
  getLogger(["wikitap", "metrics"]).info("Serving metrics at {url}", {
    url: `${server.url}/metrics`,
  });
  return resources.move();
}
