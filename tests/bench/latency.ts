import { runningNodes } from "../../lib/local/kafka/status.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { logStats } from "./log_files.ts";
import { cpuSeconds } from "../support/programs/process.ts";
import { percentile } from "../support/tools/statistics.ts";
import { environment, type Peer } from "./peers.ts";
import type { Setting } from "./setting.ts";

/** The time from an edit to a reader of committed records, and its cost, at live pace. */
export interface Latency {
  /** ms from the event to the reader. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** ms from the start of the process to the first edit at the reader. */
  readonly startUp: number;
  readonly records: number;
  /** Growth of Kafka's logs, in bytes per byte of keys and values. */
  readonly logOverhead: number;
  readonly transactionsPerSecond: number;
  /** CPU seconds per second after the start: of the producer, and of the broker minus idle. */
  readonly producerCpu: number;
  readonly brokerCpu: number;
}

/** Edits per second of all Wikimedia wikis on a busy day. */
const RATE = 40;
/** The time after the start that is not measured, in ms. */
const WARM_UP = 5000;

/** Kafka's topics to which each transaction writes its position, state and markers. */
const OFFSETS = "__consumer_offsets";
const TRANSACTIONS = "__transaction_state";

/** Runs the producer for `seconds` on a source of live edits. */
export async function latency(peer: Peer, setting: Setting, seconds: number): Promise<Latency> {
  const topic = await setting.topic(3);
  const delays: number[] = [];
  let first = 0, records = 0, bytes = 0;
  await using reading = await readCommitted(setting, topic, (now, record) => {
    first ||= now;
    records++;
    bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (now - first > WARM_UP) delays.push(now - Number(record.timestamp));
  });
  const brokers = await brokerPids(setting);
  const idle = await cpuShare(brokers, WARM_UP);
  const logs = () => [topic, OFFSETS, TRANSACTIONS].map((name) => logStats(setting.folder, name));
  const before = logs();
  const spawned = Date.now();
  const task = {
    streamUrl: `${setting.source.url}/live/${RATE}`,
    broker: setting.broker,
    topic,
    edits: RATE * seconds,
  };
  const [command, ...args] = peer.command(task);
  const process = new Deno.Command(command!, {
    args,
    env: environment(task),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const ended = process.status;
  await Promise.race([ended, delay(2 * WARM_UP)]);
  // Shorter than the run by the warm-up, so that the process still exists at the end.
  const measured = (seconds * 1000) - 2 * WARM_UP - 1000;
  const [producerCpu, brokerCpu] = await Promise.all([
    cpuShare([process.pid], measured),
    cpuShare(brokers, measured),
  ]);
  const { success } = await ended;
  const ran = (Date.now() - first) / 1000;
  if (!success) throw new Error(`${peer.name} failed`);
  // The last committed records are still on their way to the reader.
  while (records < task.edits) await delay(50);
  await reading.stop();
  const grown = logs().map((log, i) => ({
    bytes: log.bytes - before[i]!.bytes,
    markers: log.markers - before[i]!.markers,
  }));
  return {
    p50: percentile(delays, 0.5),
    p99: percentile(delays, 0.99),
    max: Math.max(...delays),
    startUp: first - spawned,
    records,
    producerCpu,
    brokerCpu: brokerCpu - idle,
    logOverhead: grown.reduce((sum, log) => sum + log.bytes, 0) / bytes,
    transactionsPerSecond: grown[1]!.markers / ran,
  };
}

type ReadRecord = Parameters<Parameters<typeof readTopic>[1]["handle"]>[0]["records"][number];

/** Reads the topic from now on. Returns after the reader's first answer. */
async function readCommitted(
  { cluster }: Setting,
  topic: string,
  onRecord: (now: number, record: ReadRecord) => void,
): Promise<AsyncDisposable & { stop(): Promise<void> }> {
  const controller = new AbortController();
  const answered = Promise.withResolvers<void>();
  const done = readTopic(cluster, {
    topic,
    from: "beginning",
    signal: controller.signal,
    onAnswer: () => answered.resolve(),
    handle: ({ records }) => {
      const now = Date.now();
      for (const record of records) onRecord(now, record);
    },
  });
  await answered.promise;
  const stop = async () => {
    controller.abort();
    await done;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

async function brokerPids({ folder }: Setting): Promise<number[]> {
  const nodes = await runningNodes(await Deno.realPath(folder));
  return [...nodes.values()].map(({ pid }) => pid);
}

/** Returns the CPU seconds per second of processes, over `ms` from now. */
async function cpuShare(pids: readonly number[], ms: number): Promise<number> {
  const used = async () => {
    const all = await Promise.all(pids.map(cpuSeconds));
    return all.reduce((sum, seconds) => sum + seconds, 0);
  };
  const [began, before] = [performance.now(), await used()];
  await delay(ms);
  return (await used() - before) / ((performance.now() - began) / 1000);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
