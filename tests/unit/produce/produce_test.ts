import { assertEquals } from "@std/assert";
import type { Publisher } from "../../../lib/kafka/publisher.ts";
import { newCounts } from "../../../lib/produce/counts.ts";
import { produce } from "../../../lib/produce/produce.ts";

Deno.test("produce() that is stopped while it connects to Kafka ends at once, and closes what opens late", async () => {
  const opened = Promise.withResolvers<undefined>();
  const done: string[] = [];
  const publisher: Publisher = {
    counts: { batches: 0, aborted: 0, restarts: 0, connected: false },
    open: () => opened.promise,
    publish: () => Promise.resolve([]),
    close: () => Promise.resolve(void done.push("close")),
  };
  const stop = new AbortController();
  const producing = produce({
    ...{ publisher, stop: stop.signal, counts: newCounts(), stream: "s", since: undefined },
    open: () => {
      throw new Error("The stream is not to be opened");
    },
    ...{ transform: () => undefined, batchSize: 1, linger: 0, shutdownTimeout: 60_000 },
  });
  stop.abort();
  await producing;
  assertEquals(done, ["close"]);
  opened.resolve(undefined);
  await Promise.resolve();
  assertEquals(done, ["close", "close"]);
});
