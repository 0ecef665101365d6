import { assertEquals, assertThrows } from "@std/assert";
import { RecordOutput } from "../../../lib/console/record_output.ts";
import type { ReadRecord } from "../../../lib/kafka/consume/reader.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const batch = (...values: string[]) => ({
  partition: 0,
  records: values.map((value): ReadRecord => ({
    key: null,
    value: encoder.encode(value),
    timestamp: "0",
    offset: "0",
  })),
});

Deno.test("RecordOutput.print() holds the last line until the next one", () => {
  const { output, written } = newOutput();
  output.print(batch("a", "b"));
  assertEquals(written, ["a\n"]);
  output.print(batch("c"));
  assertEquals(written, ["a\n", "b\n"]);
  output.flush();
  assertEquals(written, ["a\n", "b\n", "c\n"]);
});

Deno.test("RecordOutput.print() holds nothing on a terminal", () => {
  const { output, written } = newOutput({ isTerminal: true });
  output.print(batch("a", "b"));
  assertEquals(written, ["a\nb\n"]);
});

Deno.test("RecordOutput.print() writes many lines at once, and lines of any size", () => {
  const { output, written } = newOutput();
  const lines = Array.from({ length: 3000 }, (_, i) => `${i} `.repeat(30));
  const long = "x".repeat(1_000_000);
  output.print(batch(...lines, long, "end"));
  output.flush();
  assertEquals(written.join(""), [...lines, long, "end", ""].join("\n"));
  assertEquals(written.length < 10, true, `${written.length} writes`);
});

Deno.test("RecordOutput writes the line that it holds after a moment", async () => {
  const done = Promise.withResolvers<string>();
  const output = new RecordOutput({
    output: "value",
    isTerminal: false,
    write: (bytes) => done.resolve(decoder.decode(bytes)),
  });
  output.print(batch("a"));
  assertEquals(await done.promise, "a\n");
});

Deno.test("RecordOutput says when a line that it holds cannot be written", async () => {
  const gone = new Error("the reader is gone");
  const output = new RecordOutput({
    output: "value",
    isTerminal: false,
    write: () => {
      throw gone;
    },
  });
  output.print(batch("a"));
  await new Promise((resolve) => output.closed.addEventListener("abort", resolve));
  assertEquals(output.closed.reason, gone);
  assertThrows(() => output.print(batch("b")), Error, "the reader is gone");
  assertThrows(() => output.flush(), Error, "the reader is gone");
});

function newOutput({ isTerminal = false } = {}): { output: RecordOutput; written: string[] } {
  const written: string[] = [];
  const write = (bytes: Uint8Array) => void written.push(decoder.decode(bytes));
  return { output: new RecordOutput({ output: "value", isTerminal, write }), written };
}
