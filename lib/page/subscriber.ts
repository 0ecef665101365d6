/** How much is prepared for a reader that does not take it, in bytes, and one message more. */
const QUEUE_BYTES = 64 * 1024;

/** How long a reader may take nothing before it is given up, in ms. */
const STALL_LIMIT = 30_000;

/** What ends the response to a page that takes nothing; it is nobody's mistake. */
export class StalledPage extends Error {
  override readonly name = "StalledPage";
}

/**
 * One page that listens. A page that reads slowly misses frames, and gets a snapshot as soon as it
 * reads again; so at most 64 KiB and one message are held for it.
 */
export class Subscriber {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #snapshot: () => Uint8Array<ArrayBuffer>;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Since when it has missed frames, ms since the epoch. */
  #missingSince: number | undefined;

  /**
   * @param snapshot Makes the message that replaces all the page has.
   * @param onEnd Called when the page is gone.
   */
  constructor(snapshot: () => Uint8Array<ArrayBuffer>, onEnd: () => void) {
    this.#snapshot = snapshot;
    this.body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        this.#controller = controller;
        controller.enqueue(snapshot());
      },
      pull: () => this.#catchUp(),
      cancel: onEnd,
    }, new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }));
  }

  /** Hands on a frame, if there is room for it. */
  send(frame: Uint8Array<ArrayBuffer>, now: number): void {
    if (this.#missingSince === undefined && (this.#controller.desiredSize ?? 0) > 0) {
      this.#controller.enqueue(frame);
    } else this.#missingSince ??= now;
  }

  /** Whether the page has read nothing for so long that it is as good as gone. */
  isStalled(now: number): boolean {
    return this.#missingSince !== undefined && now - this.#missingSince > STALL_LIMIT;
  }

  /** Ends the response. */
  close(): void {
    this.#controller.close();
  }

  /** Ends the response without what is still queued. */
  abort(): void {
    this.#controller.error(new StalledPage("The page does not read"));
  }

  #catchUp(): void {
    if (this.#missingSince === undefined) return;
    this.#missingSince = undefined;
    this.#controller.enqueue(this.#snapshot());
  }
}
