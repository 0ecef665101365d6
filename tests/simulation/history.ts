import "./kafka/client.ts";
import { listenToLogs, listenToNothing } from "./check/logs.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { Checker, type Failure, GROUP, TOPIC } from "./check/checker.ts";
import { placesOf, type SavedPlace } from "./check/saved_places.ts";
import { SimulatedKafka } from "./kafka/cluster.ts";
import { useNetwork } from "./kafka/client.ts";
import { directCluster } from "./kafka/direct_client.ts";
import { Network } from "./kafka/network.ts";
import { Supervisor } from "./processes/supervisor.ts";
import type { Fault, Plan } from "./plan.ts";
import { type Entry, FAR_AHEAD } from "./upstream/log.ts";
import { storeAll } from "./store/history.ts";
import { Service } from "./upstream/service.ts";
import { Random } from "./world/random.ts";
import { withVirtualGlobals } from "./world/virtual_globals.ts";
import { World } from "./world/world.ts";

/** The results of a history. */
export interface Outcome {
  readonly failures: readonly Failure[];
  readonly coverage: ReadonlyMap<Fault, number>;
  readonly timeline: readonly string[];
  /** The number of upstream events. */
  readonly events: number;
  /** The number of simulated events. */
  readonly steps: number;
  /** Virtual time that passed, in ms. */
  readonly duration: number;
}

/**
 * The time in ms, besides the idle timeout, in which everything must arrive after the last fault.
 */
const LIVENESS = 200_000;
/**
 * The number of silent connections, if the log is over, after which a missing anchor is given up: one
 * more than the three of the proof, or than the six if the anchor's id arrives at a lower offset.
 */
const SILENCES = 4;
const SILENCES_RENUMBERED = 7;
/** The time after everything has arrived in which nothing new may arrive, in ms. */
const AFTERWARDS = 15_000;
const STOP_LIMIT = 25_000;
/** The time before a position from which a restarted producer knows events, in ms. */
const MARGIN = 5000;
/** The longest time until a deleted topic of Kafka exists again, in ms: shorter than `AFTERWARDS`. */
const LONGEST_ABSENCE = 10_000;

/**
 * Runs one history in virtual time, from its plan alone.
 *
 * To be called from a task of the event loop, not from a microtask: see `Scheduler`.
 */
export function runHistory(plan: Plan, options: { readonly traces?: boolean } = {}): Outcome {
  const world = new World(plan, options);
  let failures: readonly Failure[] = [];
  const { stackTraceLimit, captureStackTrace } = Error;
  // A stack costs more than the failed request, so only a single traced history has it.
  if (!options.traces) Object.assign(Error, { stackTraceLimit: 0, captureStackTrace() {} });
  withVirtualGlobals(world.scheduler, world.random, () => {
    try {
      failures = plan.cuts.program === "store" ? storeAll(world) : liveThrough(world);
    } finally {
      useNetwork(undefined);
      listenToNothing();
      Object.assign(Error, { stackTraceLimit, captureStackTrace });
    }
  });
  return {
    failures,
    coverage: world.coverage,
    timeline: world.timeline,
    events: plan.events,
    steps: world.scheduler.steps,
    duration: world.scheduler.now - world.begin,
  };
}

