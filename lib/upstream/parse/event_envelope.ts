import { detached } from "../../shared/detached.ts";
import { type RecognizedEdit, recognizeEdit } from "./recognized_edit.ts";

/** The parts of an event that a scan of its bytes finds. */
export interface EventEnvelope {
  /** The position in the upstream log, the time and the wiki. */
  readonly meta: {
    /** The upstream topic. */
    readonly topic: string;
    /** The partition of the upstream topic. */
    readonly partition: number;
    /** The offset in the partition. */
    readonly offset: number;
    /** The UUID of the event. */
    readonly id: string;
    /** The time of the event, as upstream writes it. */
    readonly dt: string;
    /** The host name of the wiki. */
    readonly domain: string;
    /** The name of the stream. */
    readonly stream: string;
  };
  /** The `type` of the event. */
  readonly type: string;
  /** The other fields of an edit in its usual form. Its bytes are not yet checked for UTF-8. */
  readonly edit: RecognizedEdit | undefined;
}

/**
 * Reads `meta` and `type` of an event without parsing it, if the event has the service's usual
 * form: compact, with `$schema`, `meta`, `id` and `type` first, in the orders seen from 2019 to
 * 2026 (`dt` has moved). Most events are dropped by their type, and parsing is most of their cost.
 * Edits, which are usually kept, are read to their end (`recognizeEdit`).
 *
 * Returns `undefined` for an event in any other form, or if `meta` or `type` might occur again: of
 * two equal keys JSON takes the last. For valid JSON the result is that of parsing it. Text that is
 * not JSON may have a result too, but no `edit`; it is rejected once it is parsed.
 *
 * @param text The bytes of the event, one character for each (see `latin1.ts`).
 */
export function scanEnvelope(text: string): EventEnvelope | undefined {
  if (!text.endsWith("}")) return undefined;
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const [start, id, dtInFront, domain, stream, dtBehind, topic, partition, offset] = head;
  const [, , , , , , , , , number, type] = head;
  const isEdit = number !== undefined && (type === "edit" || type === "new");
  const edit = isEdit ? recognizeEdit(text, start.length, number) : undefined;
  if (edit === undefined && mightRepeat(text, start.length)) return undefined;
  const dt = dtInFront ?? dtBehind;
  if (dt === undefined || (dtInFront !== undefined && dtBehind !== undefined)) return undefined;
  // The bounds of `metaSchema`: counting in the pattern takes longer.
  const isBounded = id!.length <= 200 && dt.length <= 64 && domain!.length <= 253 &&
    stream!.length <= 249 && topic!.length <= 249;
  if (!isBounded) return undefined;
  // Ids are remembered, so they outlive the event.
  return {
    meta: {
      topic: topic!,
      partition: Number(partition),
      offset: Number(offset),
      id: detached(id!),
      dt,
      domain: domain!,
      stream: stream!,
    },
    type: type!,
    edit,
  };
}

/** A JSON string of printable ASCII without escapes, not empty, captured. */
const ASCII = String.raw`"([ !#-\[\]-~]+)"`;
/** A JSON string without escapes. */
const ANY = String.raw`"[^"\\\x00-\x1f]*"`;
const TOPIC = String.raw`"([\w.-]+)"`;
const COUNT = String.raw`(0|[1-9]\d{0,14})`;

const HEAD = new RegExp(
  `^\\{"\\$schema":${ANY},"meta":\\{(?:"uri":${ANY},)?(?:"request_id":${ANY},)?` +
    `"id":${ASCII},(?:"dt":${ASCII},)?"domain":${ASCII},"stream":${ASCII},` +
    `(?:"dt":${ASCII},)?"topic":${TOPIC},"partition":(0|[1-9]\\d{0,5}),"offset":${COUNT}\\},` +
    `(?:"id":(?:${COUNT}|null),)?"type":"([a-z\\d]+)"(?=[,}])`,
);

/**
 * Returns whether `meta` or `type` might follow as a key, or an escape, which can spell a key too.
 * V8 searches for a text by its first character: the rarer that is, the faster.
 */
function mightRepeat(text: string, start: number): boolean {
  if (text.includes('meta"', start) || text.includes("\\u", start)) return true;
  for (let at = text.indexOf('ype"', start); at !== -1; at = text.indexOf('ype"', at + 4)) {
    // The first key of an object within the event, as in `log_params`.
    if (text.startsWith('"t', at - 2) && text[at - 3] !== "{") return true;
  }
  return false;
}
