import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { logStats } from "./log_files.ts";
import { percentile } from "../support/tools/statistics.ts";
import { environment, type Peer } from "./peers.ts";
import type { Setting } from "./setting.ts";

/** What it takes an edit to reach a reader of committed records, at live pace. */
export interface Latency {
  /** ms from the event to the reader. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** ms from the start of the process to the first edit at the reader. */
  readonly startUp: number;
  readonly records: number;
  /** Bytes of the topic's log for each byte of keys and values. */
  readonly logOverhead: number;
  readonly transactionsPerSecond: number;
}

/** Edits per second: those of all Wikimedia wikis, on a busy day. */
const RATE = 40;
/** The first are left out: a producer that starts has other things to do. */
const WARM_UP = 2000;

/** Where each transaction saves the position, and so leaves a marker. */
const OFFSETS = "__consumer_offsets";

/** Runs the producer for `seconds` on a source of live edits. */
export async function latency(peer: Peer, setting: Setting, seconds: number): Promise<Latency> {
  const topic = await setting.topic(3);
  const stop = new AbortController();
  const delays: number[] = [];
  let first = 0, records = 0, bytes = 0;
  const reading = Promise.withResolvers<void>();
  const done = readTopic(setting.cluster, {
    topic,
    from: "beginning",
    signal: stop.signal,
    onAnswer: () => reading.resolve(),
    handle: (batch) => {
      const now = Date.now();
      first ||= now;
      for (const { timestamp, key, value } of batch.records) {
        records++;
        bytes += (key?.length ?? 0) + (value?.length ?? 0);
        if (now - first > WARM_UP) delays.push(now - Number(timestamp));
      }
    },
  });
  await reading.promise;
  const before = logStats(setting.folder, OFFSETS);
  const spawned = Date.now();
  const task = {
    ...{ streamUrl: `${setting.source.url}/live/${RATE}`, broker: setting.broker, topic },
    edits: RATE * seconds,
  };
  const [command, ...args] = peer.command(task);
  const { success } = await new Deno.Command(command!, {
    args,
    env: environment(task),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  const ran = (Date.now() - first) / 1000;
  // What was committed last is on its way to the reader.
  while (success && records < task.edits) await new Promise((resolve) => setTimeout(resolve, 50));
  stop.abort();
  await done;
  if (!success) throw new Error(`${peer.name} failed`);
  return {
    ...{ p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), max: Math.max(...delays) },
    ...{ startUp: first - spawned, records },
    logOverhead: logStats(setting.folder, topic).bytes / bytes,
    transactionsPerSecond: (logStats(setting.folder, OFFSETS).markers - before.markers) / ran,
  };
}
