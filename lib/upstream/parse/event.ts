import { NamedError } from "../../shared/error.ts";
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { type EventEnvelope, scanEnvelope } from "./event_envelope.ts";
import { latin1 } from "./latin1.ts";
import { type RecognizedEdit, utf8Text } from "./recognized_edit.ts";
import { MAX_PARTITION, TOPIC_NAME } from "../position/position.ts";

/**
 * The parts of an event's `meta` that wikitap itself needs: the position in the upstream log, the
 * time and the wiki. Unknown fields are allowed. Every EventStreams schema requires `meta` (schema
 * fragment `common/2.0.0`). The service (KafkaSSE) adds topic, partition and offset.
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

/** The checked `meta` of an event, with a `stream` in any case. */
export type Meta = Readonly<z.infer<typeof metaSchema>> & { readonly stream: string };

/** An event as it was received. Only its `meta` is checked. */
export interface Event {
  /** The upstream JSON, byte for byte (UTF-8). */
  readonly data: Uint8Array;
  /** The position in the upstream log, the time and the wiki. */
  readonly meta: Meta;
  /** `type` of the JSON object, if it is a string. */
  readonly type: string | undefined;
  /**
   * The fields of an edit in the form that the service has written since 2019: a fast path to
   * fields of `body`. Such an event is known to be valid. `undefined` for all other events: read
   * `body`.
   */
  readonly edit?: RecognizedEdit | undefined;
  /**
   * The parsed JSON object. Only `meta` in it has been checked.
   *
   * @throws {RejectedEvent} `bad JSON`, at the first use, if the event was only scanned before.
   */
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The error for an event that cannot be used. `message` is the reason: one of few, for counting.
 */
export class RejectedEvent extends NamedError {}

/**
 * Makes an `Event` of bytes from outside. An event in the service's usual form is parsed when its
 * body is first read, so an event that is dropped by its type is only scanned.
 *
 * @param text The bytes as text, if the caller has it (see {@linkcode latin1}).
 * @throws {RejectedEvent} `bad JSON` (also for bytes that are not UTF-8), or `wrong shape: <path>`
 * if `meta` lacks a required field.
 */
export function readEvent(data: Uint8Array, text: string = latin1(data)): Event {
  const seen = scanEnvelope(text);
  return seen === undefined ? parseEvent(data) : new ScannedEvent(data, seen);
}

/**
 * Makes an `Event` as {@linkcode readEvent} does, but always parses it. Both must agree.
 *
 * @param body The result of {@linkcode parseBody} for `data`, if the caller has it.
 */
export function parseEvent(data: Uint8Array, body: Event["body"] = parseBody(data)): Event {
  const meta = metaOf(body);
  return { data, meta, type: typeof body.type === "string" ? body.type : undefined, body };
}

class ScannedEvent implements Event {
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

/** Returns `undefined` for bytes that are not UTF-8; parsing the event rejects them. */
function decoded(edit: RecognizedEdit, data: Uint8Array): RecognizedEdit | undefined {
  if (!isUtf8(data)) return undefined;
  const { title, user } = edit;
  return { ...edit, title: utf8Text(title), user: user === undefined ? user : utf8Text(user) };
}

const decoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses bytes as a JSON object.
 *
 * @throws {RejectedEvent} `bad JSON` (also for bytes that are not UTF-8), `wrong shape: (top)`.
 */
export function parseBody(data: Uint8Array): Record<string, unknown> {
  let body: unknown;
  try {
    let text = decoder.decode(data);
    // Either the character itself, or bytes that are not UTF-8: only the slower decoder
    // distinguishes.
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
  // Events from before 2019 lack it: it is the part of their topic after the data center.
  return { ...meta, stream: meta.stream ?? meta.topic.replace(/^[a-z]+\./, "") };
}

/** Returns the rejection of an object with the wrong shape, by the path of its first issue. */
export function wrongShape(error: z.ZodError): RejectedEvent {
  const path = error.issues[0]?.path.map(String).join(".") || "(top)";
  return new RejectedEvent(`wrong shape: ${path}`, { cause: error });
}
