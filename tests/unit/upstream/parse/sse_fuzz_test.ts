import { assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { SseParser } from "../../../../lib/upstream/parse/sse.ts";
import { fuzz } from "../../../support/tools/fuzz.ts";

/** A frame. Its id and data are text with one character per byte. */
interface Seen {
  readonly event: string;
  readonly id: string;
  readonly data: string;
  readonly oversized: boolean;
}

/** Small, so that some lines exceed it. */
const BOUND = 24;

/**
 * Parses a stream literally by the WHATWG HTML standard ("Parsing" and "Interpreting an event
 * stream"), with the bound: a frame is too large if one of its lines, or all its data, are longer.
 * A stream is text with one character per byte, since the grammar is ASCII.
 */
function plainly(stream: string): { frames: Seen[]; retry: number | undefined } {
  const lines = stream.split(/\r\n|\r|\n/).slice(0, -1);
  const frames: Seen[] = [];
  let data = "";
  let event = "";
  let id = "";
  let retry: number | undefined;
  let oversized = false;
  for (const [number, line] of lines.entries()) {
    if (line.length > BOUND) {
      oversized = true;
      continue;
    }
    const text = number === 0 ? line.replace(/^\xef\xbb\xbf/, "") : line;
    if (text === "") {
      if (data !== "" || oversized) {
        frames.push({
          event: event || "message",
          id,
          data: oversized ? "" : data.slice(0, -1),
          oversized,
        });
      }
      [data, event, oversized] = ["", "", false];
      continue;
    }
    const colon = text.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = decoder.decode(bytesOf(value));
    else if (field === "data") data += `${value}\n`;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) retry = Math.min(Number(value), 60_000);
    if (data.length > BOUND) oversized = true;
  }
  return { frames, retry };
}

/** Parses a stream in pieces, cut at these indexes, which take turns in the same memory. */
function parsed(stream: string, cuts: readonly number[]): ReturnType<typeof plainly> {
  const parser = new SseParser({ maxFrameBytes: BOUND });
  const bytes = bytesOf(stream);
  const edges = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b)];
  const memory = new Uint8Array(bytes.length);
  const frames = edges.flatMap((start, i) => {
    const piece = bytes.subarray(start, edges[i + 1]);
    memory.fill(0x23).set(piece);
    return parser.push(memory.subarray(0, piece.length)).map(({ event, id, data, oversized }) => ({
      event,
      id,
      data: text(data),
      oversized,
    }));
  });
  return { frames, retry: parser.retry };
}

/** Only the first character of a stream can be its byte order mark. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

const byte = fc.nat(255).map((code) => String.fromCharCode(code));
const lineEnd = fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r");
const field = fc.constantFrom(
  ...["data", "id", "event", "retry", "", "DATA", "datas", " data", "comment", "d"],
);
const colon = fc.constantFrom(":", ": ", "", ":  ", "::", ":\t");
const value = fc.oneof(
  fc.constantFrom(
    ...[
      "",
      "a",
      "5",
      "0012345678901234",
      "5x",
      "\0",
      "a\0b",
      '[{"topic":"t"}]',
      "error",
      "data: x",
    ],
    // BOM, characters of two and four bytes, and bytes that are not UTF-8.
    ...[
      "\xef\xbb\xbf",
      "\xef\xbb\xbf7",
      "\xc3\xbc",
      "\xf0\x9f\xa6\x8a",
      "\xff",
      "\xc3",
      "\xe2\x82",
    ],
  ),
  fc.nat(40).map((length) => "x".repeat(length)),
);
const line = fc.tuple(field, colon, value, lineEnd).map((parts) => parts.join(""));
const start = fc.constantFrom("", "", "\xef\xbb\xbf", "\xef\xbb", "\xef\xbb\xbf\xef\xbb\xbf", "\n");
const stream = fc.tuple(start, fc.array(fc.oneof({ weight: 8, arbitrary: line }, byte)))
  .map(([start, lines]) => start + lines.join(""));

fuzz(
  "SseParser follows the standard, however a stream is cut",
  fc.property(stream, fc.array(fc.nat(1000), { maxLength: 8 }), (stream, cuts) => {
    assertEquals(parsed(stream, cuts), plainly(stream));
  }),
  {
    runs: 2000,
    found: [
      // The counted length of a line once depended on where it was cut.
      { seed: -3112309, path: "0:0:1:2:1:7:5:3:1" },
      { seed: -1468617925, path: "0:0:1:0:2:4:1:1:3:5:5:5:6" },
    ],
  },
);
