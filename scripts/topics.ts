/**
 * Lists, describes and deletes topics.
 *
 *     deno task topics list
 */
import { program, runMain } from "../lib/cli/program.ts";
import { runTopics, TOPICS_GROUPS } from "../lib/cli/programs/inspect/topics.ts";

export const main = program({
  usage: "deno task topics list | describe NAME | delete NAME",
  summary: "Lists topics, describes one, or deletes one after asking. " +
    "'deno task create-topic' creates topics.",
  examples: [
    ["deno task topics list", "All topics, with records and size"],
    ["deno task topics describe wikipedia-events", "Settings, leaders and offsets"],
    ["deno task topics delete wikipedia-events", "Shows how many records are deleted, and asks"],
  ],
  groups: TOPICS_GROUPS,
  operands: 2,
  run: runTopics,
});

if (import.meta.main) await runMain(main);
