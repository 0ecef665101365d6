import stringWidth from "string-width";
import { cutText } from "./cut.ts";

/** The status of a running program. */
export interface ProgramStatus {
  /** The current activity, in one or two words: `reading`. */
  readonly state: string;
  /** Whether the state is normal. */
  readonly isHealthy: boolean;
  /** The finished part of work with a known end, from 0 to 1; drawn as a bar. */
  readonly progress?: number | undefined;
  /** Further facts as text, the most important first: `12 edits/s`. */
  readonly parts: readonly string[];
  /** The same facts as numbers, for JSON logs. */
  readonly facts: Readonly<Record<string, number | undefined>>;
}

const SEPARATOR = " · ";
const GREEN = "\x1b[32m";
const YELLOW = "\x1b[33m";
const PLAIN = "\x1b[39m";

/**
 * Formats a status as one line of at most `width` columns: the state, then as many parts as fit.
 */
export function renderStatus(
  { state, isHealthy, progress, parts }: ProgramStatus,
  width: number,
  { isColored }: { readonly isColored: boolean },
): string {
  const beginning = cutText(state, width);
  let left = width - stringWidth(beginning);
  const bar = progress === undefined ? [] : [` ${barOf(progress)}`];
  const rest = [...bar, ...parts.map((part) => `${SEPARATOR}${part}`)];
  const end = rest.findIndex((part) => (left -= stringWidth(part)) < 0);
  const shown = rest.slice(0, end < 0 ? rest.length : end).join("");
  if (!isColored) return `${beginning}${shown}`;
  return `${isHealthy ? GREEN : YELLOW}${beginning}${PLAIN}${shown}`;
}

/** Formats a status as text for a log. */
export function statusText({ state, progress, parts }: ProgramStatus): string {
  const percent = progress === undefined ? [] : [`${Math.floor(progress * 100)} %`];
  return [state, ...percent, ...parts].join(", ");
}

const BAR_WIDTH = 20;

function barOf(progress: number): string {
  const full = Math.round(Math.min(Math.max(progress, 0), 1) * BAR_WIDTH);
  const percent = String(Math.floor(progress * 100)).padStart(3);
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)}${percent} %`;
}
