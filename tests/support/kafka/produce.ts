import { clusterConfig } from "../../../lib/cli/open/cluster_config.ts";
import { parseOptions } from "../../../lib/cli/option.ts";
import { PRODUCER_GROUPS, producerPlan } from "../../../lib/cli/options/producer_plan.ts";
import { runProducer } from "../../../lib/cli/programs/produce/producer.ts";
import { openCluster } from "../../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { type EventLog, type LogRecord, records } from "../../../lib/replay/log.ts";
import {
  type EventServer,
  type EventServerOptions,
  serveEvents,
} from "../../../lib/replay/service/server.ts";
import { type Running, startProgram } from "../programs/program.ts";

/** A record of a topic, with its bytes as text. */
export interface TextRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

const decoder = new TextDecoder();

/**
 * Returns the committed records of a topic, by partition and offset. A commit is acknowledged a
 * moment before all partitions show it. So it reads again, for at most 30 s, until there are
 * `count`.
 */
export async function recordsOf(
  kafka: string,
  topic: string,
  count: number,
): Promise<TextRecord[]> {
  const cluster = openCluster({ brokers: kafka.split(",") });
  const deadline = Date.now() + 30_000;
  while (true) {
    const found: TextRecord[] = [];
    await readTopic(cluster, {
      topic,
      from: "beginning",
      toEnd: true,
      signal: AbortSignal.timeout(20_000),
      handle: ({ partition, records }) => {
        for (const { key, value, offset, timestamp, headers } of records) {
          found.push({
            partition,
            offset: Number(offset),
            timestamp: Number(timestamp),
            key: key === null ? null : decoder.decode(key),
            value: decoder.decode(value!),
            headers: Object.fromEntries(
              Object.entries(headers ?? {}).map(([name, text]) => [
                name,
                decoder.decode(text as Uint8Array),
              ]),
            ),
          });
        }
      },
    });
    if (found.length >= count || Date.now() > deadline) {
      return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
    }
  }
}

/** The parts of an upstream event that tests use. */
export interface Upstream {
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- any JSON that upstream sends
  readonly body: any;
}

/**
 * Returns the events of a log that are JSON and not canaries, by topic, in order. With `until`, up
 * to the last one in each topic that happened before that time, in ms.
 */
export function eventsOf(log: EventLog, until = Infinity): Upstream[] {
  const events: Upstream[] = [];
  for (const topic of log.topics) {
    const near: LogRecord[] = [];
    for (const record of records(topic)) {
      // Late events come within another second at most. The log may have no end.
      if (record.timestamp >= until + 1000) break;
      near.push(record);
    }
    const last = near.findLastIndex(({ timestamp }) => timestamp < until);
    for (const { data } of near.slice(0, last + 1)) {
      const text = decoder.decode(data);
      try {
        const body = JSON.parse(text);
        if (body.meta.domain !== "canary") events.push({ text, body });
      } catch {
        // Invalid on purpose.
      }
    }
  }
  return events;
}

/** A producer for tests: its Kafka, its stream and its flags. */
export interface ProducerOptions {
  readonly kafka: string;
  readonly topic: string;
  /** The address of the stream. */
  readonly url: string;
  /** The URL of a schema registry. With one, values are Avro. */
  readonly registry?: string | undefined;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly limit?: number;
  /** Other addresses that it may connect to or listen on. */
  readonly net?: readonly string[];
  /** Further flags of Deno. */
  readonly denoFlags?: readonly string[];
}

/** Starts main.ts with the permissions of its task and its addresses. */
export function startProducer(
  { kafka, topic, url, registry, args = [], env = {}, limit = 60_000, ...options }: ProducerOptions,
): Running {
  const { net = [], denoFlags = [] } = options;
  const hosts = [url, ...registry === undefined ? [] : [registry]].map((at) => new URL(at).host);
  const permissions = ["-P=producer", `--allow-net=${[kafka, ...hosts, ...net]}`, ...denoFlags];
  const format = registry === undefined ? [] : ["--format", "avro", "--schema-registry", registry];
  const from = ["--bootstrap-server", kafka, "--topic", topic, "--stream-url", url];
  const all = [...from, ...format, ...args];
  return startProgram("main.ts", all, { permissions, env, limit });
}

/**
 * Runs a producer within this process until it is done or stopped, which is faster than a program.
 */
export async function produce(
  { kafka, topic, url, args = [] }: ProducerOptions,
  stop: AbortSignal = new AbortController().signal,
): Promise<void> {
  const options = parseOptions(PRODUCER_GROUPS, [
    ...["--bootstrap-server", kafka, "--topic", topic, "--stream-url", url, ...args],
  ], () => undefined);
  await runProducer(producerPlan(options), openCluster(clusterConfig(options)), stop);
}

/** Serves a log. By default all of it exists at once. */
export function serve(
  log: EventServerOptions["log"],
  options: Omit<EventServerOptions, "log"> = {},
): EventServer & AsyncDisposable {
  const server = serveEvents({ log, pace: "at-once", ...options });
  return Object.defineProperty(server as EventServer & AsyncDisposable, Symbol.asyncDispose, {
    value: () => server.stop(),
  });
}

/** Returns the log with the events replaced for which `data` returns other bytes. */
export function withData(
  log: EventLog,
  data: (index: number) => Uint8Array | undefined,
): EventLog {
  return {
    ...log,
    topics: log.topics.map((topic, number) => ({
      ...topic,
      write: (index, to) => {
        const other = number === 0 ? data(index - topic.first) : undefined;
        if (other === undefined) topic.write(index, to);
        else to.append(other);
      },
    })),
  };
}
