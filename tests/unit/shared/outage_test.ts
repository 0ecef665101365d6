import { assertEquals } from "@std/assert";
import { Outage } from "../../../lib/shared/outage.ts";

Deno.test("Outage reports ten outages per minute", () => {
  const lines: string[] = [];
  const note = (level: string) => () => void lines.push(level);
  let now = 5;
  const outage = new Outage({
    log: { debug: note("debug"), info: note("info"), warn: note("warn") },
    over: "Back",
    now: () => now,
  });
  for (let i = 0; i < 12; i++) {
    outage.fail("Away");
    now += 100;
    outage.end();
  }
  const each = ["warn", "info"];
  assertEquals(lines.splice(0), [...Array(10).fill(each).flat(), ...Array(4).fill("debug")]);
  now += 60_000;
  outage.fail("Away");
  outage.end();
  assertEquals(lines, each);
});
