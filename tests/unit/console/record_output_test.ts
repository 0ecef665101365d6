import { assertEquals, assertRejects } from "@std/assert";
import { RecordOutput } from "../../../lib/console/record_output.ts";
import type { ReadRecord } from "../../../lib/kafka/consume/reader.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const stop = new AbortController().signal;

const batch = (...values: string[]) => ({
  topic: "t",
  partition: 0,
  records: values.map((value): ReadRecord => ({
    key: null,
    value: encoder.encode(value),
    timestamp: "0",
    offset: "0",
  })),
});

Deno.test("RecordOutput.print() holds the last line until the next one", async () => {
  const { output, written } = newOutput();
  await output.print(batch("a", "b"));
  assertEquals(written, ["a\n"]);
  await output.print(batch("c"));
  assertEquals(written, ["a\n", "b\n"]);
  await output.flush();
  assertEquals(written, ["a\n", "b\n", "c\n"]);
});

Deno.test("RecordOutput.print() holds nothing on a terminal", async () => {
  const { output, written } = newOutput({ isTerminal: true });
  await output.print(batch("a", "b"));
  assertEquals(written, ["a\nb\n"]);
});

Deno.test("RecordOutput.print() writes many lines at once, and lines of any size", async () => {
  const { output, written } = newOutput();
  const lines = Array.from({ length: 3000 }, (_, i) => `${i} `.repeat(30));
  const long = "x".repeat(1_000_000);
  await output.print(batch(...lines, long, "end"));
  await output.flush();
  assertEquals(written.join(""), [...lines, long, "end", ""].join("\n"));
  assertEquals(written.length < 10, true, `${written.length} writes`);
});

Deno.test("RecordOutput writes in sequence, even the held line", async () => {
  const written: string[] = [];
  const taken = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const output = new RecordOutput({
    output: "value",
    isTerminal: false,
    stop,
    write: async (bytes) => {
      written.push(decoder.decode(bytes));
      if (written.length === 1) held.resolve();
      await taken.promise;
    },
  });
  await output.print(batch("a"));
  await held.promise;
  const printed = output.print(batch("b", "c"));
  const flushed = output.flush();
  await Promise.resolve();
  assertEquals(written, ["a\n"]);
  taken.resolve();
  await Promise.all([printed, flushed]);
  assertEquals(written, ["a\n", "b\n", "c\n"]);
});

Deno.test("RecordOutput writes the held line after a moment", async () => {
  const done = Promise.withResolvers<string>();
  const output = new RecordOutput({
    output: "value",
    isTerminal: false,
    stop,
    write: (bytes) => {
      done.resolve(decoder.decode(bytes));
      return Promise.resolve();
    },
  });
  await output.print(batch("a"));
  assertEquals(await done.promise, "a\n");
});

Deno.test("RecordOutput reports that the held line cannot be written", async () => {
  const gone = new Error("the reader is gone");
  const output = new RecordOutput({
    output: "value",
    isTerminal: false,
    stop,
    write: () => Promise.reject(gone),
  });
  await output.print(batch("a"));
  await new Promise((resolve) => output.closed.addEventListener("abort", resolve));
  assertEquals(output.closed.reason, gone);
  await assertRejects(() => output.print(batch("b")), Error, "the reader is gone");
  await assertRejects(() => output.flush(), Error, "the reader is gone");
});

function newOutput({ isTerminal = false } = {}): { output: RecordOutput; written: string[] } {
  const written: string[] = [];
  const write = (bytes: Uint8Array) => {
    written.push(decoder.decode(bytes));
    return Promise.resolve();
  };
  return { output: new RecordOutput({ output: "value", isTerminal, stop, write }), written };
}
