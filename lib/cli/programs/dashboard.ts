import { type Main, program } from "../program.ts";
import { clusterConfig } from "../open/cluster_config.ts";
import { openRegistry } from "../open/logins.ts";
import { getLogger } from "@logtape/logtape";
import { jsonValues } from "../../avro/json_values.ts";
import { kafkaOptions, topicOption } from "../options/kafka.ts";
import { option, type OptionGroup } from "../option.ts";
import { registryOptions } from "../options/registry.ts";
import { duration, port } from "../values.ts";
import { openCluster } from "../../kafka/client/cluster.ts";
import { runDashboard } from "../../page/dashboard.ts";
import { writeOutput } from "../../terminal/output.ts";

const logger = getLogger(["wikitap", "dashboard"]);

const pageOptions = {
  title: "Page",
  options: {
    topic: topicOption,
    port: option({
      placeholder: "PORT",
      help: "Port of the page. 0: any free port.",
      parse: port,
      default: 8080,
    }),
    host: option({
      placeholder: "HOST",
      help:
        "Address to listen on. The page has no login: only a loopback address keeps it private.",
      parse: String,
      default: "127.0.0.1",
    }),
    history: option({
      placeholder: "DURATION",
      help: "History of the page, by the timestamps of the records: 1m to 24h.",
      parse: historyDuration,
      default: 3_600_000,
      defaultText: "1h",
    }),
  },
} satisfies OptionGroup;

/** Serves the live page. */
export const dashboardMain: Main = program({
  usage: "deno task dashboard",
  summary: "Serves a live page of the edits in a topic: rates, the most active wikis, pages and " +
    "users, and the latest edits. Prints its URL, and runs until Ctrl-C.",
  examples: [
    ["deno task dashboard", "The page on http://127.0.0.1:8080/"],
    ["deno task dashboard --port 8090 --history 15m", "Another port, and a history of 15 minutes"],
  ],
  groups: [pageOptions, kafkaOptions, registryOptions],
  run: ({ topic, history, port, host, ...options }, stop) => {
    return runDashboard(openCluster(clusterConfig(options)), {
      topic,
      history,
      port,
      hostname: host,
      readable: jsonValues(openRegistry(options)),
      signal: stop,
      onReady: (url) => {
        writeOutput(`${url}\n`);
        logger.info("Serving the page of '{topic}'; press Ctrl-C to stop", { topic });
      },
    });
  },
});

function historyDuration(text: string): number {
  const ms = duration(text);
  if (ms < 60_000 || ms > 24 * 3_600_000) throw new Error("expected a duration from 1m to 24h");
  return ms;
}
