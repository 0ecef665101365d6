/** Counts the requests of the Kafka view to the brokers of a real cluster. */
import { assert, assertEquals } from "@std/assert";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { ClusterFeed } from "../../lib/page/cluster/feed.ts";
import { servePage } from "../../lib/page/server.ts";
import { startCountingRelays } from "../support/kafka/counting_relay.ts";
import { ownKafka } from "../support/kafka/kafka.ts";
import { editMessages, openPublisher } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";

const MAX_PER_SECOND = 10;

/** The number of states of the cluster, one per second. */
const STATES = 10;

/** One open page, which reads its messages. */
class View {
  /** The number of states that it got. */
  states = 0;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #reading: Promise<void>;

  private constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
    this.#reading = this.#read();
  }

  static async open(url: string): Promise<View> {
    return new View((await fetch(url)).body!);
  }

  async #read(): Promise<void> {
    for (let part; !(part = await this.#reader.read()).done;) {
      this.states += part.value.split('"type":"frame"').length - 1;
    }
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
    await this.#reading;
  }
}

// Brokers start before a test and end in it, which the sanitizers report as leaks.
const unsanitized = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "ClusterFeed sends ten requests a second, for one page or fifty",
  unsanitized,
  async () => {
    await using relays = startCountingRelays();
    await using kafka = await ownKafka({ nodes: 3, extraConfig: relays.settings });
    const plain = kafka.bootstrapServers;
    const topic = await makeTopic(plain, { partitions: 12, replicationFactor: 3 });
    {
      await using publisher = await openPublisher(plain);
      await publisher.publish(topic, editMessages(0, 120, 12));
    }
    // Groups with members on all coordinators. Their own requests do not pass through the relays.
    const leave = new AbortController();
    const readers = Array.from({ length: 12 }, (_, number) => {
      const joined = Promise.withResolvers<void>();
      const done = readTopic(openCluster({ brokers: plain.split(",") }), {
        topic,
        group: `readers-${number}`,
        signal: leave.signal,
        handle: () => {},
        onAssigned: () => joined.resolve(),
      });
      return { joined: joined.promise, done };
    });
    await Promise.all(readers.map(({ joined }) => joined));

    const feed = new ClusterFeed(openCluster({ brokers: relays.brokers }), topic, false);
    const stop = new AbortController();
    const running = feed.run(stop.signal);
    const server = servePage({
      port: 0,
      hostname: "127.0.0.1",
      feeds: { "/kafka/events": feed },
    });
    const { requests } = relays;
    assertEquals(requests.length, 0);
    for (const pages of [1, 50]) {
      const url = `${server.url}kafka/events`;
      const views = await Promise.all(Array.from({ length: pages }, () => View.open(url)));
      await until(() => views.every(({ states }) => states > 0));
      const [begun, before] = [performance.now(), requests.length];
      const last = views[0]!.states + STATES;
      await until(() => views.every(({ states }) => states >= last));
      const seconds = (performance.now() - begun) / 1000;
      const count = requests.length - before;
      // The requests of one more second may fall into the span.
      const most = MAX_PER_SECOND * (seconds + 1);
      const what = `${pages} pages: ${count} requests in ${seconds} s, API keys ${requests}`;
      assert(count <= most, what);
      // Three brokers were queried for each state.
      assert(count >= 4 * STATES, what);
      await Promise.all(views.map((view) => view.close()));
      // Without a page, there are no requests.
      await until(() => relays.open === 0);
    }
    stop.abort();
    await running;
    await server.stop();
    leave.abort();
    await Promise.all(readers.map(({ done }) => done));
  },
);
