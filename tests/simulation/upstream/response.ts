/** The reactions to the reader of a body. */
interface Source {
  /** The reader waits for bytes. */
  readonly onPull: () => void;
  /** The reader has canceled the body. */
  readonly onCancel: () => void;
}

type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;

interface Waiting extends PromiseWithResolvers<Read> {
  /** The memory that the reader has provided. */
  readonly memory: ArrayBuffer | undefined;
}

/**
 * The body of a response, with the parts that the program uses: one reader, one read at a time, into
 * memory that the reader provides or not. It ends, fails and is canceled as a stream of the platform,
 * which would take much of the time of a history.
 */
export class SimulatedBody {
  readonly #source: Source;
  #waiting: Waiting | undefined;
  /** The result of all later reads. */
  #ended: { readonly error?: unknown } | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Creates the body of a short answer. */
  static of(text: string): SimulatedBody {
    let bytes: Uint8Array | undefined = new TextEncoder().encode(text);
    const body = new SimulatedBody({
      onPull: () => {
        if (bytes === undefined) return body.close();
        body.enqueue(bytes);
        bytes = undefined;
      },
      onCancel: () => {},
    });
    return body;
  }

  /** The maximum number of bytes that the waiting read takes. */
  get room(): number {
    return this.#waiting?.memory?.byteLength ?? Infinity;
  }

  getReader(): this {
    return this;
  }

  /** @param view The memory for the bytes, which is detached, so that earlier views of it are empty. */
  read(view?: Uint8Array<ArrayBuffer>): Promise<Read> {
    const waiting = { ...Promise.withResolvers<Read>(), memory: view?.buffer.transfer() };
    if (this.#ended !== undefined) settle(waiting, this.#ended);
    else {
      this.#waiting = waiting;
      this.#source.onPull();
    }
    return waiting.promise;
  }

  cancel(): Promise<void> {
    if (this.#ended === undefined) {
      this.close();
      this.#source.onCancel();
    }
    return "error" in this.#ended! ? Promise.reject(this.#ended.error) : Promise.resolve();
  }

  /** Answers the read that waits. */
  enqueue(value: Uint8Array): void {
    const { memory, resolve } = this.#waiting!;
    this.#waiting = undefined;
    if (memory === undefined) return resolve({ value, done: false } as Read);
    const copy = new Uint8Array(memory, 0, value.length);
    copy.set(value);
    resolve({ value: copy, done: false } as Read);
  }

  /** Ends the body in order. */
  close(): void {
    this.#end({});
  }

  error(error: unknown): void {
    this.#end({ error });
  }

  #end(ended: { readonly error?: unknown }): void {
    this.#ended ??= ended;
    if (this.#waiting !== undefined) settle(this.#waiting, this.#ended);
    this.#waiting = undefined;
  }
}

function settle(waiting: PromiseWithResolvers<Read>, ended: { readonly error?: unknown }): void {
  if ("error" in ended) waiting.reject(ended.error);
  else waiting.resolve({ done: true } as Read);
}

/** Creates the parts of a response that the program reads. Names of headers are in lower case. */
export function responseOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: SimulatedBody,
): Response {
  const get = (name: string) => headers[name] ?? null;
  return { status, url: "", headers: { get }, body } as unknown as Response;
}
