import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { type EventEnvelope, scanEnvelope } from "./event_envelope.ts";
import { latin1 } from "./latin1.ts";
import { type RecognizedEdit, utf8Text } from "./recognized_edit.ts";
import { MAX_PARTITION, TOPIC_NAME } from "../resume/position.ts";

/**
 * What wikitap itself needs of an event's `meta`: where the event stands in the upstream log, and
 * when and where it happened. Unknown fields pass. Every EventStreams schema requires `meta`
 * (schema fragment `common/2.0.0`); topic, partition and offset are added by the service (KafkaSSE).
 */
const metaSchema = z.object({
  topic: z.string().regex(TOPIC_NAME),
  partition: z.int().min(0).max(MAX_PARTITION),
  offset: z.int().min(0),
  id: z.string().min(1).max(200),
  dt: z.string().max(64),
  domain: z.string().max(253).optional(),
  stream: z.string().max(249).optional(),
});

/** See {@linkcode metaSchema}. */
export type Meta = Readonly<z.infer<typeof metaSchema>> & { readonly stream: string };

/** One event as it came: checked as far as every event has to be, and otherwise untouched. */
export interface Event {
  /** The upstream JSON, byte for byte (UTF-8). */
  readonly data: Uint8Array;
  readonly meta: Meta;
  /** `type` of the JSON object, where it is a string. */
  readonly type: string | undefined;
  /**
   * The fields of an edit in the form that the service has written since 2019, which is proved to be
   * valid: the quick way to what `body` has too. `undefined` for all other events: read `body`.
   */
  readonly edit?: RecognizedEdit | undefined;
  /**
   * The parsed JSON object; nothing but `meta` in it has been checked.
   *
   * @throws {RejectedEvent} `bad JSON`, at the first use of an event that was only glanced at.
   */
  readonly body: Readonly<Record<string, unknown>>;
}

/** An event that cannot be used; `message` is the reason, short and of few kinds, for counting. */
export class RejectedEvent extends Error {
  override readonly name = "RejectedEvent";
}

/**
 * The boundary: bytes from outside become an `Event`. An event that looks as the service writes
 * them is parsed when its body is first asked for, so that one which is dropped by its type costs a
 * glance.
 *
 * @throws {RejectedEvent} `bad JSON` (also for bytes that are no UTF-8), or `wrong shape: <path>`
 * where `meta` lacks what is needed.
 *
 * @param text The bytes as text, where the caller has it (see {@linkcode latin1}).
 */
export function readEvent(data: Uint8Array, text: string = latin1(data)): Event {
  const seen = scanEnvelope(text);
  return seen === undefined ? parseEvent(data) : new GlancedEvent(data, seen);
}

/**
 * As {@linkcode readEvent}, parsed in any case: what a glance has to agree with.
 *
 * @param body What {@linkcode parseBody} returned for `data`, if the caller has it.
 */
export function parseEvent(data: Uint8Array, body: Event["body"] = parseBody(data)): Event {
  const meta = metaOf(body);
  return { data, meta, type: typeof body.type === "string" ? body.type : undefined, body };
}

class GlancedEvent implements Event {
  readonly data: Uint8Array;
  readonly meta: Meta;
  readonly type: string;
  #edit: RecognizedEdit | undefined;
  #isDecoded = false;
  #body: Event["body"] | undefined;

  constructor(data: Uint8Array, { meta, type, edit }: EventEnvelope) {
    this.data = data;
    this.meta = meta;
    this.type = type;
    this.#edit = edit;
  }

  get edit(): RecognizedEdit | undefined {
    if (this.#isDecoded) return this.#edit;
    this.#isDecoded = true;
    return this.#edit = this.#edit && decoded(this.#edit, this.data);
  }

  get body(): Event["body"] {
    return this.#body ??= parseBody(this.data);
  }
}

/** `undefined` for bytes that are no UTF-8, which parsing the event rejects. */
function decoded(edit: RecognizedEdit, data: Uint8Array): RecognizedEdit | undefined {
  if (!isUtf8(data)) return undefined;
  const { title, user } = edit;
  return { ...edit, title: utf8Text(title), user: user === undefined ? user : utf8Text(user) };
}

const decoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses the JSON object that the bytes are.
 *
 * @throws {RejectedEvent} `bad JSON` (also for bytes that are no UTF-8), `wrong shape: (top)`.
 */
export function parseBody(data: Uint8Array): Record<string, unknown> {
  let body: unknown;
  try {
    let text = decoder.decode(data);
    // Either the character itself, or bytes that are no UTF-8: only the slower decoder tells.
    if (text.includes("\ufffd")) text = strictDecoder.decode(data);
    body = JSON.parse(text);
  } catch (cause) {
    throw new RejectedEvent("bad JSON", { cause });
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new RejectedEvent("wrong shape: (top)");
  }
  return body as Record<string, unknown>;
}

const bodySchema = z.object({ meta: metaSchema });

function metaOf(body: Event["body"]): Meta {
  const checked = bodySchema.safeParse(body);
  if (!checked.success) throw wrongShape(checked.error);
  const { meta } = checked.data;
  // Events from before 2019 lack it: their topic is its name, behind that of the data centre.
  return { ...meta, stream: meta.stream ?? meta.topic.replace(/^[a-z]+\./, "") };
}

/** The refusal for an object that is not of the shape that was needed. */
export function wrongShape(error: z.ZodError): RejectedEvent {
  const path = error.issues[0]?.path.map(String).join(".") || "(top)";
  return new RejectedEvent(`wrong shape: ${path}`, { cause: error });
}
