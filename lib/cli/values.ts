// Parsers of option values. Each throws an `Error` whose message describes the expected value.

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Parses a duration such as `500ms`, `2s`, `5m`, `1h` or `7d`, in ms. 0 needs no unit. */
export function duration(text: string): number {
  if (text === "0") return 0;
  const [, digits, unit] = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit ?? ""] ?? NaN);
  if (!Number.isSafeInteger(Math.round(ms))) {
    throw new Error("expected a duration such as 500ms, 2s, 5m, 1h or 7d");
  }
  return Math.round(ms);
}

/** Parses a duration of at least 1 ms. */
export function positiveDuration(text: string): number {
  const ms = duration(text);
  if (ms === 0) throw new Error("expected a duration longer than 0");
  return ms;
}

/** Longest time to wait, in ms. Timers beyond 24.8 days (2^31 ms) fire at once. */
const LONGEST_WAIT = 24 * 86_400_000;

/** Limits a parser of durations to 24 days, for times to wait. */
export function waitingTime(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    const ms = parse(text);
    if (ms > LONGEST_WAIT) throw new Error("expected a duration of at most 24d");
    return ms;
  };
}

/** Parses a whole number from `min` to `max`. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) {
      const most = max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`;
      throw new Error(`expected a whole number from ${min}${most}`);
    }
    return value;
  };
}

/** Returns a parser that accepts only the given words. */
export function oneOf<const W extends readonly string[]>(
  ...words: W
): (text: string) => W[number] {
  return (text) => {
    const word = words.find((word) => word === text);
    if (word === undefined) throw new Error(`expected one of ${words.join(", ")}`);
    return word;
  };
}

/** Parses a list of 1 to 1,000 values, separated by commas. Repeated values count once. */
export function listOf<T>(parse: (text: string) => T): (text: string) => readonly T[] {
  return (text) => {
    const words = text.split(/[,\n]/).map((word) => word.trim());
    if (words.includes("")) throw new Error("expected a list without empty entries");
    if (words.length > 1000) throw new Error("expected at most 1,000 entries");
    return [...new Set(words)].map(parse);
  };
}

/** Parses a TCP port to listen on. 0 lets the system choose. */
export const port: (text: string) => number = integer(0, 65_535);

/** Parses an address `host:port`. An IPv6 host is in brackets. */
export function address(text: string): string {
  const [, host, digits] = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/i.exec(text) ?? [];
  const number = Number(digits);
  if (host === undefined || !(number >= 1 && number <= 65_535)) {
    throw new Error("expected HOST:PORT");
  }
  return text;
}

/** Parses an `http:` or `https:` URL without user name and password. */
export function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Error("expected an http:// or https:// URL");
  }
  if (url.username !== "" || url.password !== "") {
    throw new Error("expected a URL without a user name or password");
  }
  return url;
}

/** Parses a topic name: 1 to 249 of letters, digits, `.`, `_`, `-`; not `.` or `..`. */
export function topicName(text: string): string {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(text) || text === "." || text === "..") {
    throw new Error("expected a Kafka topic: at most 249 letters, digits, '.', '_' and '-'");
  }
  return text;
}

/** Parses the name of a consumer group: 1 to 255 characters without control characters. */
export function groupName(text: string): string {
  // deno-lint-ignore no-control-regex -- other tools would print them to terminals
  if (!/^[^\u0000-\u001f\u007f-\u009f]{1,255}$/.test(text)) {
    throw new Error("expected 1 to 255 characters, without control characters");
  }
  return text;
}

/**
 * Parses a time, in ms since the epoch: an ISO date (UTC if it names no zone), epoch milliseconds,
 * or an age such as `2h`.
 */
export function time(text: string, now = Date.now()): number {
  const ms = /^\d{10,16}$/.test(text) ? Number(text) : ageOrDate(text, now);
  if (!Number.isSafeInteger(ms) || ms > LATEST) {
    throw new Error("expected an ISO date, epoch milliseconds, or an age such as 2h or 7d");
  }
  if (ms < 0) throw new Error("expected a time in 1970 or later");
  return ms;
}

/** The latest time of a `Date`, in ms (ECMAScript, "Time Values"). */
const LATEST = 8.64e15;

/** Parses a {@linkcode time} in the past. */
export function pastTime(text: string, now = Date.now()): number {
  const ms = time(text, now);
  if (ms > now) throw new Error("expected a time in the past");
  return ms;
}

function ageOrDate(text: string, now: number): number {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return now - duration(text);
  const isDate = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;
  if (!isDate.test(text)) return NaN;
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text.slice(10));
  const iso = text.replace(" ", "T");
  return Date.parse(hasZone || iso.length === 10 ? iso : `${iso}Z`);
}
