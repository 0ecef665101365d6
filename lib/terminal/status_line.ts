import stringWidth from "string-width";
import { cutText } from "./cut.ts";

/** What a program says of itself while it runs. */
export interface Status {
  /** What it is doing, in a word or two: `reading`. */
  readonly state: string;
  /** Whether that is as it should be. */
  readonly isWell: boolean;
  /** How much of a work with an end is done, from 0 to 1: drawn as a bar. */
  readonly progress?: number | undefined;
  /** What else there is to say, the most important first: `12 edits/s`. */
  readonly parts: readonly string[];
  /** The same in numbers, for logs that machines read. */
  readonly facts: Readonly<Record<string, number | undefined>>;
}

const SEPARATOR = " · ";
const GREEN = "\x1b[32m";
const YELLOW = "\x1b[33m";
const PLAIN = "\x1b[39m";

/**
 * One line of at most `width` columns: the state, and as many of the parts as there is room for,
 * from the first.
 */
export function renderStatus(
  { state, isWell, progress, parts }: Status,
  width: number,
  { isColoured }: { readonly isColoured: boolean },
): string {
  const beginning = cutText(state, width);
  let left = width - stringWidth(beginning);
  const bar = progress === undefined ? [] : [` ${barOf(progress)}`];
  const rest = [...bar, ...parts.map((part) => `${SEPARATOR}${part}`)];
  const end = rest.findIndex((part) => (left -= stringWidth(part)) < 0);
  const shown = rest.slice(0, end < 0 ? rest.length : end).join("");
  if (!isColoured) return `${beginning}${shown}`;
  return `${isWell ? GREEN : YELLOW}${beginning}${PLAIN}${shown}`;
}

/** All of it as words for a log. */
export function statusText({ state, progress, parts }: Status): string {
  const percent = progress === undefined ? [] : [`${Math.floor(progress * 100)} %`];
  return [state, ...percent, ...parts].join(", ");
}

const BAR_WIDTH = 20;

function barOf(progress: number): string {
  const full = Math.round(Math.min(Math.max(progress, 0), 1) * BAR_WIDTH);
  const percent = String(Math.floor(progress * 100)).padStart(3);
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)}${percent} %`;
}

/** `1 gap`, `2 gaps`, `1,234 gaps`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** `0.4`, `12`, `1,234`: a rate per second, to two digits at the least. */
export function rateText(rate: number): string {
  return rate.toLocaleString("en", { maximumFractionDigits: rate < 9.95 ? 1 : 0 });
}
