import { z } from "zod";

/**
 * What wikitap itself needs of an event's `meta`: where the event stands in the upstream log, and
 * when and where it happened. Unknown fields pass. Every EventStreams schema requires `meta`
 * (schema fragment `common/2.0.0`); topic, partition and offset are added by the service (KafkaSSE).
 */
const metaSchema = z.object({
  topic: z.string().min(1).max(249),
  partition: z.int().min(0),
  offset: z.int().min(0),
  id: z.string().min(1).max(200),
  dt: z.string().max(64),
  domain: z.string().max(253).optional(),
  // Events from before 2019 lack it: their topic is its name, behind that of the data centre.
  stream: z.string().max(249).optional(),
}).transform((meta) => ({ ...meta, stream: meta.stream ?? meta.topic.replace(/^[a-z]+\./, "") }));

/** See {@linkcode metaSchema}. */
export type Meta = Readonly<z.infer<typeof metaSchema>>;

/** One event as it came: checked as far as every event has to be, and otherwise untouched. */
export interface Event {
  /** The upstream JSON, byte for byte (UTF-8). */
  readonly data: Uint8Array;
  readonly meta: Meta;
  /** The parsed JSON object; nothing but `meta` in it has been checked. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** An event that cannot be used; `message` is the reason, short and of few kinds, for counting. */
export class RefusedEvent extends Error {
  override readonly name = "RefusedEvent";
}

const decoder = new TextDecoder("utf-8", { fatal: true });
const envelopeSchema = z.object({ meta: metaSchema });

/**
 * The boundary: bytes from outside become an `Event`.
 *
 * @throws {RefusedEvent} `bad JSON` (also for bytes that are no UTF-8), or `wrong shape: <path>` where `meta` lacks what is needed.
 */
export function readEvent(data: Uint8Array): Event {
  let body: unknown;
  try {
    body = JSON.parse(decoder.decode(data));
  } catch (cause) {
    throw new RefusedEvent("bad JSON", { cause });
  }
  const checked = envelopeSchema.safeParse(body);
  if (!checked.success) throw wrongShape(checked.error);
  return { data, meta: checked.data.meta, body: body as Record<string, unknown> };
}

/** The refusal for an object that is not of the shape that was needed. */
export function wrongShape(error: z.ZodError): RefusedEvent {
  const path = error.issues[0]?.path.map(String).join(".") || "(top)";
  return new RefusedEvent(`wrong shape: ${path}`, { cause: error });
}
