/** A producer that ignores ids, and so publishes repeated events. */
import { KnownIds } from "../../../lib/upstream/resume/known_ids.ts";
import { runMain } from "../../../lib/cli/program.ts";
import { main } from "../../../main.ts";

KnownIds.prototype.has = () => false;
await runMain(main);
