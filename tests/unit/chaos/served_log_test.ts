import { assert, assertEquals, assertThrows } from "@std/assert";
import { records } from "../../../lib/replay/log.ts";
import { syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import { burstsOf } from "../../chaos/harness/bursts.ts";
import { Warp, warped, withRepeats } from "../../chaos/harness/served_log.ts";

const START = Date.UTC(2026, 0, 1);
const RATE = 100;
const log = syntheticLog({ seed: 1, start: START, rate: RATE, count: 20_000 });
const timeOf = (index: number) => START + index * 1000 / RATE;
const warp = new Warp([
  { from: timeOf(1000), to: timeOf(13_000) },
  { from: timeOf(14_000), to: timeOf(18_000) },
]);

Deno.test("Warp.source() reverts time()", () => {
  for (let index = -10; index < 20_010; index += 7) {
    const time = timeOf(index);
    assert(Math.abs(warp.source(warp.time(time)) - time) < 0.1, `event ${index}`);
  }
});

Deno.test("warped() puts a burst's events within 4 s and finds each by its time", () => {
  const [topic] = warped(log, warp).topics;
  assertEquals(topic!.due(1000) - topic!.due(0), 10_000);
  assertEquals(topic!.due(13_000) - topic!.due(1000), 4000);
  assertEquals(topic!.due(14_000) - topic!.due(13_000), 10_000);
  for (let index = 0; index < 20_000; index += 97) {
    const due = topic!.due(index);
    const first = topic!.firstDue(due);
    assert(topic!.due(first) === due && (first === 0 || topic!.due(first - 1) < due));
    assert(topic!.timestamp(index) <= due);
    const at = topic!.firstAt(topic!.timestamp(index));
    assert(at <= index && topic!.timestamp(at) >= topic!.timestamp(index));
  }
  assertEquals(topic!.firstDue(Infinity), 20_000);
});

Deno.test("withRepeats() repeats the content of earlier events at new offsets", () => {
  const repeated = withRepeats(log, { seed: 1, every: 100 });
  const ids = new Map<string, number>();
  let repeats = 0;
  let index = 0;
  for (const { data, offset } of records(repeated.topics[0]!)) {
    const { meta } = JSON.parse(new TextDecoder().decode(data));
    assertEquals(meta.offset, offset);
    const first = ids.get(meta.id);
    if (first !== undefined) {
      repeats++;
      assert(index - first <= 400);
    }
    ids.set(meta.id, index++);
  }
  assert(repeats > 150 && repeats < 250, `${repeats} repeats`);
  const none = withRepeats(log, { seed: 1, every: 100, isWanted: () => false });
  assertEquals([...records(none.topics[0]!)], [...records(log.topics[0]!)]);
});

Deno.test("burstsOf() draws separate bursts, and rejects more than fit", () => {
  const bursts = burstsOf({ seed: 1, events: 60_000, bursts: 4 });
  let end = 0;
  for (const { from, to } of bursts) {
    assert(from >= end && to - from === 12_000 && to <= 60_000);
    end = to;
  }
  assertEquals(bursts.length, 4);
  assertThrows(
    () => burstsOf({ seed: 1, events: 59_999, bursts: 4 }),
    RangeError,
    "Cannot place 4 bursts in 59999 events: each takes 15000",
  );
});
