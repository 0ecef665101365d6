import { assertEquals } from "@std/assert";
import { programOfGroup, temporaryGroup } from "../../../../lib/kafka/consume/temporary_group.ts";

Deno.test("programOfGroup() names the program of a temporary group only", () => {
  assertEquals(programOfGroup(temporaryGroup("wikitap-dashboard")), "dashboard");
  for (
    const group of ["readers", "wikitap.edits", "wikitap-dashboard", `my-${temporaryGroup("a")}`]
  ) {
    assertEquals(programOfGroup(group), null);
  }
});
