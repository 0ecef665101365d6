import { assertEquals } from "@std/assert";
import { Producer } from "../../chaos/harness/producer.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { testFolder } from "../../support/tools/folder.ts";

for (const end of ["stop()", "disposal"]) {
  Deno.test(`Producer ends by ${end} even while its process starts`, async () => {
    await using folder = await testFolder();
    const program = `${folder.path}/endless.ts`;
    await Deno.writeTextFile(program, "setInterval(() => {}, 1000);");
    const producer = new Producer({ program, flags: [], directory: folder.path });
    const ended = end === "stop()" ? producer.stop() : producer[Symbol.asyncDispose]();
    const late = new AbortController();
    const limit = sleep(5000, late.signal).then(() => "late");
    assertEquals(await Promise.race([ended.then(() => "ended"), limit]), "ended");
    late.abort();
    assertEquals(producer.counts, { starts: 1, gaveUp: 0 });
  });
}
