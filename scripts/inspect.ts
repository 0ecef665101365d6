/**
 * Shows what a cluster does: brokers, topics, partitions, consumer groups and their lag.
 *
 *     deno task inspect group readers
 */
import { program, runMain } from "../lib/cli/program.ts";
import { INSPECT_GROUPS, runInspect } from "../lib/cli/programs/inspect/inspect.ts";

export const main = program({
  usage: "deno task inspect [topic NAME | groups | group NAME]",
  summary: "Shows brokers and topics; the partitions of one topic; consumer groups; or members, " +
    "offsets and lag of one group. Changes nothing.",
  examples: [
    ["deno task inspect", "Brokers and topics"],
    ["deno task inspect topic wikipedia-events", "Leader, replicas and offsets of each partition"],
    ["deno task inspect groups", "All consumer groups, with their lag"],
    ["deno task inspect group readers --watch", "Members and lag of a group, every 2 s"],
  ],
  groups: INSPECT_GROUPS,
  operands: 2,
  run: runInspect,
});

if (import.meta.main) await runMain(main);
