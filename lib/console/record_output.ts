import type { ReadBatch } from "../kafka/consume/reader.ts";
import { writeOutput } from "../terminal/output.ts";
import { bytesOf, type Output } from "./output.ts";

/** Bytes of lines that are gathered before they are written. */
const BUFFER_BYTES = 256 * 1024;

/** How long a reader that has the lines it wanted may take to be gone, in ms. */
const HELD_MS = 50;

const LINE_FEED = 10;
const NEW_LINE = Uint8Array.of(LINE_FEED);

/** Options of {@linkcode RecordOutput}. */
export interface RecordOutputOptions {
  /** The format of records. */
  readonly output: Output;
  /** Whether stdout is a terminal, which needs safe text. */
  readonly isTerminal: boolean;
  /** Writes bytes, all of them before it returns. Default: to stdout. */
  readonly write?: (bytes: Uint8Array) => void;
}

/**
 * Writes records to stdout, one per line, in large writes, and notices when the reader of a pipe is
 * gone.
 *
 * Only a write can notice that: after `… | head -1` took its line, a program that has written everything
 * would wait for the next record, maybe forever. So the last line is held for 50 ms, or until
 * the next one comes.
 */
export class RecordOutput {
  readonly #options: Required<RecordOutputOptions>;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  /** Bytes of the buffer that are in use. */
  #used = 0;
  /** Where the last line begins. */
  #lastLine = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #closed = new AbortController();

  /** Creates an empty output. */
  constructor({ write = writeOutput, ...options }: RecordOutputOptions) {
    this.#options = { ...options, write };
  }

  /** Aborted if a line that was held cannot be written; the reason is what the write threw. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Writes the records of a batch, but for the last line of all, which is held.
   *
   * @throws {ClosedOutput} if the reader has closed the output.
   */
  print({ partition, records }: ReadBatch): void {
    const { output, isTerminal } = this.#options;
    this.#closed.signal.throwIfAborted();
    for (const record of records) this.#append(bytesOf(partition, record, output, isTerminal));
    if (isTerminal) return this.flush();
    this.#writeUpTo(this.#lastLine);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#writeHeld(), HELD_MS);
  }

  /**
   * Writes what is held.
   *
   * @throws {ClosedOutput} if the reader has closed the output, also if that was noticed before.
   */
  flush(): void {
    clearTimeout(this.#timer);
    this.#closed.signal.throwIfAborted();
    this.#writeUpTo(this.#used);
  }

  #append(bytes: Uint8Array): void {
    if (this.#used + bytes.length + 1 > BUFFER_BYTES) this.#writeUpTo(this.#used);
    if (bytes.length + 1 > BUFFER_BYTES) {
      this.#options.write(bytes);
      this.#options.write(NEW_LINE);
      return;
    }
    this.#lastLine = this.#used;
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#buffer[this.#used++] = LINE_FEED;
  }

  #writeUpTo(end: number): void {
    if (end > 0) this.#options.write(this.#buffer.subarray(0, end));
    this.#buffer.copyWithin(0, end, this.#used);
    this.#used -= end;
    this.#lastLine = 0;
  }

  #writeHeld(): void {
    try {
      this.flush();
    } catch (error) {
      this.#closed.abort(error);
    }
  }
}
