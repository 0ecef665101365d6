import { latin1 } from "./latin1.ts";

/** One dispatched frame of an event stream. */
export interface Frame {
  /** The event type; `message` if the stream names none. */
  readonly event: string;
  /**
   * The last event id at the time of dispatch, one character for each byte (see
   * {@linkcode latin1}). It stays until a frame changes it.
   */
  readonly id: string;
  /** The data, still encoded (UTF-8): a view of the pushed bytes, or a copy if it was split. */
  readonly data: Uint8Array;
  /** The same bytes as text, one character for each (see {@linkcode latin1}). */
  readonly text: string;
  /** Whether the frame exceeded a bound. Then `data` is empty, and what was received is dropped. */
  readonly oversized: boolean;
}

const LF = 10;
const SPACE = 32;
const COLON = 58;
const NO_BYTES = new Uint8Array(0);

/** The default bound of a frame. The service's own limit of a payload is 8 MiB. */
const MAX_FRAME_BYTES = 9 * 1024 * 1024;
/** The number of pieces that are joined: those after the last one of at least `JOINED_BYTES`. */
const MAX_PIECES = 1024;
const JOINED_BYTES = 64 * 1024;
/** The maximum data lines of a frame; the service writes one. Even an empty one takes memory. */
const MAX_DATA_LINES = 10_000;
/** The longest reconnection time that is accepted, in ms. */
const MAX_RETRY = 60_000;

/**
 * Parses server-sent events (WHATWG HTML, section 9.2.6) from bytes. It does not depend on fetch,
 * streams or JSON.
 *
 * It works on bytes rather than text, since the grammar is ASCII. So a frame's data can be passed
 * on byte for byte, and a frame that is not needed is never decoded.
 *
 * Neither a line nor the data of a frame may exceed `maxFrameBytes` (default 9 MiB). Memory is
 * bounded by twice this plus one chunk.
 */
export class SseParser {
  readonly #maxFrameBytes: number;
  /** Only the first character of a stream can be a byte order mark. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** Pieces of a line whose end has not been received yet. */
  #pieces: Uint8Array[] = [];
  /** Bytes of that line so far, including dropped ones. */
  #lineBytes = 0;
  /** Whether the last chunk ended with CR: a LF that comes next belongs to it. */
  #skipLineFeed = false;
  /**
   * Whether no line is complete yet. Only the first line of a stream can have a byte order mark.
   */
  #firstLine = true;

  #data: Uint8Array[] = [];
  /** The number of bytes, with a LF after each line. */
  #dataBytes = 0;
  /** The last line of data as text. */
  #text = "";
  #event = "";
  #id = "";
  #oversized = false;
  /** Frames of a stream repeat their type: the last line with a type, and that type. */
  #eventLine: Uint8Array = NO_BYTES;
  #knownEvent = "";

  /** The reconnection time in ms that the stream requested with `retry:`; at most 60 s. */
  retry: number | undefined;

  constructor({ maxFrameBytes = MAX_FRAME_BYTES }: { maxFrameBytes?: number } = {}) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /**
   * Parses the next bytes and returns the frames that they complete. The frames are valid as long
   * as the bytes are. A frame that is cut off by the end of the stream is never returned, as the
   * standard demands: just drop the parser.
   */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let start = 0;
    if (this.#skipLineFeed && chunk.length > 0) {
      if (chunk[0] === LF) start = 1;
      this.#skipLineFeed = false;
    }
    const text = latin1(chunk);
    // Each terminator is searched for once: without any CR, a chunk costs one search for it.
    let lineFeed = text.indexOf("\n", start);
    let carriageReturn = text.indexOf("\r", start);
    while (lineFeed !== -1 || carriageReturn !== -1) {
      const endsInCr = carriageReturn !== -1 && (lineFeed === -1 || carriageReturn < lineFeed);
      const end = endsInCr ? carriageReturn : lineFeed;
      if (this.#lineBytes === 0 && !this.#firstLine) this.#line(chunk, text, start, end, frames);
      else {
        const line = this.#complete(chunk.subarray(start, end));
        this.#line(line, latin1(line), 0, line.length, frames);
      }
      start = end + 1;
      if (endsInCr) {
        if (start === chunk.length) this.#skipLineFeed = true;
        else if (chunk[start] === LF) start++;
        carriageReturn = text.indexOf("\r", start);
      }
      if (lineFeed !== -1 && lineFeed < start) lineFeed = text.indexOf("\n", start);
    }
    if (start < chunk.length) this.#keep(chunk.slice(start));
    this.#detach(chunk);
    return frames;
  }

  /** Whether a frame has begun and its end has not been received. */
  get isInFrame(): boolean {
    return this.#oversized || this.#data.length > 0 ||
      (this.#lineBytes > 0 && this.#pieces[0]?.[0] !== COLON);
  }

  /** Copies what is still needed of a chunk, whose memory may hold the next one. */
  #detach({ buffer }: Uint8Array): void {
    for (let i = this.#data.length - 1; this.#data[i]?.buffer === buffer; i--) {
      this.#data[i] = this.#data[i]!.slice();
    }
  }

