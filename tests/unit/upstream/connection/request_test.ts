import { assertEquals } from "@std/assert";
import { requestFrom } from "../../../../lib/upstream/connection/request.ts";
import { Position } from "../../../../lib/upstream/position/position.ts";

Deno.test("requestFrom() asks for what follows an event from before the start", async () => {
  const position = new Position(10_000);
  // From now on: the first event comes with a timestamp of a moment before.
  position.advance({ key: "eqiad.a/0", timestamp: 9_800, offset: 1, id: "a" });
  position.track("codfw.a/0");
  let asked: string | null = null;
  await requestFrom({
    url: new URL("http://upstream.test/"),
    userAgent: "test",
    position,
    present: new Set(),
    margin: 5000,
  }, {
    signal: new AbortController().signal,
    fetch: (_, init) => {
      asked = new Headers(init?.headers).get("last-event-id");
      return Promise.resolve(
        new Response("", { headers: { "content-type": "text/event-stream" } }),
      );
    },
  });
  assertEquals(JSON.parse(asked!), [
    { topic: "eqiad.a", partition: 0, timestamp: 4800 },
    { topic: "codfw.a", partition: 0, timestamp: 10_000 },
  ]);
});
