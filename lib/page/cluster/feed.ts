import { getLogger } from "@logtape/logtape";
import type { Cluster } from "../../kafka/client/cluster.ts";
import { Inspector } from "../../kafka/inspect/inspector.ts";
import { Pace } from "../../shared/pace.ts";
import { sleep, untilAborted } from "../../shared/sleep.ts";
import { Subscribers } from "../../http/subscriber.ts";
import { HappeningFinder } from "./happenings.ts";
import { LagHistory } from "./lag_history.ts";
import { ClusterLooker } from "./look.ts";
import type { ClusterMessage, Happening, State } from "./wire.ts";

/** The maximum requests to Kafka per second, for all views together. */
const MAX_REQUESTS = 10;

/** The intervals of updates, in ms. */
const TOPIC_INTERVAL = 1000;
const GROUPS_INTERVAL = 2000;

/** The number of past changes that a new view gets. */
const MAX_HAPPENINGS = 100;

const log = getLogger(["wikitap", "dashboard"]);

/**
 * Observes the cluster while at least one Kafka view is open, and sends its state to all views as
 * server-sent events. Kafka gets at most ten requests per second, for any number of views.
 */
export class ClusterFeed {
  readonly #cluster: Cluster;
  readonly #invented: boolean;
  readonly #looker: ClusterLooker;
  readonly #pace = new Pace(MAX_REQUESTS);
  readonly #finder = new HappeningFinder();
  readonly #lags = new LagHistory();
  readonly #subscribers = new Subscribers(() => this.#snapshot());
  #happenings: Happening[] = [];
  #inspector: Inspector | undefined;
  #state: State;
  /** Resolves when a view subscribes. */
  #subscribed = Promise.withResolvers<void>();
  /** Whether the last state is too old for its changes to be reported as having just happened. */
  #isStale = true;

  /** Creates it without a connection. `invented` says whether the topic's edits are synthetic. */
  constructor(cluster: Cluster, topic: string, invented: boolean) {
    this.#cluster = cluster;
    this.#invented = invented;
    this.#looker = new ClusterLooker(topic);
    this.#state = {
      now: Date.now(),
      awaySince: null,
      topic,
      topicId: null,
      brokers: [],
      partitions: [],
      groups: [],
      producers: [],
      hidden: { partitions: 0, groups: 0 },
      withheld: [],
    };
  }

  /** Returns the body of a response for one more view; `undefined` if there are too many. */
  subscribe(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    const body = this.#subscribers.subscribe();
    if (body !== undefined) this.#subscribed.resolve();
    return body;
  }

  /** Observes the cluster until `signal` is aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#subscribers.size === 0) {
        await this.#disconnect();
        this.#isStale = true;
        this.#subscribed = Promise.withResolvers();
        await Promise.race([this.#subscribed.promise, untilAborted(signal)]);
        continue;
      }
      const watched = new AbortController();
      const ended = AbortSignal.any([signal, watched.signal]);
      await Promise.all([
        this.#every(TOPIC_INTERVAL, ended, async () => {
          await this.#lookAtTopic();
          if (this.#subscribers.size === 0) watched.abort();
        }),
        this.#every(GROUPS_INTERVAL, ended, () => this.#lookAtGroups()),
      ]);
    }
    await this.#disconnect();
  }

  /** Ends all responses. */
  close(): void {
    this.#subscribers.close();
  }

  async #every(interval: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      await work();
      await sleep(began + interval - performance.now(), signal);
    }
  }

  async #lookAtTopic(): Promise<void> {
    // The requested broker may be the one that is gone: the second attempt uses another one.
    for (let attempt = 1; attempt <= 2; attempt++) {
      try {
        this.#inspector ??= await Inspector.open(this.#cluster, this.#pace);
        return this.#tell(await this.#looker.lookAtTopic(this.#inspector, Date.now()));
      } catch (error) {
        log.debug("Cannot inspect the cluster: {error}", { error });
        await this.#disconnect();
      }
    }
    const now = Date.now();
    this.#tell({ ...this.#state, now, awaySince: this.#state.awaySince ?? now });
  }

  async #lookAtGroups(): Promise<void> {
    const inspector = this.#inspector;
    if (inspector === undefined) return;
    await this.#looker.lookAtGroups(inspector, Date.now()).catch((error) => {
      log.debug("Cannot inspect the groups: {error}", { error });
    });
  }

  #tell(state: State): void {
    const happenings = this.#isStale ? [] : this.#finder.between(this.#state, state);
    this.#isStale = false;
    this.#state = state;
    this.#happenings = [...happenings, ...this.#happenings].slice(0, MAX_HAPPENINGS);
    if (state.awaySince === null) this.#lags.add(state);
    this.#subscribers.endStalled(state.now);
    const frame: ClusterMessage = { type: "frame", state, happenings };
    this.#subscribers.send(frame, state.now);
  }

  #snapshot(): ClusterMessage {
    const { series } = this.#lags;
    return {
      type: "snapshot",
      state: this.#state,
      happenings: this.#happenings,
      lags: series,
      invented: this.#invented,
    };
  }

  async #disconnect(): Promise<void> {
    const inspector = this.#inspector;
    this.#inspector = undefined;
    await inspector?.[Symbol.asyncDispose]();
  }
}
