import { type Main, program } from "../../program.ts";
import { withAdmin } from "../../../kafka/admin/with_admin.ts";
import { type Cluster, openCluster } from "../../../kafka/client/cluster.ts";
import { Inspector } from "../../../kafka/inspect/inspector.ts";
import { type Details, viewCluster } from "../../../kafka/inspect/topics.ts";
import type { TopicView } from "../../../kafka/inspect/view.ts";
import { ExitCode, UsageError, UserError } from "../../../shared/error.ts";
import { ask } from "../../../terminal/ask.ts";
import { writeOutput } from "../../../terminal/output.ts";
import { jsonText } from "../../../terminal/safe_text.ts";
import { counted } from "../../../terminal/numbers.ts";
import { clusterConfig } from "../../open/cluster_config.ts";
import { flag, option, type OptionGroup } from "../../option.ts";
import { kafkaOptions } from "../../options/kafka.ts";
import { quote } from "../../quote.ts";
import { oneOf, topicName } from "../../values.ts";
import { topicsTable, topicText } from "./inspect_tables.ts";

const topicsOptions = {
  title: "Topics",
  options: {
    output: option({
      placeholder: "FORMAT",
      help: "table or json.",
      parse: oneOf("table", "json"),
      default: "table",
    }),
    internal: flag("List Kafka's own topics too."),
    yes: flag("Delete without asking."),
  },
} satisfies OptionGroup;

/** Lists, describes or deletes topics. */
export const topicsMain: Main = program({
  usage: "deno task topics list | describe NAME | delete NAME",
  summary: "Lists topics, describes one, or deletes one after asking. " +
    "'deno task create-topic' creates topics.",
  examples: [
    ["deno task topics list", "All topics, with records and size"],
    ["deno task topics describe wikipedia-events", "Settings, leaders and offsets"],
    ["deno task topics delete wikipedia-events", "Shows how many records are deleted, and asks"],
  ],
  groups: [topicsOptions, kafkaOptions],
  operands: 2,
  run: async ({ operands: [action, name], output, internal, yes, ...options }, stop) => {
    const act = actionOf(action, name);
    const cluster = openCluster(clusterConfig(options));
    const print = (json: unknown, text: () => string) =>
      writeOutput(output === "json" ? jsonText(json) : text());
    if (act === "list") {
      const topics = (await look(cluster, undefined, { configs: true, sizes: true }))
        .filter((topic) => internal || !topic.internal);
      return print(topics, () => topicsTable(topics, (line) => line));
    }
    const details = { configs: true, sizes: true, timestamps: true };
    const [topic] = await look(cluster, [act.name], details);
    if (topic === undefined) {
      throw new UserError(`Cannot ${act.action} the topic ${quote(act.name)}: it does not exist`, {
        hint: "Run 'deno task topics list' to see the topics",
      });
    }
    if (act.action === "describe") {
      return print(topic, () => topicText(topic, (line) => line, Date.now()));
    }
    return await deleteTopic(cluster, topic, yes, stop);
  },
});

type Action = "list" | { readonly action: "describe" | "delete"; readonly name: string };

const HELP = { hint: "Run 'deno task topics --help'" };

/** @throws {UsageError} if the operands are not an action with its topic. */
function actionOf(action: string | undefined, name: string | undefined): Action {
  if (action === "list" && name === undefined) return action;
  if (action !== "describe" && action !== "delete") {
    throw new UsageError(
      action === undefined
        ? "Cannot run without an action: expected list, describe or delete"
        : `Cannot run the action ${quote(action)}: expected list, describe or delete`,
      HELP,
    );
  }
  if (name === undefined) throw new UsageError(`Cannot ${action} a topic without its name`, HELP);
  try {
    return { action, name: topicName(name) };
  } catch (error) {
    throw new UsageError(`Cannot ${action} the topic ${quote(name)}: ${(error as Error).message}`);
  }
}

async function look(
  cluster: Cluster,
  names: readonly string[] | undefined,
  details: Details,
): Promise<readonly TopicView[]> {
  await using inspector = await Inspector.open(cluster);
  return (await viewCluster(inspector, names, details)).topics;
}

/** Deletes a topic after asking, unless `yes`. */
async function deleteTopic(
  cluster: Cluster,
  { topic, records, internal }: TopicView,
  yes: boolean,
  stop: AbortSignal,
): Promise<ExitCode> {
  if (internal) {
    throw new UserError(`Cannot delete the topic '${topic}': Kafka itself needs it`);
  }
  const loss = records === null ? "an unknown number of records" : counted(records, "record");
  if (!yes) {
    if (!Deno.stdin.isTerminal()) {
      throw new UserError(
        `Cannot ask whether to delete the topic '${topic}': stdin is not a terminal`,
        {
          hint: "Add --yes to delete it without asking",
        },
      );
    }
    if (!await ask(`Delete the topic '${topic}' with ${loss}?`, stop)) {
      writeOutput("Nothing was deleted\n");
      return ExitCode.failure;
    }
  }
  const attempt = { action: `delete the topic '${topic}'`, topic, rights: ["Delete", "Describe"] };
  await withAdmin(cluster, attempt, (admin) => admin.deleteTopics({ topics: [topic] }));
  writeOutput(`Deleted the topic '${topic}' with ${loss}\n`);
  return ExitCode.done;
}
