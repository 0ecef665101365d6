// The messages of the server to the page: types only, shared with the page's JavaScript.

/** An edit as the page shows it. */
export interface PageEdit {
  /** When it happened, in ms since 1970. */
  readonly time: number;
  /** Host name of the wiki. */
  readonly domain: string;
  /** Name of the page's namespace. */
  readonly namespace: string;
  /** Full name of the page. */
  readonly title: string;
  /** Name of the user; `null` if upstream redacted it. */
  readonly user: string | null;
  /** Whether the account or the edit is flagged as a bot. */
  readonly isBot: boolean;
  /** Bytes added, or removed if negative; `null` if the event has no lengths. */
  readonly delta: number | null;
  /** Whether it created the page. */
  readonly isNew: boolean;
}

/**
 * The health of the stream:
 *
 * - `connecting`: Kafka has not answered yet
 * - `loading`: the history is being read
 * - `waiting`: there has been no edit yet
 * - `live`: edits arrive shortly after they were made
 * - `behind`: edits arrive long after they were made
 * - `silent`: Kafka answers, but no edit arrives
 * - `away`: Kafka does not answer
 */
export type StreamHealth =
  | "connecting"
  | "loading"
  | "waiting"
  | "live"
  | "behind"
  | "silent"
  | "away";

/** Numbers of edits, or of edits per second. */
export interface Split {
  /** By humans. */
  readonly humans: number;
  /** By bots. */
  readonly bots: number;
}

/** The state at `now`; all times in ms since 1970. */
export interface StreamStatus {
  /** The time of this status. */
  readonly now: number;
  /** The health of the stream. */
  readonly health: StreamHealth;
  /** Edits per second over the last ten complete seconds. */
  readonly rate: Split;
  /** Edits in the window. */
  readonly total: Split;
  /** The time up to which counts are complete: edits arrive some time after they were made. */
  readonly settled: number;
  /** The median delay of the last edits after they were made, in ms. */
  readonly lag: number | null;
  /** When the last edit was received. */
  readonly lastEdit: number | null;
  /** When Kafka last answered. */
  readonly lastAnswer: number | null;
  /** Records that are not edits. */
  readonly junk: number;
}

/** One row of a table of the most active. */
export interface Ranked {
  /** The name of the wiki, page or user. */
  readonly name: string;
  /** The number of edits. */
  readonly count: number;
}

/** The most active, and the biggest changes. */
export interface TopLists {
  /** The time from which edits are counted, in ms since 1970. */
  readonly since: number;
  /** The most active wikis, by domain. */
  readonly wikis: readonly Ranked[];
  /** The most edited pages, by `<domain>/<title>`. */
  readonly pages: readonly Ranked[];
  /** The most active users. */
  readonly users: readonly Ranked[];
  /** The biggest changes. */
  readonly biggest: readonly PageEdit[];
}

/** The counts of one step of the chart, which begins at `start`, in ms since 1970. */
export type Bin = readonly [start: number, humans: number, bots: number];

/** Everything that a page needs to begin; replaces its state. */
export interface PageSnapshot {
  /** The type of the message. */
  readonly type: "snapshot";
  /** The topic whose edits are shown. */
  readonly topic: string;
  /** How far back the page looks, in ms. */
  readonly window: number;
  /** Whether the edits are synthetic, from the local EventStreams server. */
  readonly invented: boolean;
  /** The width of a bin, in ms. */
  readonly step: number;
  /** The current status. */
  readonly status: StreamStatus;
  /** The current tables. */
  readonly tops: TopLists;
  /** Bins that are not empty. */
  readonly bins: readonly Bin[];
  /** The last edits, newest first. */
  readonly edits: readonly PageEdit[];
}

/** The news since the previous message. */
export interface PageFrame {
  /** The type of the message. */
  readonly type: "frame";
  /** The current status, from time to time. */
  readonly status?: StreamStatus;
  /** The current tables, from time to time. */
  readonly tops?: TopLists;
  /** Bins that changed, with their current counts. */
  readonly bins?: readonly Bin[];
  /** New edits, newest first; only the newest of more than a page can show. */
  readonly edits?: readonly PageEdit[];
}

/** A message of the server to the page. */
export type PageMessage = PageSnapshot | PageFrame;
