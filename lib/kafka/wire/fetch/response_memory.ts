/** By the memory of a response, the number of its partitions that are not handled. */
const unhandled = new WeakMap<ArrayBufferLike, number>();

/** Notes that the bytes are records of a partition that will be handled. */
export function retain({ buffer }: Uint8Array): void {
  unhandled.set(buffer, (unhandled.get(buffer) ?? 0) + 1);
}

/**
 * Notes that the records of a partition are handled. After the last partition, the memory of the
 * response is freed: the records become empty. Garbage collection would do that much later, since V8
 * sees small objects, not the megabytes that they hold.
 */
export function release({ buffer }: Uint8Array): void {
  const left = (unhandled.get(buffer) ?? Infinity) - 1;
  unhandled.set(buffer, left);
  if (left === 0) (buffer as ArrayBuffer).transfer(0);
}
