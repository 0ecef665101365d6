import { assertEquals } from "@std/assert";
import { requestFrom } from "../../../../lib/upstream/connection/request.ts";
import { Position } from "../../../../lib/upstream/position/position.ts";

interface Asked {
  readonly since: string | null;
  readonly lastEventId: string | null;
}

/** Returns the request for a position, with `isGone` that after a 404. */
async function askedFrom(
  position: Position,
  { margin = 5000, isGone = false }: { margin?: number; isGone?: boolean } = {},
): Promise<Asked> {
  const asked: Asked[] = [];
  await requestFrom({
    url: new URL("http://upstream.test/"),
    userAgent: "test",
    position,
    present: new Set(),
    margin,
  }, {
    signal: new AbortController().signal,
    fetch: (url, init) => {
      const since = new URL(String(url)).searchParams.get("since");
      asked.push({ since, lastEventId: new Headers(init?.headers).get("last-event-id") });
      const status = isGone && since === null ? 404 : 200;
      return Promise.resolve(
        new Response("", { status, headers: { "content-type": "text/event-stream" } }),
      );
    },
  });
  return asked.at(-1)!;
}

/** From now on: the first event has a timestamp shortly before the start. */
function positionBeforeStart(): Position {
  const position = new Position(10_000);
  position.advance({ key: "eqiad.a/0", timestamp: 9_800, offset: 1, id: "a" });
  position.track("codfw.a/0");
  return position;
}

Deno.test("requestFrom() requests events after one from before the start", async () => {
  const { since, lastEventId } = await askedFrom(positionBeforeStart());
  assertEquals(since, null);
  assertEquals(JSON.parse(lastEventId!), [
    { topic: "eqiad.a", partition: 0, timestamp: 9800 },
    { topic: "codfw.a", partition: 0, timestamp: 10_000 },
  ]);
});

Deno.test("requestFrom() requests nothing from before the start", async () => {
  const position = new Position(10_000);
  for (const [timestamp, requested] of [[12_000, 10_000], [17_000, 12_000]] as const) {
    position.advance({ key: "eqiad.a/0", timestamp, offset: timestamp, id: "a" });
    const { lastEventId } = await askedFrom(position);
    assertEquals(JSON.parse(lastEventId!)[0].timestamp, requested);
  }
});

Deno.test("requestFrom() by time begins at the earlier of start and events", async () => {
  assertEquals((await askedFrom(positionBeforeStart(), { isGone: true })).since, "9800");
  const position = new Position(10_000);
  position.advance({ key: "eqiad.a/0", timestamp: 12_000, offset: 1, id: "a" });
  assertEquals((await askedFrom(position, { isGone: true })).since, "10000");
});

Deno.test("requestFrom() by time skips a failing position", async () => {
  const margin = -64;
  assertEquals((await askedFrom(positionBeforeStart(), { isGone: true, margin })).since, "9864");
});
