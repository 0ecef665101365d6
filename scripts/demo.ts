/**
 * Runs everything at once: Kafka, topic, producer, live page, and the edits as they come back.
 *
 *     deno task demo
 */
import { program, runMain } from "../lib/cli/program.ts";
import { DEMO_GROUPS, runDemo } from "../lib/cli/programs/demo.ts";

export const main = program({
  usage: "deno task demo",
  summary:
    "Starts a Kafka if none answers, creates the topic, publishes Wikipedia's edits to it, prints " +
    "them as they come back, and serves a live page. If Wikimedia cannot be reached, it publishes " +
    "synthetic edits to a topic of their own. Ctrl-C stops everything.",
  examples: [
    ["deno task demo", "Shows edits within a minute"],
    ["deno task demo --contact you@example.org", "With the contact that Wikimedia requires"],
    ["deno task demo --nodes 3", "With three brokers, to see replication and failover"],
  ],
  groups: DEMO_GROUPS,
  run: runDemo,
});

if (import.meta.main) await runMain(main);
