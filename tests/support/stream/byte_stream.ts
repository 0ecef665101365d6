/** Ends a stream of bytes, and a read that waits, as its standard demands. */
export function closeBytes(controller: ReadableByteStreamController): void {
  controller.close();
  controller.byobRequest?.respond(0);
}

/** The same chunks as a stream of bytes, as the platform's responses have. */
export function byteStream(chunks: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = chunks.getReader();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { value, done } = await reader.read();
      if (done) closeBytes(controller);
      else if (value.length > 0) controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
