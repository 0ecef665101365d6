const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Formats bytes with three digits, in steps of 1,000: `12.3 MB`; `-` if the number is unknown. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return "-";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
