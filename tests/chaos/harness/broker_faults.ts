import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { ConfigResourceTypes } from "../../../lib/kafka/client/kafkajs.ts";
import type { LocalKafka } from "../../../lib/local/kafka/cluster.ts";
import { sendSignal } from "../../../lib/local/process/process.ts";
import { Random } from "../../../lib/replay/random.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import type { ChaosOptions } from "./options.ts";
import { FREEZE, planOf } from "./plan.ts";
import type { Work } from "./work.ts";

interface Parts {
  readonly work: Work;
  readonly kafka: LocalKafka;
  readonly cluster: Cluster;
  readonly topic: string;
}

/** The maximum time before a killed broker is started again, in ms. */
const LONGEST_DOWN = 4000;

/** Kills and freezes brokers, and changes how they compress the topic. */
export class BrokerFaults {
  readonly counts = { kills: 0, freezes: 0 };
  /** By codec, the events that were handled while the brokers compressed the topic with it. */
  readonly compressed = new Map<string, number>();
  readonly #options: ChaosOptions;
  readonly #parts: Parts;
  readonly #plan: readonly ("kill" | "freeze")[];

  constructor(options: ChaosOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    const { seed, brokerKills: kill, brokerFreezes: freeze = 0 } = options;
    this.#plan = planOf({ kill, freeze }, new Random(seed, 0x6368_0008));
  }

  /** The part of the log that may be served: a stretch beyond the next fault. */
  get allowed(): number {
    const { kills, freezes } = this.counts;
    return (kills + freezes + 2) / (this.#plan.length + 1);
  }

  async run(): Promise<void> {
    await Promise.all([this.#killAndFreeze(), this.#compress()]);
  }

  /** One after the other, so that two of three are always up. */
  async #killAndFreeze(): Promise<void> {
    const { seed, nodes, stop } = this.#options;
    const { work } = this.#parts;
    const random = new Random(seed, 0x6368_0004);
    for (const [index, kind] of this.#plan.entries()) {
      await work.reached((index + random.next()) / (this.#plan.length + 1));
      if (work.isOver) return;
      const id = random.integer(1, nodes);
      if (kind === "kill") await this.#kill(id, random.integer(0, LONGEST_DOWN));
      else await this.#freeze(id, random.integer(FREEZE.min, FREEZE.max));
      if (stop?.aborted) return;
    }
  }

  async #kill(id: number, downMs: number): Promise<void> {
    const { kafka } = this.#parts;
    const { stop } = this.#options;
    await kafka.kill(id);
    await sleep(downMs, stop);
    if (stop?.aborted) return;
    await kafka.start(id);
    this.counts.kills++;
  }

  async #freeze(id: number, ms: number): Promise<void> {
    const pid = this.#parts.kafka.nodes.find((node) => node.id === id)?.pid;
    if (pid === undefined) throw new Error(`Cannot freeze broker ${id}: it does not run`);
    await sendSignal(pid, "STOP");
    try {
      await sleep(ms, this.#options.stop);
    } finally {
      await sendSignal(pid, "CONT");
    }
    this.counts.freezes++;
  }

  /** Changes the codec at regular intervals of the work. */
  async #compress(): Promise<void> {
    const { work } = this.#parts;
    const { codecs = [] } = this.#options;
    for (const [index, codec] of codecs.entries()) {
      await work.reached(index / codecs.length);
      while (!await this.#setCodec(codec) && !work.isOver) await sleep(200);
      const before = work.handled;
      await work.reached((index + 1) / codecs.length);
      this.compressed.set(codec, work.handled - before);
    }
  }

  /** @returns `false` if no broker took the change. */
  async #setCodec(value: string): Promise<boolean> {
    const { cluster, topic } = this.#parts;
    const resource = {
      type: ConfigResourceTypes.TOPIC,
      name: topic,
      configEntries: [{ name: "compression.type", value }],
    };
    return await withAdmin(
      cluster,
      { action: "set the topic's compression", topic },
      async (admin) => {
        await admin.alterConfigs({ validateOnly: false, resources: [resource] });
        return true;
      },
    ).catch(() => false);
  }
}
