import type { ReadBatch } from "../kafka/consume/reader.ts";
import { writeOutputSlowly } from "../terminal/output.ts";
import { bytesOf, type Output } from "./output.ts";

/** Bytes of lines that are buffered before they are written. */
const BUFFER_BYTES = 256 * 1024;

/**
 * How long the last line is held, in ms: a reader that has enough lines closes the pipe by then.
 */
const HELD_MS = 50;

const LINE_FEED = 10;
const NEW_LINE = Uint8Array.of(LINE_FEED);

/** Options of {@linkcode RecordOutput}. */
export interface RecordOutputOptions {
  /** The format of records. */
  readonly output: Output;
  /** Whether stdout is a terminal, which needs safe text. */
  readonly isTerminal: boolean;
  /** Stops the program, even if the reader of stdout takes nothing. */
  readonly stop: AbortSignal;
  /** Writes bytes. It is called again only after it has returned. Default: writes to stdout. */
  readonly write?: (bytes: Uint8Array) => Promise<void>;
}

/**
 * Writes records to stdout, one per line, in large writes. It notices when the reader of a pipe
 * closes it.
 *
 * Only a write can notice that. After `… | head -1` took its line, a program that has written
 * everything would wait for the next record, maybe forever. So the last line is held for 50 ms, or
 * until the next one arrives.
 */
export class RecordOutput {
  readonly #options: Required<RecordOutputOptions>;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  /** Bytes of the buffer that are in use. */
  #used = 0;
  /** The index at which the last line begins. */
  #lastLine = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #closed = new AbortController();
  /** Resolves when all writes that were started are done or have failed. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RecordOutputOptions) {
    const { stop } = options;
    this.#options = { write: (bytes) => writeOutputSlowly(bytes, stop), ...options };
  }

  /** Aborted if a held line cannot be written. The reason is the error of the write. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Writes the records of a batch, except for the last line, which is held.
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
   * Writes the held line.
   *
   * @throws {ClosedOutput} if the reader has closed the output, even if that was noticed earlier.
   */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeUpTo(this.#used));
  }

  /** Runs writes one after the other, since the held line may be written at any time. */
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
