/**
 * Runs a schema registry on this machine, for Avro. Needs Java 17, and Maven to download it.
 *
 *     deno task registry start
 *     deno task start --format avro --schema-registry http://127.0.0.1:8081/apis/ccompat/v7
 */
import { runMain } from "../lib/cli/program.ts";
import { registryMain as main } from "../lib/cli/programs/local/registry.ts";

export { main };

if (import.meta.main) await runMain(main);
