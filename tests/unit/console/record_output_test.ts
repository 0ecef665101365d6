import { assertEquals, assertRejects } from "@std/assert";
import { RecordOutput } from "../../../lib/console/record_output.ts";
import type { ReadRecord } from "../../../lib/kafka/consume/read_options.ts";

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
  const taken = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const { output, written } = newOutput({
    write: () => {
      held.resolve();
      return taken.promise;
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

Deno.test("RecordOutput.print() buffers 256 KiB while a write is under way", async () => {
  const taken = Promise.withResolvers<void>();
  const { output, written } = newOutput({ write: () => taken.promise });
  const line = (letter: string) => letter.repeat(99_999);
  await output.print(batch("first", line("a")));
  await output.print(batch(line("b")));
  let isWaiting = true;
  const last = output.print(batch(line("c"))).then(() => isWaiting = false);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([written, isWaiting], [["first\n"], true]);
  taken.resolve();
  await last;
  await output.flush();
  assertEquals(written.join(""), ["first", line("a"), line("b"), line("c"), ""].join("\n"));
});

Deno.test("RecordOutput reports a failed write that print() did not wait for", async () => {
  const taken = Promise.withResolvers<void>();
  const { output } = newOutput({ write: () => taken.promise });
  await output.print(batch("a", "b"));
  const flushed = assertRejects(() => output.flush(), Error, "the reader is gone");
  taken.reject(new Error("the reader is gone"));
  await flushed;
  assertEquals(output.closed.aborted, true);
  await assertRejects(() => output.print(batch("c")), Error, "the reader is gone");
});

Deno.test("RecordOutput writes the held line after a moment", async () => {
  const done = Promise.withResolvers<void>();
  const { output, written } = newOutput({
    write: () => {
      done.resolve();
      return Promise.resolve();
    },
  });
  await output.print(batch("a"));
  await done.promise;
  assertEquals(written, ["a\n"]);
});

Deno.test("RecordOutput reports that the held line cannot be written", async () => {
  const gone = new Error("the reader is gone");
  const { output } = newOutput({ write: () => Promise.reject(gone) });
  await output.print(batch("a"));
  await new Promise((resolve) => output.closed.addEventListener("abort", resolve));
  assertEquals(output.closed.reason, gone);
  await assertRejects(() => output.print(batch("b")), Error, "the reader is gone");
  await assertRejects(() => output.flush(), Error, "the reader is gone");
});

/** @param write The result of each write, whose text is noted first. */
function newOutput(
  { isTerminal = false, write = () => Promise.resolve() }: {
    readonly isTerminal?: boolean;
    readonly write?: () => Promise<void>;
  } = {},
): { output: RecordOutput; written: string[] } {
  const written: string[] = [];
  const note = (bytes: Uint8Array) => {
    written.push(decoder.decode(bytes));
    return write();
  };
  return { output: new RecordOutput({ output: "value", isTerminal, stop, write: note }), written };
}
