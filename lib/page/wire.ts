/** What the server tells the page: types only, shared with the page's own JavaScript. */

/** An edit as the page shows it. */
export interface PageEdit {
  /** When it happened, ms since the epoch. */
  readonly time: number;
  /** Host name of the wiki. */
  readonly domain: string;
  readonly namespace: string;
  readonly title: string;
  /** `null` where upstream redacted it. */
  readonly user: string | null;
  readonly isBot: boolean;
  /** Bytes added, or taken where negative; `null` where the event has no lengths. */
  readonly delta: number | null;
  /** The page was made by it. */
  readonly isNew: boolean;
}

/**
 * How the stream is:
 *
 * - `connecting`: Kafka has not answered yet
 * - `loading`: the history is being read
 * - `waiting`: there was no edit at all yet
 * - `live`: edits come, shortly after they were made
 * - `behind`: edits come, long after they were made
 * - `silent`: Kafka answers, and no edit comes
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

/** Numbers of edits, or of edits a second, humans and bots apart. */
export interface Split {
  readonly humans: number;
  readonly bots: number;
}

/** How it stands at `now`; all times in ms since the epoch. */
export interface Status {
  readonly now: number;
  readonly health: StreamHealth;
  /** Edits a second over the last ten seconds that are complete. */
  readonly rate: Split;
  /** Edits in the window. */
  readonly total: Split;
  /** Until then the counts are complete: edits arrive some time after they were made. */
  readonly settled: number;
  /** The median of how long after they were made the last edits came, in ms. */
  readonly lag: number | null;
  /** When the last edit came. */
  readonly lastEdit: number | null;
  /** When Kafka last answered. */
  readonly lastAnswer: number | null;
  /** Records that were no edits. */
  readonly junk: number;
}

/** One row of a table of the most active. */
export interface Ranked {
  readonly name: string;
  readonly count: number;
}

/** The most active, and the biggest changes. */
export interface TopLists {
  /** Since when they are counted, ms since the epoch. */
  readonly since: number;
  /** By domain. */
  readonly wikis: readonly Ranked[];
  /** By `<domain>/<title>`. */
  readonly pages: readonly Ranked[];
  readonly users: readonly Ranked[];
  readonly biggest: readonly PageEdit[];
}

/** Counts of one step of the chart; it begins at `start`, ms since the epoch. */
export type Bin = readonly [start: number, humans: number, bots: number];

/** All that a page needs to begin; replaces whatever it has. */
export interface Snapshot {
  readonly type: "snapshot";
  readonly topic: string;
  /** How far back the page looks, in ms. */
  readonly window: number;
  /** The edits are invented: a stand-in for Wikimedia made them. */
  readonly invented: boolean;
  /** The width of a bin, in ms. */
  readonly step: number;
  readonly status: Status;
  readonly tops: TopLists;
  /** Bins that are not empty. */
  readonly bins: readonly Bin[];
  /** Newest first. */
  readonly edits: readonly PageEdit[];
}

/** What is new since the snapshot or frame before. */
export interface Frame {
  readonly type: "frame";
  readonly status?: Status;
  readonly tops?: TopLists;
  /** Bins that changed, with their counts now. */
  readonly bins?: readonly Bin[];
  /** Newest first; where more come than anybody can read, the newest of them. */
  readonly edits?: readonly PageEdit[];
}

export type Message = Snapshot | Frame;
