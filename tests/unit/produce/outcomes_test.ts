import { assertEquals } from "@std/assert";
import { EVENT_TYPES, Outcomes } from "../../../lib/produce/outcomes.ts";

Deno.test("Outcomes counts by type and outcome; unknown types count as other", () => {
  const outcomes = new Outcomes();
  outcomes.count({ type: "edit" }, "passed");
  outcomes.count({ type: "edit" }, "filtered");
  outcomes.count({ type: "log" }, "filtered");
  for (const type of ["external", "__proto__", undefined]) outcomes.count({ type }, "canary");
  outcomes.count(undefined, "refused");
  assertEquals(EVENT_TYPES.map((type) => outcomes.get(type, "filtered")), [1, 0, 1, 0, 0, 0]);
  assertEquals([outcomes.get("edit", "passed"), outcomes.get("other", "canary")], [1, 3]);
  assertEquals([outcomes.total("filtered"), outcomes.get("unreadable", "refused")], [2, 1]);
});
