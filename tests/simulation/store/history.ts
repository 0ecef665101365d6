import { SinkUnavailable } from "../../../lib/store/sink.ts";
import type { Failure } from "../check/checker.ts";
import { listenToLogs } from "../check/logs.ts";
import errors from "kafkajs/src/errors.js";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { Database, type StoredRows } from "./database.ts";
import { Group } from "./group.ts";
import { Members } from "./members.ts";
import { ParquetDirectory } from "./parquet_directory.ts";
import { SearchCluster } from "./open_search.ts";
import { isEdit, Topic } from "./topic.ts";
import { Wire } from "./wire.ts";

/** The time in ms in which everything must be stored after the last fault. */
const LIVENESS = 200_000;
const STOP_LIMIT = 30_000;

/** Runs members of `store` on a growing topic, and checks each transaction of the database. */
export function storeAll(world: World): readonly Failure[] {
  const { plan, scheduler } = world;
  const random = (label: string) => Random.of(plan.seed, "store", label);
  const failures: Failure[] = [];
  const fail = (kind: Failure["kind"], detail: string) => {
    failures.push({ kind, detail });
    world.trace(() => `CHECK: ${kind}: ${detail}`);
  };
  const hasFailed = () => failures.length > 0;
  listenToLogs(world, { fail });
  const topic = new Topic(world, random("topic"));
  const kind = random("sink").pick(["sql", "sql", "opensearch", "opensearch", "parquet"]);
  const databaseWire = new Wire(
    world,
    random("database"),
    (text) => kind === "opensearch" ? new TypeError(text) : new SinkUnavailable(text),
  );
  const database = kind === "opensearch"
    ? new SearchCluster(world, random("search"), databaseWire)
    : kind === "parquet"
    ? new ParquetDirectory(world, random("disk"), topic)
    : new Database(databaseWire);
  /** By partition, the offset up to which all is stored. */
  const reached = new Map<number, bigint>();
  database.onWrite = (rows) => {
    const { partition, from, to } = rows;
    world.trace(() => `database: ${partition}: ${from} to ${to}`);
    if (to < from) fail("out of order", `partition ${partition} goes back from ${from} to ${to}`);
    checkRows(topic, { ...rows, from: minOf(from, reached.get(partition) ?? 0n) }, fail);
    reached.set(partition, to);
  };
  const kafkaWire = new Wire(
    world,
    random("kafka"),
    (message) => new errors.KafkaJSConnectionError(message, { broker: "kafka-1:9092" }),
  );
  const group = new Group(world, random("group"), () => topic.partitions.length);
  const members = new Members(world, {
    kafka: { world, topic, name: "edits", group, wire: kafkaWire },
    database,
    fail,
  });
  const draw = random("faults");
  const at = (fault: "broker down" | "coordinator moves" | "retention", act: () => void) => {
    for (const time of plan.times(fault)) {
      scheduler.outside(time, () => {
        world.count(fault);
        world.trace(() => fault);
        act();
      });
    }
  };
  at("broker down", () => {
    const wire = draw.pick([kafkaWire, databaseWire]);
    wire.downUntil = scheduler.now + draw.magnitude(100, 60_000);
  });
  at("coordinator moves", () => group.rebalance());
  at("retention", () => {
    const partition = draw.int(0, topic.partitions.length - 1);
    // Deletes only stored records. If more were deleted, members would report an error.
    topic.partitions[partition]!.low = Number(database.positions.get(partition)?.next ?? 0n);
  });
  scheduler.run(scheduler.now + plan.duration, hasFailed);
  world.isCalm = true;
  world.trace(() => "from now on all works");
  kafkaWire.downUntil = databaseWire.downUntil = 0;
  members.calm();
  // A member that died after a commit leaves it to the next one to name the files.
  const isComplete = () =>
    topic.partitions.every((log, i) =>
      Number(database.positions.get(i)?.next ?? 0n) >= log.end(scheduler.now) &&
      (!(database instanceof ParquetDirectory) || database.stored(i).length >= log.records.length)
    );
  const limit = scheduler.now + LIVENESS;
  while (!isComplete() && !hasFailed() && scheduler.now < limit) {
    scheduler.run(scheduler.now + 1000, hasFailed);
  }
  if (!isComplete() && !hasFailed()) fail("stuck", "not all is stored");
  members.stopAll();
  const stopsBy = Math.max(scheduler.now, members.thawsAt) + STOP_LIMIT;
  scheduler.run(stopsBy, () => hasFailed() || members.alive === 0);
  if (!hasFailed() && members.alive > 0) fail("stuck", "did not stop in time");
  for (const [i, log] of hasFailed() ? [] : topic.partitions.entries()) {
    const [lost] = log.between(Number(reached.get(i) ?? 0n), Infinity);
    if (lost !== undefined) fail("lost", `partition ${i} from ${lost.offset} on`);
  }
  if (database instanceof SearchCluster) checkDocuments(topic, database, fail);
  if (database instanceof ParquetDirectory) checkFiles(topic, database, fail);
  return failures;
}

/** Checks that each record has one row in the files that readers see. */
function checkFiles(
  topic: Topic,
  directory: ParquetDirectory,
  fail: (kind: Failure["kind"], detail: string) => void,
): void {
  for (const [partition, { records }] of topic.partitions.entries()) {
    const offsets = directory.stored(partition);
    if (offsets.length < records.length) fail("lost", `files of partition ${partition}`);
    if (offsets.length > records.length) fail("duplicated", `files of partition ${partition}`);
  }
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Checks that each record has one document, in the right index, and that no other exists. */
function checkDocuments(
  topic: Topic,
  cluster: SearchCluster,
  fail: (kind: Failure["kind"], detail: string) => void,
): void {
  const edits = cluster.documents("edits");
  const all = [...edits, ...cluster.documents("edits-bad-records")];
  const keys = new Set(all.map(({ partition, record_offset: at }) => `${partition}/${at}`));
  const due = topic.partitions.flatMap(({ records }, i) => records.map((r) => `${i}/${r.offset}`));
  if (keys.size < all.length) fail("duplicated", `${all.length - keys.size} documents`);
  const isDue = new Set(due);
  if (![...keys].every((key) => isDue.has(key))) fail("not served", "documents without a record");
  if (!edits.every(({ record_offset: at }) => isEdit(Number(at)))) {
    fail("not served", "a document of a record that is not an edit");
  }
}

/**
 * A transaction has the rows of all records between its offsets. Each is stored once, since the
 * offsets are consecutive.
 */
function checkRows(
  topic: Topic,
  { partition, from, to, offsets }: StoredRows,
  fail: (kind: Failure["kind"], detail: string) => void,
): void {
  const due = topic.partitions[partition]!.between(Number(from), Number(to));
  const stored = offsets.map(Number).sort((a, b) => a - b).join();
  const expected = due.map(({ offset }) => offset).join();
  if (stored === expected) return;
  const where = `partition ${partition}, ${from} to ${to}`;
  fail(
    offsets.length < due.length ? "lost" : "duplicated",
    `${where}: ${stored}, not ${expected}`,
  );
}
