import type { ByteBuffer } from "../byte_buffer.ts";

/** The fields that differ between the events of one template; all text is ASCII. */
export interface Slots {
  /** `meta.id`. */
  readonly uuid: Uint8Array;
  /** `meta.request_id`. */
  readonly requestId: Uint8Array;
  /** `meta.dt`. */
  readonly dt: string;
  /** `meta.topic`. */
  readonly topic: string;
  /** `meta.offset`. */
  readonly offset: number;
  /** The id of the recent change; ascending. */
  readonly id: number;
  /** The id of an entry in a public log; ascending. */
  readonly logId: number;
  /** `timestamp`, in seconds. */
  readonly timestamp: number;
  /** The id of the previous revision. */
  readonly oldRevision: number;
  /** The id of the new revision. */
  readonly newRevision: number;
  /** Bytes before. */
  readonly oldLength: number;
  /** Bytes after. */
  readonly newLength: number;
}

/** Appends an event's JSON: the slots that it has, and the rest, which was rendered once. */
export type Template = (slots: Partial<Slots>, to: ByteBuffer) => void;

const encoder = new TextEncoder();

// Two private-use characters, which no invented text contains.
const IN_TEXT = "\ue000";
const BARE = "\ue001";

/** Returns the mark of a slot inside a string of a template's body. */
export function slot(name: keyof Slots): string {
  return `${IN_TEXT}${name}${IN_TEXT}`;
}

/** Returns the mark of a slot for a number in a template's body. */
export function numberSlot(name: keyof Slots): string {
  return `${BARE}${name}${BARE}`;
}

/** Renders `body`, an object with marked slots, except for the slots. */
export function compile(body: Readonly<Record<string, unknown>>): Template {
  const pieces = JSON.stringify(body)
    .split(new RegExp(`${IN_TEXT}(\\w+)${IN_TEXT}|"${BARE}(\\w+)${BARE}"`, "u"));
  // Splitting by two groups gives: text, name or nothing, nothing or name, text, …
  const first = encoder.encode(pieces[0]);
  const places: { readonly name: keyof Slots; readonly after: Uint8Array }[] = [];
  for (let i = 1; i < pieces.length; i += 3) {
    const name = (pieces[i] ?? pieces[i + 1]) as keyof Slots;
    places.push({ name, after: encoder.encode(pieces[i + 2]) });
  }
  return (slots, to) => {
    to.append(first);
    for (const { name, after } of places) {
      const value = slots[name]!;
      if (typeof value === "number") to.integer(value);
      else if (typeof value === "string") to.ascii(value);
      else to.append(value);
      to.append(after);
    }
  };
}
