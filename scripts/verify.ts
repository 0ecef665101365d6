/**
 * Compares a topic with the stream that it was made from.
 *
 *     deno task verify --since 2h
 */
import { runMain } from "../lib/cli/program.ts";
import { verifyMain as main } from "../lib/cli/programs/verify/verify.ts";

export { main };

if (import.meta.main) await runMain(main);
