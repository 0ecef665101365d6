import { getLogger } from "@logtape/logtape";
import { EventLoopWatch } from "../../observe/event_loop.ts";
import { type Health, liveness } from "../../observe/health.ts";
import { Metrics } from "../../observe/metrics.ts";
import { addProcessMetrics } from "../../observe/process_metrics.ts";
import { serveObservations } from "../../observe/server.ts";
import { option, type OptionGroup, type Values } from "../option.ts";
import { port } from "../values.ts";

/** Where metrics and health are served; the same in every program that has them. */
export const observeOptions = {
  title: "Metrics and health",
  options: {
    metricsPort: option({
      placeholder: "PORT",
      help:
        "Serve /metrics for Prometheus, and /health/live and /health/ready. 0: any port that is free, told in the log.",
      parse: port,
      defaultText: "not served",
    }),
    metricsHost: option({
      placeholder: "HOST",
      help:
        "The address to listen on. Any but a loopback address opens them, which have no login, to the network.",
      parse: String,
      default: "127.0.0.1",
    }),
  },
} satisfies OptionGroup;

/**
 * Serves metrics and health, where that is asked for, until it is disposed of.
 *
 * @param add Adds the program's own metrics; not called where nothing is served.
 * @param ready What the program says of its readiness.
 * @throws {UserError} when the port cannot be listened on.
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
    ...{ port: metricsPort, hostname: metricsHost, metrics, ready },
    live: () => liveness(loop.delay),
  }));
  getLogger(["wikitap", "metrics"]).info("Metrics are at {url}", { url: `${server.url}/metrics` });
  return resources.move();
}
