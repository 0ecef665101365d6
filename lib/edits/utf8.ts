/** The size of a block: about 200 records. */
const BLOCK_BYTES = 64 * 1024;

/**
 * Returns an encoder of texts as UTF-8. Texts of up to a quarter of a block share blocks of
 * {@linkcode BLOCK_BYTES}, since an allocation per text costs more than its encoding. A block is
 * freed with its last text. A slice of the stream's text would keep its whole chunk in memory; the
 * encoded bytes do not.
 *
 * A lone surrogate, which UTF-8 cannot represent, becomes U+FFFD.
 */
export function utf8Encoder(): (text: string) => Uint8Array {
  const encoder = new TextEncoder();
  let block = new Uint8Array(BLOCK_BYTES);
  let used = 0;
  return (text) => {
    const most = MAX_BYTES_PER_UNIT * text.length;
    if (most > BLOCK_BYTES / 4) return encoder.encode(text);
    if (most > BLOCK_BYTES - used) {
      block = new Uint8Array(BLOCK_BYTES);
      used = 0;
    }
    const { written } = encoder.encodeInto(text, new Uint8Array(block.buffer, used, most));
    const bytes = new Uint8Array(block.buffer, used, written);
    used += written;
    return bytes;
  };
}

/** The maximum number of UTF-8 bytes per UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;
