import { assert, assertEquals } from "@std/assert";
import { type Frame, SseParser } from "../../../../lib/upstream/parse/sse.ts";

const encoder = new TextEncoder();
/** Keeps a byte order mark: inside data it is an ordinary character. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

interface Plain {
  event: string;
  id: string;
  data: string;
}

const plain = ({ event, id, data }: Frame): Plain => ({
  event,
  id,
  data: decoder.decode(data),
});

/** Returns the frames of a stream that arrives in pieces, cut at the given indexes. */
function parse(bytes: Uint8Array, cuts: readonly number[] = []): Plain[] {
  const parser = new SseParser();
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return edges.slice(1).flatMap((end, i) => parser.push(bytes.subarray(edges[i], end)).map(plain));
}

const message = (data: string, id = "", event = "message"): Plain => ({ event, id, data });

/** The cases of the web-platform-tests for EventSource, rewritten. */
const CASES: readonly (readonly [name: string, stream: string, frames: Plain[]])[] = [
  ["a data field", "data: a\n\n", [message("a")]],
  ["no space behind the colon", "data:a\n\n", [message("a")]],
  ["two spaces, of which one is taken", "data:  a\n\n", [message(" a")]],
  ["a tab, which is no space", "data:\ta\n\n", [message("\ta")]],
  ["several data lines", "data: a\ndata: b\n\n", [message("a\nb")]],
  ["empty data lines", "data\ndata:\n\n", [message("\n")]],
  ["one data field without a colon", "data\n\n", [message("")]],
  ["CR", "data: a\rdata: b\r\r", [message("a\nb")]],
  ["CR LF", "data: a\r\ndata: b\r\n\r\n", [message("a\nb")]],
  ["all line ends mixed", "data: a\rdata: b\r\ndata: c\n\rdata: d\n\n", [
    message("a\nb\nc"),
    message("d"),
  ]],
  ["comments", ":ok\n\n:\n: data: x\ndata: a\n:b\n\n", [message("a")]],
  ["a frame without data", "event: x\nid: 1\n\ndata: a\n\n", [message("a", "1")]],
  ["event types", "event: error\ndata: a\n\ndata: b\n\n", [
    message("a", "", "error"),
    message("b"),
  ]],
  ["a byte order mark in the event type", "event: \ufefferror\ndata: a\n\n", [
    message("a", "", "\ufefferror"),
  ]],
  ["an empty event type", "event: x\nevent:\ndata: a\n\n", [message("a")]],
  ["an id that stays until changed", "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", [
    message("a", "1"),
    message("b", "1"),
    message("c"),
  ]],
  ["an id with NUL", "id: 1\nid: 2\0\ndata: a\n\n", [message("a", "1")]],
  ["unknown fields", "foo: x\ndata x: y\nDATA: z\ndatas: z\ndata: a\n\n", [message("a")]],
  ["a space before the name", " data: x\ndata: a\n\n", [message("a")]],
  ["a half frame at the end", "data: a\n\ndata: b\n", [message("a")]],
  ["a byte order mark", "\ufeffdata: a\n\n", [message("a")]],
  ["a second byte order mark", "\ufeff\ufeffdata: x\n\ndata: a\n\n", [message("a")]],
  ["a byte order mark in the data", "data: \ufeffa\n\n", [message("\ufeffa")]],
  ["NUL in data", "data: a\0b\n\n", [message("a\0b")]],
  ["nothing but line ends", "\n\n\r\r\n\n", []],
  ["characters of two, three and four bytes", "data: é 東 🦊\n\n", [message("é 東 🦊")]],
];

for (const [name, stream, frames] of CASES) {
  Deno.test(`SseParser handles ${name}, cut at every position`, () => {
    const bytes = encoder.encode(stream);
    for (let cut = 0; cut <= bytes.length; cut++) {
      assertEquals(parse(bytes, [cut]), frames, `cut at ${cut}`);
    }
  });
}

Deno.test("SseParser passes on bytes that are not UTF-8 unchanged", () => {
  const [frame] = new SseParser().push(
    new Uint8Array([...encoder.encode("data: "), 0xff, 0xc3, 10, 10]),
  );
  assertEquals([...frame!.data], [0xff, 0xc3]);
});

Deno.test("SseParser reports an oversized frame and continues after it", () => {
  const long = `data: ${"x".repeat(30)}\ndata: y\n\n`;
  const longTogether = `data: ${"z".repeat(10)}\ndata: ${"z".repeat(11)}\n\n`;
  const stream = encoder.encode(`id: 1\n${long}data: small\n\n${longTogether}data: a\n\n`);
  for (let step = 1; step <= stream.length; step++) {
    const parser = new SseParser({ maxFrameBytes: 20 });
    const frames: Frame[] = [];
    for (let at = 0; at < stream.length; at += step) {
      frames.push(...parser.push(stream.subarray(at, at + step)));
    }
    const seen = frames.map((frame) => [plain(frame).data, frame.oversized]);
    assertEquals(seen, [["", true], ["small", false], ["", true], ["a", false]], `step ${step}`);
    assert(frames.every((frame) => plain(frame).id === "1"));
  }
});

Deno.test("SseParser does not count comments toward the bound", () => {
  const parser = new SseParser({ maxFrameBytes: 20 });
  assertEquals(parser.push(encoder.encode(": heartbeat\n".repeat(10))), []);
  assertEquals(parser.push(encoder.encode("data: a\n\n")).map(plain), [message("a")]);
});

Deno.test("SseParser joins chunks of single bytes", () => {
  const parser = new SseParser();
  const data = "0123456789".repeat(15_000);
  const bytes = encoder.encode(`data: ${data}\n\n`);
  const found = Array.from(bytes, (_, i) => parser.push(bytes.subarray(i, i + 1))).flat();
  assertEquals(found.map((one) => new TextDecoder().decode(one.data)), [data]);
});

Deno.test("SseParser bounds the data lines of a frame", () => {
  const parser = new SseParser();
  const [most, tooMany] = parser.push(
    encoder.encode(`${"data\n".repeat(10_000)}\n${"data\n".repeat(10_001)}\n`),
  );
  assertEquals([most!.data.length, most!.oversized], [9999, false]);
  assertEquals([tooMany!.data.length, tooMany!.oversized], [0, true]);
});

Deno.test("SseParser returns the reconnection time of the stream", () => {
  const parser = new SseParser();
  const asked = ["2500", "soon", "123456789012x", "\ufeff7", "+7", "7 "];
  parser.push(encoder.encode(asked.map((time) => `retry: ${time}\n`).join("")));
  assertEquals(parser.retry, 2500);
});

Deno.test("SseParser is in a frame until its end has arrived", () => {
  const parser = new SseParser();
  const isInFrame = (text: string) => {
    parser.push(encoder.encode(text));
    return parser.isInFrame;
  };
  assertEquals(["\n", ":ok\n", ": keep", "alive\n\n", "id: 1\n"].map(isInFrame), [
    ...[false, false, false, false, false],
  ]);
  assertEquals(["data: {", "}", "\n", "\n"].map(isInFrame), [true, true, true, false]);
});
