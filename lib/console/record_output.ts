import type { ReadBatch } from "../kafka/consume/reader.ts";
import { writeOutputSlowly } from "../terminal/output.ts";
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
  /** Stops the program, whether or not the reader of stdout takes anything. */
  readonly stop: AbortSignal;
  /** Writes bytes; the next ones come when it has returned. Default: to stdout. */
  readonly write?: (bytes: Uint8Array) => Promise<void>;
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
  /** Resolved when everything that was begun is written, or has failed. */
  #last: Promise<unknown> = Promise.resolve();

  /** Creates an empty output. */
  constructor(options: RecordOutputOptions) {
    const { stop } = options;
    this.#options = { write: (bytes) => writeOutputSlowly(bytes, stop), ...options };
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
  print(batch: ReadBatch): Promise<void> {
    const { output, isTerminal } = this.#options;
    return this.#inTurn(async () => {
      for (const record of batch.records) {
        await this.#append(bytesOf(batch, record, output, isTerminal));
      }
      await this.#writeUpTo(isTerminal ? this.#used : this.#lastLine);
      if (!isTerminal) this.#timer = setTimeout(() => this.#writeHeld(), HELD_MS);
    });
  }

  /**
   * Writes what is held.
   *
   * @throws {ClosedOutput} if the reader has closed the output, also if that was noticed before.
   */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeUpTo(this.#used));
  }

  /** Runs writes one after the other: the held line is written at any time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(() => {
      clearTimeout(this.#timer);
      this.#closed.signal.throwIfAborted();
      return work();
    });
    this.#last = done.catch(() => {});
    return done;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#used + bytes.length + 1 > BUFFER_BYTES) await this.#writeUpTo(this.#used);
    if (bytes.length + 1 > BUFFER_BYTES) {
      await this.#options.write(bytes);
      await this.#options.write(NEW_LINE);
      return;
    }
    this.#lastLine = this.#used;
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#buffer[this.#used++] = LINE_FEED;
  }

  async #writeUpTo(end: number): Promise<void> {
    if (end > 0) await this.#options.write(this.#buffer.subarray(0, end));
    this.#buffer.copyWithin(0, end, this.#used);
    this.#used -= end;
    this.#lastLine = 0;
  }

  #writeHeld(): void {
    this.flush().catch((error) => this.#closed.abort(error));
  }
}
