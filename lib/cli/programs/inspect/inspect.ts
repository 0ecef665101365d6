import { type Main, program } from "../../program.ts";
import { openCluster } from "../../../kafka/client/cluster.ts";
import { viewGroups } from "../../../kafka/inspect/groups.ts";
import { Inspector } from "../../../kafka/inspect/inspector.ts";
import { viewCluster } from "../../../kafka/inspect/topics.ts";
import { UsageError, UserError } from "../../../shared/error.ts";
import { sleep } from "../../../shared/sleep.ts";
import { writeError, writeOutputSlowly } from "../../../terminal/output.ts";
import { jsonText, safeText } from "../../../terminal/safe_text.ts";
import { clusterConfig } from "../../open/cluster_config.ts";
import { flag, option, type OptionGroup } from "../../option.ts";
import { kafkaOptions } from "../../options/kafka.ts";
import { quote } from "../../quote.ts";
import { oneOf } from "../../values.ts";
import {
  type Alarm,
  clusterText,
  groupsText,
  groupText,
  LastMoved,
  topicText,
} from "./inspect_tables.ts";

/** Interval of updates with `--watch`, in ms. */
const WATCH_INTERVAL = 2000;

const inspectOptions = {
  title: "Output",
  options: {
    output: option({
      placeholder: "FORMAT",
      help: "table, or json: one object; with --watch, one object per line.",
      parse: oneOf("table", "json"),
      default: "table",
    }),
    watch: flag("Refresh every 2 s until Ctrl-C, and show when each offset last moved."),
  },
} satisfies OptionGroup;

/** Shows the state of a cluster. */
export const inspectMain: Main = program({
  usage: "deno task inspect [topic NAME | groups | group NAME]",
  summary: "Shows brokers and topics; the partitions of one topic; consumer groups; or members, " +
    "offsets and lag of one group. Changes nothing.",
  examples: [
    ["deno task inspect", "Brokers and topics"],
    ["deno task inspect topic wikipedia-events", "Leader, replicas and offsets of each partition"],
    ["deno task inspect groups", "All consumer groups, with their lag"],
    ["deno task inspect group readers --watch", "Members and lag of a group, every 2 s"],
  ],
  groups: [inspectOptions, kafkaOptions],
  operands: 2,
  run: async ({ operands, output, watch, ...options }, stop) => {
    const look = lookOf(operands);
    const cluster = openCluster(clusterConfig(options));
    await using inspector = await Inspector.open(cluster);
    const isTerminal = Deno.stdout.isTerminal();
    const alarm: Alarm = isTerminal && !Deno.noColor
      ? (line) => `\x1b[31m${line}\x1b[39m`
      : (line) => line;
    const context = { alarm, moved: new LastMoved() };
    do {
      const seen = await look(inspector, context);
      const text = output === "table" ? seen.text() : jsonText(seen.json, watch ? 0 : 2);
      const clear = watch && isTerminal && output === "table" ? "\x1b[H\x1b[2J" : "";
      await writeOutputSlowly(`${clear}${text}`, stop);
      noteWithheld(inspector);
      if (watch) await sleep(WATCH_INTERVAL, stop);
    } while (watch && !stop.aborted);
  },
});

interface Context {
  readonly alarm: Alarm;
  readonly moved: LastMoved;
}

/** The result of one inspection, in both output formats. */
interface Seen {
  readonly json: unknown;
  text(): string;
}

type Look = (inspector: Inspector, context: Context) => Promise<Seen>;

const LOOKS: Readonly<Record<string, (name: string) => Look>> = {
  topic: (name) => async (inspector, { alarm }) => {
    const details = { configs: true, sizes: true, timestamps: true };
    const [topic] = (await viewCluster(inspector, [name], details)).topics;
    if (topic === undefined) {
      throw new UserError(`Cannot inspect the topic ${quote(name)}: it does not exist`, {
        hint: "Run 'deno task topics list' to see the topics",
      });
    }
    return { json: topic, text: () => topicText(topic, alarm, Date.now()) };
  },
  group: (name) => async (inspector, { moved }) => {
    const [group] = await viewGroups(inspector, [name]);
    if (group === undefined) {
      throw new UserError(`Cannot inspect the group ${quote(name)}: it does not exist`, {
        hint: "Run 'deno task inspect groups' to see the groups",
      });
    }
    moved.note(group, performance.now());
    return { json: group, text: () => groupText(group, moved, performance.now()) };
  },
};

/** @throws {UsageError} if the operands name nothing that can be inspected. */
function lookOf([what, name]: readonly string[]): Look {
  if (what === undefined) {
    return async (inspector, { alarm }) => {
      const view = await viewCluster(inspector, undefined, { configs: true, sizes: true });
      return { json: view, text: () => clusterText(view, alarm) };
    };
  }
  if (what === "groups" && name === undefined) {
    return async (inspector) => {
      const groups = await viewGroups(inspector);
      return { json: groups, text: () => groupsText(groups) };
    };
  }
  const look = LOOKS[what];
  if (look === undefined) {
    throw new UsageError(`Cannot inspect ${quote(what)}: expected topic, groups or group`, HELP);
  }
  if (name === undefined) {
    throw new UsageError(`Cannot inspect a ${what} without its name`, HELP);
  }
  return look(name);
}

const HELP = { hint: "Run 'deno task inspect --help'" };

function noteWithheld({ withheld }: Inspector): void {
  if (withheld.size === 0) return;
  const all = [...withheld].sort();
  const more = all.length > 5 ? ` and ${all.length - 5} more` : "";
  writeError(
    safeText(`Not shown, permission missing: ${all.slice(0, 5).join("; ")}${more}`) + "\n",
  );
  withheld.clear();
}