  /** Adds bytes to an unfinished line, or drops the line if it exceeds its bound. */
  #keep(piece: Uint8Array): void {
    this.#lineBytes += piece.length;
    if (this.#lineBytes > this.#maxFrameBytes) this.#pieces = [];
    else if (this.#pieces.push(piece) === MAX_PIECES) this.#joinPieces();
  }

  /** Joins very small pieces. Each costs more than its bytes. */
  #joinPieces(): void {
    const small = this.#pieces.findLastIndex(({ length }) => length >= JOINED_BYTES) + 1;
    this.#pieces = [...this.#pieces.slice(0, small), concat(this.#pieces.slice(small))];
  }

  /** Drops the data of the frame: only its end matters now. */
  #outgrow(): void {
    this.#oversized = true;
    this.#data = [];
    this.#dataBytes = 0;
  }

  /**
   * Returns the whole line that ends with `tail`; a comment in place of a line that is too long.
   */
  #complete(tail: Uint8Array): Uint8Array {
    const isTooLong = this.#lineBytes + tail.length > this.#maxFrameBytes;
    if (isTooLong) this.#outgrow();
    let line = isTooLong ? COMMENT : concat([...this.#pieces, tail]);
    this.#pieces = [];
    this.#lineBytes = 0;
    if (this.#firstLine) {
      this.#firstLine = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    return line;
  }

  /**
   * Handles the line from `start` to `end` of the bytes and of the text, which hold the same. A
   * view of each line would cost more than reading it.
   */
  #line(bytes: Uint8Array, text: string, start: number, end: number, frames: Frame[]): void {
    if (start === end) return this.#dispatch(frames);
    if (end - start > this.#maxFrameBytes) return this.#outgrow();
    if (isField(bytes, start, end, DATA)) {
      if (this.#oversized) return;
      const value = valueOf(bytes, start, end, DATA);
      this.#data.push(value);
      this.#text = text.slice(end - value.length, end);
      this.#dataBytes += value.length + 1;
      const isTooMuch = this.#dataBytes > this.#maxFrameBytes;
      if (isTooMuch || this.#data.length > MAX_DATA_LINES) this.#outgrow();
    } else if (isField(bytes, start, end, ID)) {
      const value = text.slice(valueStart(bytes, start, end, ID), end);
      if (value.indexOf("\0") === -1) this.#id = value;
    } else if (isField(bytes, start, end, EVENT)) {
      if (end - start !== this.#eventLine.length || !startsWith(bytes, start, this.#eventLine)) {
        this.#eventLine = bytes.slice(start, end);
        this.#knownEvent = this.#decoder.decode(valueOf(bytes, start, end, EVENT));
      }
      this.#event = this.#knownEvent;
    } else if (isField(bytes, start, end, RETRY)) {
      const digits = this.#decoder.decode(valueOf(bytes, start, end, RETRY));
      if (/^\d+$/.test(digits)) this.retry = Math.min(Number(digits), MAX_RETRY);
    }
  }

  #dispatch(frames: Frame[]): void {
    if (this.#oversized || this.#data.length > 0) {
      const isOneLine = this.#data.length === 1;
      const data = isOneLine ? this.#data[0]! : concat(this.#data, LF);
      frames.push({
        event: this.#event === "" ? "message" : this.#event,
        id: this.#id,
        data,
        text: isOneLine ? this.#text : latin1(data),
        oversized: this.#oversized,
      });
    }
    this.#data = [];
    this.#dataBytes = 0;
    this.#event = "";
    this.#oversized = false;
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const DATA = bytesOf("data");
const ID = bytesOf("id");
const EVENT = bytesOf("event");
const RETRY = bytesOf("retry");
const COMMENT = bytesOf(":");

/** Returns whether a line's field has this name: the name, then a colon or the end. */
function isField(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  const after = start + name.length;
  return (after === end || (after < end && bytes[after] === COLON)) &&
    startsWith(bytes, start, name);
}

/** Returns the bytes after the colon and one optional space. */
function valueOf(bytes: Uint8Array, start: number, end: number, name: Uint8Array): Uint8Array {
  return bytes.subarray(valueStart(bytes, start, end, name), end);
}

function valueStart(bytes: Uint8Array, start: number, end: number, name: Uint8Array): number {
  const from = Math.min(start + name.length + 1, end);
  return from < end && bytes[from] === SPACE ? from + 1 : from;
}

function startsWith(bytes: Uint8Array, start: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

/** Joins pieces, with the byte `between` if it is given. */
function concat(pieces: readonly Uint8Array[], between?: number): Uint8Array {
  const gap = between === undefined ? 0 : 1;
  const length = pieces.reduce((sum, piece) => sum + piece.length + gap, -gap);
  const whole = new Uint8Array(Math.max(0, length));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
    if (between !== undefined && at < whole.length) whole[at++] = between;
  }
  return whole;
}
