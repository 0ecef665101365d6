/**
 * Takes the place of Wikimedia EventStreams on this machine: serves synthetic or recorded events over HTTP,
 * with faults on demand.
 *
 *     deno task replay
 *     deno task start --stream-url http://127.0.0.1:8181/v2/stream/recentchange
 */
import { program, runMain } from "../lib/cli/program.ts";
import { REPLAY_GROUPS, runReplay } from "../lib/cli/programs/replay.ts";

export const main = program({
  usage: "deno task replay",
  summary:
    "Takes the place of Wikimedia EventStreams, without a network or for load tests. Serves " +
    "synthetic or recorded events with the same framing, positions and errors. The synthetic " +
    "streams are recentchange, page-create and mediawiki.page_change.v1.",
  examples: [
    ["deno task replay", "Synthetic edits, 40 events per second"],
    ["deno task replay --rate 0 --events 100000", "100,000 events, as fast as they are read"],
    ["deno task replay --file recording.sse", "Serves a recording"],
    ["deno task replay --cut-every 500 --status-every 500,429", "Injects faults"],
  ],
  groups: REPLAY_GROUPS,
  run: runReplay,
});

if (import.meta.main) await runMain(main);
