/**
 * Runs a schema registry on this machine, for Avro. Needs Java 17, and Maven to download it.
 *
 *     deno task registry start
 *     deno task start --format avro --schema-registry http://127.0.0.1:8081/apis/ccompat/v7
 */
import { program, runMain } from "../lib/cli/program.ts";
import { REGISTRY_SERVICE_GROUPS, runRegistry } from "../lib/cli/programs/local/registry.ts";

export const main = program({
  usage: "deno task registry start|stop|status",
  summary: "Runs a schema registry on this machine (Apicurio, with Confluent's API), to try out " +
    "Avro. The first start downloads it with Maven (140 MB). Schemas and log are in .local/registry.",
  examples: [
    ["deno task registry start", "Port 8081, until Ctrl-C; prints the URL"],
    ["deno task registry start --detach", "The same in the background, until 'stop'"],
    ["deno task registry status", "Shows whether it answers; exit code 1 if not"],
    ["deno task registry stop", "Stops it; the schemas stay"],
  ],
  groups: REGISTRY_SERVICE_GROUPS,
  operands: 1,
  run: runRegistry,
});

if (import.meta.main) await runMain(main);
