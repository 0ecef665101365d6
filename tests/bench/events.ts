import { ByteBuffer } from "../../lib/replay/byte_buffer.ts";
import { FaultDraw } from "../../lib/replay/service/faults.ts";
import { Feed } from "../../lib/replay/service/feed.ts";
import { records } from "../../lib/replay/log.ts";
import { EQIAD, syntheticLog } from "../../lib/replay/synthetic/log.ts";

/** Returns `count` synthetic events as the service sends them: SSE in chunks of about 64 KiB. */
export function* sseChunks(count: number): Generator<Uint8Array<ArrayBuffer>> {
  // An hour ago at the latest, since timestamps in the future are not credible.
  const rate = 1000;
  const start = Date.now() - 3_600_000 - count / rate * 1000;
  const { topics } = syntheticLog({ start, rate, count });
  const feed = new Feed({
    assignments: topics.map((log) => ({ log, index: log.first, offset: -1 })),
    now: () => Infinity,
    faults: new FaultDraw({}, 0),
    isLost: () => false,
  });
  for (let chunk = feed.next(); chunk.events > 0; chunk = feed.next()) yield chunk.bytes;
}

/** Returns only the JSON of the events. */
export function eventBytes(count: number): Uint8Array[] {
  const [log] = syntheticLog({ count }).topics;
  return [...records(log!)].map(({ data }) => data);
}

/** Returns a stream of edits, each of which happens now. */
export class LiveEdits {
  readonly #template: Record<string, unknown>;
  #offset = 0;

  constructor() {
    const buffer = new ByteBuffer();
    const [log] = syntheticLog().topics;
    const decoder = new TextDecoder();
    do {
      log!.write(log!.first + this.#offset++, buffer);
      this.#template = JSON.parse(decoder.decode(buffer.take()));
    } while (this.#template.type !== "edit");
  }

  next(): Uint8Array<ArrayBuffer> {
    const now = Date.now();
    const id = [{ topic: EQIAD, partition: 0, timestamp: now + 1 }];
    const meta = {
      ...this.#template.meta as object,
      id: crypto.randomUUID(),
      dt: new Date(now).toISOString(),
      offset: this.#offset++,
    };
    const data = JSON.stringify({ ...this.#template, meta });
    return new TextEncoder().encode(
      `event: message\nid: ${JSON.stringify(id)}\ndata: ${data}\n\n`,
    );
  }
}
