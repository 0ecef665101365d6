import type { ReadBatch } from "../kafka/consume/read_options.ts";
import { TaskQueue } from "../shared/task_queue.ts";
import { writeOutputSlowly } from "../terminal/output.ts";
import { bytesOf, type Output } from "./output.ts";

/** Bytes of lines that are buffered before they are written. There are two such buffers. */
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
 * Writes records to stdout, one per line, in large writes. While one is under way, the next lines
 * are buffered. It notices when the reader of a pipe closes it.
 *
 * Only a write can notice that. After `… | head -1` took its line, a program that has written
 * everything would wait for the next record, maybe forever. So the last line is held for 50 ms, or
 * until the next one arrives.
 */
export class RecordOutput {
  readonly #options: Required<RecordOutputOptions>;
  #buffer = new Uint8Array(BUFFER_BYTES);
  /** The buffer that is being written, or free. */
  #other = new Uint8Array(BUFFER_BYTES);
  /** Bytes of the buffer that are in use. */
  #used = 0;
  /** The index at which the last line begins. */
  #lastLine = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #closed = new AbortController();
  /** The write that is under way. Never rejects. */
  #writing: Promise<void> | undefined;
  readonly #calls = new TaskQueue();

  constructor(options: RecordOutputOptions) {
    const { stop } = options;
    this.#options = { write: (bytes) => writeOutputSlowly(bytes, stop), ...options };
  }

  /** Aborted if lines cannot be written. The reason is the error of the write. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Buffers the records of a batch. Begins to write them, except for the last line, which is held,
   * unless a write is under way.
   *
   * @throws {ClosedOutput} if the reader has closed the output, as far as that is known.
   */
  print(batch: ReadBatch): Promise<void> {
    const { output, isTerminal } = this.#options;
    return this.#inTurn(async () => {
      for (const record of batch.records) {
        const line = bytesOf(batch, record, output, isTerminal);
        // An await for every record would be a tenth of the program's CPU time.
        if (this.#used + line.length + 1 > BUFFER_BYTES) await this.#makeRoom(line);
        else this.#append(line);
      }
      if (this.#writing === undefined) this.#beginWrite(isTerminal ? this.#used : this.#lastLine);
      if (this.#used > 0) this.#timer = setTimeout(() => this.#writeHeld(), HELD_MS);
    });
  }

  /**
   * Writes all lines, also the held one.
   *
   * @throws {ClosedOutput} if the reader has closed the output, even if that was noticed earlier.
   */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeAll());
  }

  /** Runs calls one after the other, since the held line may be written at any time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#calls.run(() => {
      clearTimeout(this.#timer);
      this.#closed.signal.throwIfAborted();
      return work();
    });
  }

  #append(line: Uint8Array): void {
    this.#lastLine = this.#used;
    this.#buffer.set(line, this.#used);
    this.#used += line.length;
    this.#buffer[this.#used++] = LINE_FEED;
  }

  /** Makes the buffer free for a line and appends it or, if it is larger than that, writes it. */
  async #makeRoom(line: Uint8Array): Promise<void> {
    await this.#written();
    this.#beginWrite(this.#used);
    if (line.length + 1 <= BUFFER_BYTES) return this.#append(line);
    await this.#written();
    await this.#options.write(line);
    await this.#options.write(NEW_LINE);
  }

  async #writeAll(): Promise<void> {
    await this.#written();
    this.#beginWrite(this.#used);
    await this.#written();
  }

  /** Waits for the write that is under way, and throws its error. */
  async #written(): Promise<void> {
    await this.#writing;
    this.#closed.signal.throwIfAborted();
  }

  /** Begins to write the buffer up to `end`. What follows is moved to the other one. */
  #beginWrite(end: number): void {
    if (end === 0) return;
    const full = this.#buffer;
    this.#other.set(full.subarray(end, this.#used));
    [this.#buffer, this.#other] = [this.#other, full];
    this.#used -= end;
    this.#lastLine = 0;
    this.#writing = this.#options.write(full.subarray(0, end))
      .catch((error) => this.#closed.abort(error))
      .finally(() => this.#writing = undefined);
  }

  #writeHeld(): void {
    this.flush().catch((error) => this.#closed.abort(error));
  }
}