function liveThrough(world: World): readonly Failure[] {
  const { plan, scheduler } = world;
  const kafka = new SimulatedKafka(world, Random.of(plan.seed, "kafka"));
  const network = new Network(kafka, world, Random.of(plan.seed, "network"));
  useNetwork(network);
  kafka.createTopic(TOPIC, plan.partitions);
  const service = new Service(world, plan);
  const checker = new Checker(world, service.topics, kafka);
  listenToLogs(world, checker);
  const excuse = renumberingExcuse(kafka, checker, service);
  service.onConnect = (machine, cursors, since) => {
    const isFirst = since !== undefined && !service.known.has(machine.name);
    if (isFirst && checker.beginsAgain(machine)) service.since = since;
    // From a time, it names no topic but those that its position named at its start.
    const read = since === undefined ? undefined : machine.read.metadata;
    checker.noteCursors(cursors, service.since!, read);
    excuse(machine.name, cursors);
  };
  service.onFutureStart = (topic, cursor) => checker.skip(topic, cursor);
  service.onHidden = ({ topic, index }) => checker.excuseLoss(topic, index, index + 1);
  service.onMisled = (entry) => checker.misled(entry);
  planUpstream(world, service, checker, kafka);
  planKafka(world, kafka, checker);
  const brokers = kafka.nodes.map(({ host, port }) => `${host}:${port}`);
  const supervisor = new Supervisor(
    world,
    service,
    checker,
    () => plan.client === "direct" ? directCluster(network) : openCluster({ brokers }),
  );
  const hasFailed = () => checker.failures.length > 0;
  const calmAt = scheduler.now + plan.duration;
  while (scheduler.now < calmAt && !hasFailed()) {
    scheduler.run(Math.min(scheduler.now + 1000, calmAt), hasFailed);
    supervisor.watch();
  }
  world.isCalm = true;
  world.trace(() => "from now on all works");
  for (const topic of service.topics) topic.isGone = false;
  service.endAll();
  supervisor.calm();
  const falseTime = plan.rate("far ahead") > 0 ? FAR_AHEAD : 0;
  const silences = plan.rate("renumber down") > 0 ? SILENCES_RENUMBERED : SILENCES;
  // One that was replaced notices it when it publishes. Then its successor begins again.
  const producers = plan.rate("second producer") > 0 ? 2 : 1;
  const limit = scheduler.now + LIVENESS + falseTime + producers * silences * plan.idleTimeout;
  do {
    while (!checker.isComplete && !hasFailed() && scheduler.now < limit) {
      scheduler.run(scheduler.now + 1000, hasFailed);
      supervisor.watch();
    }
    if (!checker.isComplete && !hasFailed()) checker.fail("stuck", `missing: ${checker.missing}`);
    scheduler.run(Math.max(scheduler.now, supervisor.thawsAt) + AFTERWARDS, hasFailed);
    // What must arrive may become known late: where it begins, and that a topic is read.
  } while (!checker.isComplete && !hasFailed());
  supervisor.stopAll();
  scheduler.run(scheduler.now + STOP_LIMIT, () => hasFailed() || supervisor.alive.length === 0);
  if (!hasFailed() && supervisor.alive.length > 0) checker.fail("stuck", "did not stop in time");
  if (!hasFailed()) checker.checkAll();
  return checker.failures;
}

/** Plans the changes of the upstream log and its topics. */
function planUpstream(
  world: World,
  service: Service,
  checker: Checker,
  kafka: SimulatedKafka,
): void {
  const random = Random.of(world.plan.seed, "upstream faults");
  const at = (fault: Fault, act: () => void) => {
    for (const time of world.plan.times(fault)) {
      world.scheduler.outside(time, () => {
        world.count(fault);
        world.trace(() => `upstream: ${fault}`);
        act();
      });
    }
  };
  const renumber = (by: number) => {
    const topic = random.pick(service.topics);
    const lowest = (topic.entries[0]?.offset ?? 0) + topic.shift;
    topic.renumber(Math.max(by, -lowest));
    service.endAll(topic);
  };
  at("renumber up", () => renumber(random.int(1, 5000)));
  at("renumber down", () => renumber(-random.int(1, 5000)));
  at("retention", () => {
    const topic = random.pick(service.topics);
    checker.expire(topic, random.int(0, topic.end(world.scheduler.now)));
  });
  for (const time of world.plan.times("topic late")) {
    const topic = random.pick(service.topics);
    Object.assign(topic, { isGone: true, isLate: true });
    world.count("topic late");
    world.scheduler.outside(time, () => topic.isGone = false);
  }
  at("topic gone", () => {
    const topic = random.pick(service.topics);
    // A topic that was not named yet is not requested when it reappears.
    const saved = kafka.groups.get(GROUP)?.get(`${TOPIC}/0`);
    if (!placesOf(saved?.metadata).some(({ name }) => name === topic.name)) return;
    topic.isGone = true;
    service.endAll(topic);
    world.scheduler.outside(random.magnitude(100, 60_000), () => topic.isGone = false);
  });
}

