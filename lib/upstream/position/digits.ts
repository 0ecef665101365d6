/** The digits of base64url (RFC 4648, section 5), in its order. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Writes a whole number in exactly `width` base-64 digits. A number that is too large becomes the
 * largest.
 */
export function digits(value: number, width: number): string {
  let rest = Math.min(value, 64 ** width - 1);
  let text = "";
  for (let i = 0; i < width; i++) {
    text = DIGITS[rest % 64] + text;
    rest = Math.floor(rest / 64);
  }
  return text;
}

/** Parses the result of {@linkcode digits}; `NaN` for anything else. */
export function numberOf(text: string): number {
  let value = 0;
  for (const digit of text) {
    const at = DIGITS.indexOf(digit);
    value = at < 0 ? NaN : value * 64 + at;
  }
  return value;
}
