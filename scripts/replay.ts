/**
 * Takes the place of Wikimedia EventStreams on this machine: serves synthetic or recorded events
 * over HTTP, with faults on demand.
 *
 *     deno task replay
 *     deno task start --stream-url http://127.0.0.1:8181/v2/stream/recentchange
 */
import { runMain } from "../lib/cli/program.ts";
import { replayMain as main } from "../lib/cli/programs/replay.ts";

export { main };

if (import.meta.main) await runMain(main);
