import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { withAdmin } from "../../lib/kafka/admin/with_admin.ts";
import type { Cluster } from "../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { createTopics } from "../../lib/kafka/admin/topics.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { sseChunks } from "./events.ts";
import { type Cost, measure } from "./measure.ts";
import type { Peer } from "./peers.ts";

const FOLDER = ".local/bench";

/** The share of edits in synthetic events, rounded down so that every producer finds enough. */
const EDITS_PER_EVENT = 0.375;

/** Starts the source in a process of its own. */
export class Source implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess, readonly url: string) {
    this.#process = process;
  }

  /** @param events The number of events in the file. */
  static async start(events: number): Promise<Source> {
    const path = `${FOLDER}/events-${events}.sse`;
    await Deno.mkdir(FOLDER, { recursive: true });
    using file = await Deno.open(path, { write: true, create: true, truncate: true });
    for (const chunk of sseChunks(events)) {
      for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    }
    const process = new Deno.Command("deno", {
      args: ["run", "-q", "-A", "tests/bench/source.ts", path],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const { value } = await process.stdout.getReader().read();
    return new Source(process, new TextDecoder().decode(value).trim());
  }

  readonly first = async () => Number(await (await fetch(`${this.url}/first`)).text());

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#process.status;
  }
}

/** Starts one or three brokers, whose topics are dropped at the end. */
export class Setting implements AsyncDisposable {
  readonly cluster: Cluster;
  #topics = 0;

  private constructor(
    readonly source: Source,
    readonly broker: string,
    readonly folder: string,
    readonly stop: () => Promise<void>,
  ) {
    this.cluster = openCluster({ brokers: broker.split(",") });
  }

  static async open(source: Source, nodes: 1 | 3, signal: AbortSignal): Promise<Setting> {
    const directory = `${FOLDER}/kafka-${nodes}`;
    const kafka = await startKafka({ directory, nodes, port: 0, clean: true, signal });
    return new Setting(source, kafka.bootstrapServers, directory, async () => {
      await kafka.stop();
    });
  }

  async topic(partitions: number, replicationFactor = 1): Promise<string> {
    const topic = `bench-${++this.#topics}`;
    const action = `make the topic '${topic}'`;
    await withAdmin(
      this.cluster,
      { action },
      (admin) => createTopics(admin, [{ topic, partitions, replicationFactor }]),
    );
    return topic;
  }

  /**
   * Runs a producer from the source's first byte to the last acknowledgment. Then a reader counts
   * the committed records.
   *
   * @throws {Error} if the topic does not have exactly the requested records.
   */
  async run(
    peer: Peer,
    options: { events: number; path?: string; partitions?: number; replicationFactor?: number },
  ): Promise<Cost & { edits: number; events: number }> {
    const { events, path = "static", partitions = 3, replicationFactor = 1 } = options;
    const { source, broker } = this;
    const topic = await this.topic(partitions, replicationFactor);
    const edits = Math.floor(events * EDITS_PER_EVENT);
    const task = { streamUrl: `${source.url}/${path}`, broker, topic, edits };
    const cost = await measure(peer, task, source.first);
    const counted = await this.#count(topic);
    if (counted !== edits) throw new Error(`${peer.name}: ${counted} of ${edits} records`);
    return { ...cost, edits, events };
  }

  async #count(topic: string): Promise<number> {
    let count = 0;
    await readTopic(this.cluster, {
      topic,
      from: "beginning",
      toEnd: true,
      handle: ({ records }) => {
        count += records.length;
      },
    });
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
