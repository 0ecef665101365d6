/**
 * Creates a topic, or reports how an existing one differs.
 *
 *     deno task create-topic --topic wikipedia-events --partitions 3
 */
import { program, runMain } from "../lib/cli/program.ts";
import { CREATE_TOPIC_GROUPS, runCreateTopic } from "../lib/cli/programs/inspect/create_topic.ts";

export const main = program({
  usage: "deno task create-topic",
  summary: "Creates a topic. Safe to repeat: reports how an existing topic differs from the " +
    "options, and changes nothing without --alter.",
  examples: [
    ["deno task create-topic", "The topic that all programs use by default"],
    [
      "deno task create-topic --topic edits --partitions 6 --retention 30d",
      "Keeps edits for 30 days; up to six consumers share them",
    ],
    ["deno task create-topic --topic edits --partitions 12 --alter", "Adds partitions later"],
  ],
  groups: CREATE_TOPIC_GROUPS,
  run: runCreateTopic,
});

if (import.meta.main) await runMain(main);
