import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { Random } from "../../lib/replay/random.ts";
import type { LocalKafka } from "../../lib/local/kafka/cluster.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";
import { Members } from "./store_members.ts";
import { type Place, PLACES } from "./store_places.ts";
import { type Published, publishEdits } from "./store_publisher.ts";

/** The number of records, and the faults, evenly distributed in random order. */
export interface StoreChaosOptions {
  /** The database. */
  readonly sink: keyof typeof PLACES;
  /** The approximate number of committed records. */
  readonly records: number;
  /** The minimum time over which they are published, in ms. */
  readonly duration: number;
  /** The number of SIGKILLs to a member, which is restarted within 2 s. */
  readonly storeKills: number;
  /** The number of SIGSTOPs to a member for longer than its session. */
  readonly storeStops: number;
  /**
   * The number of SIGQUITs and SIGKILLs to PostgreSQL in turn, or SIGKILLs to OpenSearch, which are
   * restarted within 5 s.
   */
  readonly databaseKills: number;
  /** The number of SIGKILLs to one of three brokers, which is restarted within 4 s. */
  readonly brokerKills: number;
  /** Determines all random choices, as far as the machine's timing allows. */
  readonly seed: number;
  /** Called with each action. */
  readonly log: (line: string) => void;
}

/** The contents of the database, compared with the topic. */
export interface StoreChaosReport {
  readonly seconds: number;
  /** Committed records in the topic. */
  readonly committed: number;
  /** Rows of edits and bad records. */
  readonly stored: number;
  /** Of these, bad records. */
  readonly putAside: number;
  /** Committed records without a row. */
  readonly lost: number;
  /** Rows without a committed record of the same partition, offset and edit. */
  readonly extra: number;
  /** Rows of an edit beyond its first. */
  readonly duplicated: number;
  /** Stored edits whose transaction was aborted, according to the publisher. */
  readonly aborted: number;
  /** Edits that were not stored although they were committed, according to the publisher. */
  readonly missing: number;
  /** Members that ended by themselves. */
  readonly gaveUp: number;
}

const PARTITIONS = 6;
/** How long the members may take to store the rest, once everything is published, in ms. */
const SETTLE_LIMIT = 120_000;
/** Longer than the session of a member, in ms. */
const STOPPED_FOR = 13_000;

/**
 * Three members of a group store a topic, while members, the database and brokers get
 * SIGKILL. At the end the rows are compared with the committed records of the topic.
 */
export async function runStoreChaos(options: StoreChaosOptions): Promise<StoreChaosReport> {
  const { log } = options;
  const began = Date.now();
  const directory = await Deno.makeTempDir({ prefix: "wikitap-store-chaos-" });
  try {
    await using place = await PLACES[options.sink]();
    await using kafka = await startKafka({ directory, nodes: 3, port: 0, heap: 256 });
    const brokers = kafka.bootstrapServers;
    const topic = await makeTopic(brokers, { partitions: PARTITIONS, replicationFactor: 3 });
    await using members = new Members({ brokers, topic, log, ...place });
    const random = new Random(options.seed);
    const [published] = await Promise.all([
      publishEdits({ ...options, brokers, topic, partitions: PARTITIONS, random }),
      harm(options, { kafka, place, members, random }),
    ]);
    // A commit is acknowledged before readers of all partitions see it.
    const records = await until(
      () => committedRecords(brokers, topic),
      ({ size }) => size >= published.committed.size,
    );
    log(`${records.size} records are committed`);
    await until(
      async () => (await place.rows()).length,
      (rows) => rows >= records.size,
      SETTLE_LIMIT,
    )
      .catch(() => log("the members do not come to the end"));
    await members.end();
    return {
      seconds: Math.round((Date.now() - began) / 1000),
      ...compare(records, published, await place.rows()),
      gaveUp: members.gaveUp,
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

interface Victims {
  readonly kafka: LocalKafka;
  readonly place: Place;
  readonly members: Members;
  readonly random: Random;
}

/** Injects the faults one after the other, over at least the duration. */
async function harm(options: StoreChaosOptions, victims: Victims): Promise<void> {
  const { members, place, kafka, random } = victims;
  const { log } = options;
  const times = (count: number, act: () => Promise<void>) => Array(count).fill(act);
  const acts: (() => Promise<void>)[] = [
    ...times(options.storeKills, () => members.kill(random.integer(0, 2000), random)),
    ...times(options.storeStops, () => members.stop(STOPPED_FOR, random)),
    ...times(options.databaseKills, () => place.hurt(random, log)),
    ...times(options.brokerKills, async () => {
      const id = random.pick([1, 2, 3]);
      log(`SIGKILL to broker ${id}`);
      await kafka.kill(id);
      await sleep(random.integer(500, 4000));
      await kafka.start(id);
    }),
  ];
  const pause = options.duration / (acts.length + 1);
  await sleep(pause);
  while (acts.length > 0) {
    const began = Date.now();
    const [act] = acts.splice(random.integer(0, acts.length - 1), 1);
    await act!();
    await sleep(pause - (Date.now() - began));
  }
}

/**
 * Returns the committed records of a topic: the edit by partition and offset, null if it is none.
 */
async function committedRecords(
  brokers: string,
  topic: string,
): Promise<Map<string, number | null>> {
  const records = new Map<string, number | null>();
  const decoder = new TextDecoder();
  await readTopic(openCluster({ brokers: brokers.split(",") }), {
    topic,
    from: "beginning",
    toEnd: true,
    handle: ({ partition, records: batch }) => {
      for (const { offset, value } of batch) {
        const edit = JSON.parse(decoder.decode(value!));
        records.set(`${partition}:${offset}`, "color" in edit ? null : edit.id);
      }
    },
  });
  return records;
}

function compare(
  records: ReadonlyMap<string, number | null>,
  { committed, aborted }: Published,
  rows: Awaited<ReturnType<Place["rows"]>>,
): Omit<StoreChaosReport, "seconds" | "gaveUp"> {
  const stored = new Map(rows.map(({ at, id }) => [at, id]));
  const edits = [...stored.values()].filter((id) => id !== null);
  const distinct = new Set(edits);
  const isEdit = new Set([...records.values()].filter((id) => id !== null));
  return {
    committed: records.size,
    stored: rows.length,
    putAside: rows.length - edits.length,
    lost: [...records.keys()].filter((at) => !stored.has(at)).length,
    extra: [...stored].filter(([at, id]) => records.get(at) !== id).length,
    duplicated: edits.length - distinct.size + rows.length - stored.size,
    aborted: edits.filter((id) => aborted.has(id)).length,
    missing: [...committed].filter((id) => isEdit.has(id) && !distinct.has(id)).length,
  };
}
