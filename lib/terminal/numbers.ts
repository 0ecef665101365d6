/** Formats a count: `1 gap`, `2 gaps`, `1,234 gaps`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** Formats a rate per second with at least two digits: `0.4`, `12`, `1,234`. */
export function rateText(rate: number): string {
  return rate.toLocaleString("en", { maximumFractionDigits: rate < 9.95 ? 1 : 0 });
}
