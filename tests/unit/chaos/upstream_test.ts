import { assert, assertEquals } from "@std/assert";
import { expectedOf } from "../../chaos/harness/expected.ts";
import { BadUpstream } from "../../chaos/harness/upstream.ts";
import { receive, USER_AGENT } from "../../support/stream/frames.ts";

const decoder = new TextDecoder();
const headers = { "user-agent": USER_AGENT };

Deno.test("expectedOf() finds each edit of a log once", async () => {
  const upstream = new BadUpstream({ seed: 1, events: 3000, faults: 0 });
  const { edits, events, garbage } = expectedOf(upstream.log);
  await upstream.stop();
  assertEquals(events, 3003);
  assert(edits.length > 1000 && edits.length < 1300, `${edits.length} edits`);
  assert(garbage > 0);
  assertEquals(new Set(edits.map(({ log }) => log)).size, 2);
  assertEquals(new Set(edits.map(({ record }) => decoder.decode(record.value))).size, edits.length);
});

Deno.test("BadUpstream serves only released events", async () => {
  const upstream = new BadUpstream({ seed: 1, events: 3000, faults: 0 });
  try {
    upstream.release(0.1);
    upstream.release(0.05);
    assertEquals(upstream.released, 0.1);
    const response = await fetch(`${upstream.url}?since=${upstream.since}`, { headers });
    const { frames } = await receive(response, 250);
    assertEquals(frames.length, 250);
    const { events } = upstream.sent;
    assert(events >= 250 && events <= 303, `${events} sent`);
  } finally {
    await upstream.stop();
  }
});
