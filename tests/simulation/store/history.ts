import { SinkUnavailable } from "../../../lib/store/sink.ts";
import type { Failure } from "../check/checker.ts";
import { listenToLogs } from "../check/logs.ts";
import errors from "kafkajs/src/errors.js";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { Database, type StoredRows } from "./database.ts";
import { Group } from "./group.ts";
import { Members } from "./members.ts";
import { Topic } from "./topic.ts";
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
  const database = new Database();
  database.onWrite = (rows) => {
    world.trace(() => `database: ${rows.partition}: ${rows.from} to ${rows.to}`);
    checkRows(topic, rows, fail);
  };
  const kafkaWire = new Wire(
    world,
    random("kafka"),
    (message) => new errors.KafkaJSConnectionError(message, { broker: "kafka-1:9092" }),
  );
  const databaseWire = new Wire(world, random("database"), (text) => new SinkUnavailable(text));
  const group = new Group(world, random("group"), () => topic.partitions.length);
  const members = new Members(world, {
    kafka: { world, topic, name: "edits", group, wire: kafkaWire },
    database,
    databaseWire,
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
  const isComplete = () =>
    topic.partitions.every((log, i) =>
      Number(database.positions.get(i)?.next ?? 0n) >= log.end(scheduler.now)
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
  return failures;
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
  const stored = offsets.map(Number).join();
  const expected = due.map(({ offset }) => offset).join();
  if (stored === expected) return;
  const where = `partition ${partition}, ${from} to ${to}`;
  fail(
    offsets.length < due.length ? "lost" : "duplicated",
    `${where}: ${stored}, not ${expected}`,
  );
}
