import { buildTransform } from "../../../lib/edits/transform.ts";
import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { Delivery } from "../../../lib/kafka/publish/delivery.ts";
import { newCounts, type ProduceCounts } from "../../../lib/produce/counts.ts";
import { produce } from "../../../lib/produce/produce.ts";
import { EventStream } from "../../../lib/upstream/stream.ts";
import { GROUP, TOPIC } from "../check/checker.ts";
import type { Service } from "../upstream/service.ts";
import { Machine } from "../world/machine.ts";
import type { World } from "../world/world.ts";

const STREAM = new URL("http://upstream.example/v2/stream/recentchange");
/** How long a stop may take, in ms. */
export const SHUTDOWN_TIMEOUT = 10_000;

/** An empty client, since the simulated service has its own connections. */
const HTTP_CLIENT = { close() {} } as Deno.HttpClient;

/** One process of the producer: the program's own code on a simulated machine. */
export class Producer {
  readonly machine: Machine;
  readonly counts: ProduceCounts = newCounts();
  readonly #stop = new AbortController();
  readonly #world: World;
  /** The reason of its end; `undefined` while it runs, and if it ended cleanly. */
  error: unknown;
  hasEnded = false;

  constructor(world: World, service: Service, name: string, options: {
    readonly since: number | undefined;
    readonly cluster: Cluster;
    readonly onEnd: (producer: Producer) => void;
    readonly prepare: (machine: Machine) => void;
  }) {
    this.#world = world;
    const machine = this.machine = new Machine(name, world.scheduler.now, world.plan.seed);
    options.prepare(machine);
    machine.onDeath(() => this.hasEnded = true);
    world.scheduler.after(0, () => {
      this.#run(service, options).then(
        () => {},
        (error) => this.error = error,
      ).finally(() => {
        machine.die();
        options.onEnd(this);
      });
    }, machine);
  }

  get isAlive(): boolean {
    return !this.hasEnded;
  }

  /** Stops it, as SIGTERM does. */
  stop(): void {
    this.#world.scheduler.after(0, () => this.#stop.abort(), this.machine);
  }

  async #run(
    service: Service,
    { since, cluster }: { readonly since: number | undefined; readonly cluster: Cluster },
  ): Promise<void> {
    const { plan } = this.#world;
    await produce({
      open: (position, stop) =>
        new EventStream({
          url: STREAM,
          userAgent: "wikitap/0 (simulation) deno/2",
          position,
          stop,
          idleTimeout: plan.idleTimeout,
          fetch: service.fetchOf(this.machine),
          createClient: () => HTTP_CLIENT,
        }),
      stream: STREAM.href,
      since,
      transform: buildTransform({ topic: TOPIC, payload: "event" }),
      publisher: new Delivery({
        cluster,
        place: { group: GROUP, topic: TOPIC },
        delivery: plan.delivery,
        topics: [TOPIC],
      }),
      batchSize: plan.batchSize,
      linger: 0,
      shutdownTimeout: SHUTDOWN_TIMEOUT,
      stop: this.#stop.signal,
      counts: this.counts,
    });
  }
}