function planKafka(world: World, kafka: SimulatedKafka, checker: Checker): void {
  const random = Random.of(world.plan.seed, "kafka faults");
  const at = (fault: Fault, act: () => void) => {
    for (const time of world.plan.times(fault)) {
      world.scheduler.outside(time, () => {
        world.count(fault);
        world.trace(() => `kafka: ${fault}`);
        act();
      });
    }
  };
  at("broker down", () => {
    const ms = random.magnitude(100, 40_000);
    kafka.takeDown(random.pick(kafka.nodes), ms, random.between(50, 9000));
  });
  at("coordinator moves", () => {
    kafka.move(random.pick([`group:${GROUP}`, `transaction:${GROUP}`, `${TOPIC}/0`]));
  });
  at("partitions added", () => kafka.addPartition(TOPIC));
  at("topic recreated", () => {
    checker.noteDeleted(kafka.topics.get(TOPIC)!);
    kafka.deleteTopic(TOPIC, random.chance(0.2));
    const partitions = random.int(1, world.plan.partitions);
    const ms = random.magnitude(1, LONGEST_ABSENCE);
    world.scheduler.outside(ms, () => kafka.createTopic(TOPIC, partitions));
  });
}

/** Notes which events a producer that restarts does not know: a repetition of them looks new. */
function noteForgotten({ topics, world }: Service, places: readonly SavedPlace[]): void {
  for (const { name, timestamp } of places) {
    for (const { duplicateOf } of topics.find((topic) => topic.name === name)?.entries ?? []) {
      if (duplicateOf === undefined || duplicateOf.timestamp >= timestamp - MARGIN) continue;
      world.strangers.add(duplicateOf);
    }
  }
}

/**
 * Returns a function that excuses duplicates if a topic was renumbered and the producer restarted
 * before it could notice, which takes a new event of the topic. If the anchor was deleted as well,
 * and its id comes again at a lower offset, what precedes it there cannot be recognized as new.
 */
function renumberingExcuse(kafka: SimulatedKafka, checker: Checker, service: Service) {
  /** The offsets in the initial position, by machine. */
  const restored = new Map<string, ReadonlyMap<string, number>>();
  return (machine: string, cursors: ReadonlyMap<Service["topics"][number], number>) => {
    service.known.add(machine);
    const places = placesOf(kafka.groups.get(GROUP)?.get(`${TOPIC}/0`)?.metadata);
    let before = restored.get(machine);
    if (before === undefined) {
      before = new Map(places.map(({ name, offset }) => [name, offset]));
      restored.set(machine, before);
      noteForgotten(service, places);
    }
    for (const place of places.filter(({ name, offset }) => before.get(name) === offset)) {
      const topic = service.topics.find(({ name }) => name === place.name);
      const cursor = topic && cursors.get(topic);
      if (topic === undefined || cursor === undefined) continue;
      const anchors = checker.entriesOf(topic, place);
      const isSame = (entry: Entry) => entry.offset + topic.shift === place.offset;
      if (anchors.length === 1 && isSame(anchors[0]!)) continue;
      checker.excuse(topic, cursor, topic.end(service.world.scheduler.now));
      const first = topic.entries[cursor];
      if (first === undefined || first.offset + topic.shift > place.offset) continue;
      const ids = anchors.filter(({ index }) => index < topic.first).map(({ id }) => id);
      const copy = topic.entries.find(({ id, index }) => index > cursor && ids.includes(id));
      if (copy !== undefined) checker.excuseLoss(topic, cursor, copy.index);
    }
  };
}
