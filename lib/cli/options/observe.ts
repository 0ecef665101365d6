import { option, type OptionGroup } from "../option.ts";
import { port } from "../values.ts";

/** Options for metrics and health checks, the same in every program that serves them. */
export const observeOptions = {
  title: "Metrics and health",
  options: {
    metricsPort: option({
      placeholder: "PORT",
      help:
        "Port for /metrics (Prometheus), /health/live and /health/ready. 0: any free port, which is logged.",
      parse: port,
      defaultText: "not served",
    }),
    metricsHost: option({
      placeholder: "HOST",
      help:
        "Address to listen on. The endpoints have no login: only a loopback address keeps them private.",
      parse: String,
      default: "127.0.0.1",
    }),
  },
} satisfies OptionGroup;
