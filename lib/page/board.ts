import { Biggest } from "./biggest.ts";
import { Recent } from "./recent.ts";
import { SlidingCounts } from "./sliding_counts.ts";
import { streamHealth } from "./stream_health.ts";
import { TimeBins } from "./time_bins.ts";
import type { Bin, PageEdit, PageSnapshot, StreamStatus, TopLists } from "./wire.ts";

/** The topic and the window of a board. */
export interface BoardOptions {
  /** The topic whose edits are shown. */
  readonly topic: string;
  /** How far back the page looks, in ms (default 1 h). */
  readonly window?: number;
  /** Whether the edits are synthetic, which the page then shows. Default: false. */
  readonly invented?: boolean;
}

const MINUTE = 60_000;

/** Bins of the chart. More could not be distinguished on a screen. */
const BINS = 360;
/** Slots of the counts: the window slides by a sixtieth of its length. */
const SLOTS = 60;
/** The maximum pairs of name and slot, for wikis, pages and users each; see `SlidingCounts`. */
const NAMES = 100_000;
/** Rows of the tables. */
const ROWS = 8;
/** The number of edits in a snapshot, and the maximum in one frame. */
const RECENT = 300;
const FRAME = 250;
/** The number of edits of which the lag is the median. */
const LAGS = 128;
/** The number of seconds of which the rate is the mean. */
const RATE_SECONDS = 10;
/** The number of seconds before the last edit from which the usual gap is calculated. */
const GAP_SECONDS = 300;
/** The maximum delay of counts because edits are late, in s. */
const SETTLE_LIMIT = 30;

/**
 * Counts what the page shows. It is pure, and bounded for any input. At its bounds it takes about
 * 35 MB, most of it names of pages and users; 200 MB if all names have the maximum length. An hour
 * of 28 edits per second is within the bounds.
 *
 * Edits are counted at the time they were made, in any order. `now` is ms since 1970 in all calls.
 */
export class Board {
  readonly #topic: string;
  readonly #window: number;
  readonly #invented: boolean;
  /** Width of a bin, in s. */
  readonly #step: number;
  /** Width of a slot, in ms. */
  readonly #slot: number;
  readonly #bins: TimeBins;
  readonly #wikis = new SlidingCounts(NAMES);
  readonly #pages = new SlidingCounts(NAMES);
  readonly #users = new SlidingCounts(NAMES);
  readonly #biggest = new Biggest(ROWS);
  readonly #recent = new Recent(RECENT, FRAME);
  /** Lags of the last edits, in ms, as a ring. */
  readonly #lags: number[] = [];
  #live = 0;
  #junk = 0;
  #hasCaughtUp = false;
  #lastAnswer: number | null = null;
  #lastEdit: number | null = null;
  /** The latest time of an edit, in ms since 1970. */
  #newest = 0;

  /** @throws {RangeError} for a window of less than 1 minute or more than 24 hours. */
  constructor({ topic, window = 60 * MINUTE, invented = false }: BoardOptions) {
    if (!(window >= MINUTE && window <= 24 * 60 * MINUTE)) {
      throw new RangeError(
        `Cannot create a board: 'window' is ${window} ms, expected 1 minute to 24 hours`,
      );
    }
    this.#topic = topic;
    this.#window = window;
    this.#invented = invented;
    this.#step = Math.ceil(window / 1000 / BINS);
    this.#slot = window / SLOTS;
    this.#bins = new TimeBins(Math.ceil(window / 1000), this.#step);
  }

  /** Notes an answer of Kafka, with or without records. */
  answered(now: number): void {
    this.#lastAnswer = now;
  }

  /** Notes that everything in the topic at the start is counted: what comes now is new. */
  caughtUp(): void {
    this.#hasCaughtUp = true;
  }

  /** Counts a record that is not an edit. */
  addJunk(): void {
    this.#junk++;
  }

  /** Counts an edit. */
  add(edit: PageEdit, now: number): void {
    // A clock that is ahead must not put edits outside of the window.
    const time = Math.min(edit.time, now);
    if (this.#hasCaughtUp) {
      this.#recent.push(edit);
      this.#lags[this.#live++ % LAGS] = now - time;
    } else {
      this.#recent.insert(edit);
    }
    this.#lastEdit = Math.max(this.#lastEdit ?? 0, this.#hasCaughtUp ? now : time);
    this.#newest = Math.max(this.#newest, time);
    if (time <= now - this.#window) return;
    this.#bins.add(toSecond(time), edit.isBot, toSecond(now));
    const slot = Math.floor(time / this.#slot);
    this.#wikis.add(edit.domain, slot);
    this.#pages.add(`${edit.domain}/${edit.title}`, slot);
    if (edit.user !== null) this.#users.add(edit.user, slot);
    this.#biggest.add(edit, slot);
  }

  /** Returns the health and the rates. */
  status(now: number): StreamStatus {
    const lag = this.#lag();
    const settled = toSecond(now) - Math.min(Math.ceil((lag ?? 0) / 1000) + 1, SETTLE_LIMIT);
    const lately = this.#bins.sum(settled - RATE_SECONDS, settled);
    return {
      now,
      health: streamHealth({
        now,
        lastAnswer: this.#lastAnswer,
        hasCaughtUp: this.#hasCaughtUp,
        lastEdit: this.#lastEdit,
        lag,
        gap: this.#gap(),
      }),
      rate: { humans: lately.humans / RATE_SECONDS, bots: lately.bots / RATE_SECONDS },
      total: this.#bins.total(toSecond(now)),
      settled: settled * 1000,
      lag,
      lastEdit: this.#lastEdit,
      lastAnswer: this.#lastAnswer,
      junk: this.#junk,
    };
  }

  /** Returns the most active and the biggest changes. */
  tops(now: number): TopLists {
    const first = Math.floor((now - this.#window) / this.#slot) + 1;
    const counts = [this.#wikis, this.#pages, this.#users];
    for (const table of [...counts, this.#biggest]) table.dropBefore(first);
    return {
      since: Math.max(...counts.map((table) => table.first)) * this.#slot,
      wikis: this.#wikis.top(ROWS),
      pages: this.#pages.top(ROWS),
      users: this.#users.top(ROWS),
      biggest: this.#biggest.top(),
    };
  }

  /** Returns the whole state of the board. */
  snapshot(now: number): PageSnapshot {
    return {
      type: "snapshot",
      topic: this.#topic,
      window: this.#window,
      invented: this.#invented,
      step: this.#step * 1000,
      status: this.status(now),
      tops: this.tops(now),
      bins: this.#bins.bins(toSecond(now)),
      edits: this.#recent.list(),
    };
  }

  /** Returns the edits since the last call, newest first; only the newest 250 of more. */
  takeEdits(): readonly PageEdit[] {
    return this.#recent.take();
  }

  /** Returns the bins that changed since the last call. */
  takeBins(): Bin[] {
    return this.#bins.takeChanged();
  }

  #lag(): number | null {
    if (this.#lags.length === 0) return null;
    const sorted = this.#lags.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  }

  #gap(): number {
    const last = toSecond(this.#newest);
    const { humans, bots } = this.#bins.sum(last - GAP_SECONDS, last + 1);
    return GAP_SECONDS * 1000 / Math.max(humans + bots, 1);
  }
}

function toSecond(ms: number): number {
  return Math.floor(ms / 1000);
}
