/**
 * Frees the memory of bytes at once, unless they are part of a larger piece. Garbage collection
 * would do that much later, since V8 sees small objects, not the megabytes that they hold. The
 * bytes become empty.
 */
export function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer.byteLength === byteLength) (buffer as ArrayBuffer).transfer(0);
}
