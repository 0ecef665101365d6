/** The dialects differ in how they handle times, and in little else. */
interface Dialect {
  /** The expression of a time in the form that people read. */
  readonly time: string;
  /** The expression of a time's minute. */
  readonly minute: string;
  /** Returns a condition: within `ms` before the last stored time. */
  readonly before: (ms: number) => string;
  /**
   * Returns a condition: in the minute of the last stored time or in `before` minutes before it.
   */
  readonly lastMinutes: (before: number) => string;
  /** A condition: by a bot. */
  readonly isBot: string;
}

/** The dialects of SQL, by the kinds of databases. */
const DIALECTS = {
  sqlite: {
    time: "time",
    minute: "strftime('%Y-%m-%dT%H:%MZ', time_ms / 1000, 'unixepoch')",
    before: (ms) => `time_ms > (SELECT max(time_ms) FROM edits) - ${ms}`,
    lastMinutes: (before) =>
      `time_ms >= (SELECT max(time_ms) / 60000 - ${before} FROM edits) * 60000`,
    isBot: "is_bot = 1",
  },
  postgres: {
    time: `to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    minute: `to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')`,
    before: (ms) => `time > (SELECT max(time) FROM edits) - interval '${ms} ms'`,
    lastMinutes: (before) =>
      `time >= (SELECT date_trunc('minute', max(time)) FROM edits) - interval '${before} minutes'`,
    isBot: "is_bot",
  },
} satisfies Record<string, Dialect>;

/** The name of a dialect. */
export type DialectName = keyof typeof DIALECTS;

/** The edits that a question is about, and the size of its answer. */
export interface Scope {
  /** The maximum number of rows. */
  readonly limit: number;
  /** Only the last `last` ms up to the newest edit. Default: all. */
  readonly last?: number | undefined;
}

/** A question about the stored edits. */
export interface Question {
  /** The heading of the answer. */
  readonly title: string;
  /** Returns the SQL. `where` limits it to the scope and to a further condition. */
  readonly sql: (
    dialect: Dialect,
    scope: { readonly limit: number; readonly where: (condition?: string) => string },
  ) => string;
}

/** The predefined questions, by name. */
export const QUESTIONS = {
  "edits-per-minute": {
    title: "Edits per minute",
    sql: ({ minute, isBot, lastMinutes }, { limit, where }) => `
      SELECT ${minute} AS minute, ${count()} AS edits, ${count(isBot)} AS bots
      FROM edits ${where(lastMinutes(limit - 1))}
      GROUP BY 1 ORDER BY 1 DESC LIMIT ${limit}`,
  },
  "top-wikis": {
    title: "Top wikis",
    sql: ({ isBot }, { limit, where }) => `
      SELECT domain AS wiki, ${count()} AS edits, ${percent(count(isBot), count())} AS bots_percent
      FROM edits ${where()} GROUP BY domain ORDER BY 2 DESC, 1 LIMIT ${limit}`,
  },
  "top-pages": {
    title: "Top pages",
    sql: (_, { limit, where }) => `
      SELECT domain AS wiki, title, ${count()} AS edits
      FROM edits ${where()} GROUP BY domain, title ORDER BY 3 DESC, 1, 2 LIMIT ${limit}`,
  },
  "top-users": {
    title: "Top users",
    sql: ({ isBot }, { limit, where }) => `
      SELECT user_name, ${kind(isBot, "max")} AS kind, ${count()} AS edits
      FROM edits ${where("user_name IS NOT NULL")}
      GROUP BY user_name ORDER BY 3 DESC, 1 LIMIT ${limit}`,
  },
  bots: {
    title: "Humans and bots",
    sql: ({ isBot }, { where }) => `
      SELECT ${kind(isBot)} AS kind, ${count()} AS edits,
        ${percent(count(), `(SELECT count(*) FROM edits ${where()})`)} AS percent
      FROM edits ${where()} GROUP BY 1 ORDER BY 2 DESC`,
  },
  "biggest-changes": {
    title: "Biggest changes, in bytes",
    sql: ({ time }, { limit, where }) => `
      SELECT new_length - coalesce(old_length, 0) AS change, ${time} AS time, domain AS wiki, title,
        user_name
      FROM edits ${where("new_length IS NOT NULL")}
      ORDER BY abs(new_length - coalesce(old_length, 0)) DESC, record_offset LIMIT ${limit}`,
  },
  "bad-records": {
    title: "Bad records",
    sql: (_, { limit }) => `
      SELECT reason, ${count()} AS records
      FROM bad_records GROUP BY reason ORDER BY 2 DESC, 1 LIMIT ${limit}`,
  },
} satisfies Record<string, Question>;

/** The name of a predefined question; see {@linkcode QUESTIONS}. */
export type QuestionName = keyof typeof QUESTIONS;

/** Returns the SQL of a question in a dialect. */
export function sqlOf(question: Question, dialectName: DialectName, scope: Scope): string {
  const dialect: Dialect = DIALECTS[dialectName];
  const { limit, last } = scope;
  const where = (condition?: string) => {
    const all = [condition, last === undefined ? undefined : dialect.before(last)];
    const given = all.filter((one) => one !== undefined);
    return given.length === 0 ? "" : `WHERE ${given.join(" AND ")}`;
  };
  return question.sql(dialect, { limit, where });
}

function count(condition?: string): string {
  return condition === undefined
    ? "count(*)"
    : `coalesce(sum(CASE WHEN ${condition} THEN 1 ELSE 0 END), 0)`;
}

function percent(part: string, whole: string): string {
  return `round(100.0 * ${part} / ${whole}, 1)`;
}

function kind(isBot: string, aggregate = ""): string {
  const flag = `${aggregate}(CASE WHEN is_bot IS NULL THEN 0 WHEN ${isBot} THEN 2 ELSE 1 END)`;
  return `CASE ${flag} WHEN 2 THEN 'bot' WHEN 1 THEN 'human' ELSE 'unknown' END`;
}
