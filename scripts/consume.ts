/**
 * A console consumer: prints the records of topics.
 *
 *     deno task consume --from-beginning
 */
import { program, runMain } from "../lib/cli/program.ts";
import { CONSUME_GROUPS, runConsume } from "../lib/cli/programs/consume.ts";

export const main = program({
  usage: "deno task consume",
  summary:
    "Prints the records of topics, those of committed transactions only. Runs until Ctrl-C, " +
    "or until --last, --until or --max-messages is reached.",
  examples: [
    ["deno task consume", "Edits as they come in"],
    ["deno task consume --last 10", "The ten newest ones"],
    ["deno task consume --from-beginning --max-messages 10", "The ten oldest ones"],
    ["deno task consume --since 2h --until 1h --filter wiki=enwiki", "An hour of one wiki"],
    ["deno task consume --partition 0 --offset 100", "One partition, from an offset on"],
    ["deno task consume --output json | head -1", "One record with all that Kafka knows of it"],
  ],
  groups: CONSUME_GROUPS,
  run: runConsume,
});

if (import.meta.main) await runMain(main);
