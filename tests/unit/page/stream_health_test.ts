import { assertEquals } from "@std/assert";
import { type HealthInput, silenceLimit, streamHealth } from "../../../lib/page/stream_health.ts";

const live: HealthInput = {
  now: 1_000_000,
  lastAnswer: 999_900,
  hasCaughtUp: true,
  lastEdit: 999_000,
  lag: 1200,
  gap: 50,
};

for (
  const [health, signs] of [
    ["live", {}],
    ["live", { lag: null }],
    ["connecting", { lastAnswer: null, hasCaughtUp: false, lastEdit: null }],
    ["loading", { hasCaughtUp: false }],
    ["waiting", { lastEdit: null }],
    ["behind", { lag: 61_000 }],
    ["silent", { lastEdit: 1_000_000 - 15_001 }],
    ["live", { lastEdit: 1_000_000 - 15_001, gap: 1000 }],
    ["away", { lastAnswer: 1_000_000 - 5001 }],
    ["away", { lastAnswer: 1_000_000 - 5001, hasCaughtUp: false, lastEdit: null }],
  ] as const
) {
  Deno.test(`streamHealth() is '${health}' for ${JSON.stringify(signs)}`, () => {
    assertEquals(streamHealth({ ...live, ...signs }), health);
  });
}

Deno.test("silenceLimit() is 20 usual gaps, from 15 s to 10 min", () => {
  assertEquals([1, 3000, 1e9].map(silenceLimit), [15_000, 60_000, 600_000]);
});
