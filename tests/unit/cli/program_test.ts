import { assertEquals } from "@std/assert";
import { program } from "../../../lib/cli/program.ts";
import { ExitCode, UsageError } from "../../../lib/shared/error.ts";

Deno.test("program() ends with the first failure, even if a disposal fails too", async () => {
  const main = program({
    usage: "deno task a",
    summary: "Does it.",
    examples: [],
    groups: [],
    async run() {
      await using _client = {
        [Symbol.asyncDispose]: () => Promise.reject(new Error("Cannot leave the group")),
      };
      throw new UsageError("Cannot use --topic: it is empty");
    },
  });
  assertEquals(await main(["--quiet"]), ExitCode.usage);
});
