import errors from "kafkajs/src/errors.js";
import { createErrorFromCode, errorCodes } from "kafkajs/src/protocol/error.js";
import type { Machine } from "../world/machine.ts";
import type { Random } from "../world/random.ts";
import type { Happening } from "../world/scheduler.ts";
import type { World } from "../world/world.ts";
import type { SimulatedKafka } from "./cluster.ts";
import type { Answers } from "./direct_client.ts";
import type { Node } from "./node.ts";
import { type Answer, type Api, ERRORS_AFTER, ERRORS_BEFORE, type Requests } from "./protocol.ts";

const CODES = new Map(
  (errorCodes as { type: string; code: number }[]).map(({ type, code }) => [type, code]),
);

/** Errors by Kafka's name, because creating one takes longer than its request. */
const ERRORS = new Map<string, Error>();

/** Returns kafkajs's error by Kafka's name. */
export function protocolError(type: string): Error {
  let error = ERRORS.get(type);
  if (error === undefined) {
    error = Object.freeze(createErrorFromCode(CODES.get(type) ?? -1) as Error);
    ERRORS.set(type, error);
  }
  return error;
}

interface Pending {
  readonly timer: Happening;
  readonly reject: (error: Error) => void;
}

/** One connection of a client to a node, on which requests and answers keep their order. */
export class Link {
  isOpen = true;
  readonly pending = new Set<Pending>();
  /** Called when the last pending request is done. */
  onIdle: (() => void) | undefined;
  /** The earliest times of the next arrival and the next answer, which keep their order. */
  arrivesAt = 0;
  answeredAt = 0;

  constructor(readonly machine: Machine, readonly node: Node) {}

  /** Closes when nothing is pending, as kafkajs does. */
  async leave(): Promise<void> {
    if (!this.isOpen) return;
    if (this.pending.size > 0) await new Promise<void>((resolve) => this.onIdle = resolve);
    this.isOpen = false;
  }
}

/** The network between clients and nodes, with its faults. */
export class Network {
  readonly #world: World;
  readonly #random: Random;

  constructor(readonly kafka: SimulatedKafka, world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** The machine whose code runs. */
  get machine(): Machine {
    return this.#world.scheduler.current!;
  }

  connect(host: string, port: number, timeout: number): Promise<Link> {
    const { machine } = this;
    const { scheduler } = this.#world;
    const node = this.kafka.nodes.find((node) => node.host === host)!;
    const broker = `${host}:${port}`;
    return new Promise((resolve, reject) => {
      if (!machine.calls()) return;
      const isSilent = node.isDown && this.#random.chance(0.3);
      const wait = isSilent ? timeout : this.#random.between(0.2, 3);
      scheduler.after(wait, () => {
        if (!node.isDown && !isSilent) return resolve(this.#open(machine, node));
        const [message, code] = isSilent
          ? ["Connection timeout", undefined]
          : ["Connection error: connect ECONNREFUSED", "ECONNREFUSED"];
        reject(new errors.KafkaJSConnectionError(message, { broker, code }));
      }, machine);
    });
  }

  #open(machine: Machine, node: Node): Link {
    const link = new Link(machine, node);
    const close = () => this.close(link);
    node.onDown.add(close);
    machine.onDeath(() => {
      node.onDown.delete(close);
      link.isOpen = false;
    });
    return link;
  }

  /** Ends the connection: all pending requests fail. */
  close(link: Link, delay = 0): void {
    this.#world.scheduler.after(delay, () => {
      if (!link.isOpen) return;
      link.isOpen = false;
      const { host, port } = link.node;
      const error = new errors.KafkaJSConnectionClosedError("Closed connection", { host, port });
      for (const { timer, reject } of link.pending) {
        timer.run = undefined;
        reject(error);
      }
      link.pending.clear();
      link.onIdle?.();
    }, link.machine);
  }

  /** Sends a request; the promise is that of kafkajs's connection. */
  send<A extends Api>(
    link: Link,
    api: A,
    request: Requests[A],
    timeout: number,
    onError?: (message: string) => void,
  ): Promise<unknown> {
    const { machine } = link;
    const { scheduler } = this.#world;
    return new Promise((resolve, reject) => {
      if (!machine.calls()) return;
      const pending: Pending = {
        reject,
        timer: scheduler.after(timeout, () => {
          settle();
          reject(new errors.KafkaJSRequestTimeoutError(`Request ${api} timed out`));
        }, machine),
      };
      link.pending.add(pending);
      const settle = () => {
        pending.timer.run = undefined;
        link.pending.delete(pending);
        if (link.pending.size === 0) link.onIdle?.();
      };
      this.#transmit(link, api, request, (answer) => {
        if (!link.pending.has(pending)) return;
        settle();
        if (answer.error === undefined) return resolve(answer.result);
        const error = protocolError(answer.error);
        onError?.(error.message);
        reject(error);
      });
    });
  }

  #transmit<A extends Api>(
    link: Link,
    api: A,
    request: Requests[A],
    answered: (answer: Answer) => void,
  ): void {
    const random = this.#random;
    const { scheduler } = this.#world;
    const draws = (fault: Parameters<World["draws"]>[0]) => this.#world.draws(fault, random);
    const isLate = draws("late request");
    const isLost = !isLate && draws("lost request");
    if (isLate || isLost) this.close(link, random.between(0, 20));
    this.#world.trace(() =>
      `kafka ${link.node.nodeId}: ${link.machine.name} asks ${api}${
        isLost ? " (lost)" : isLate ? " (late)" : ""
      }`
    );
    if (isLost) return;
    let transit = random.between(0.1, 2);
    if (isLate) transit += random.magnitude(1, 40_000);
    if (draws("slow request")) transit += random.magnitude(5, 40_000);
    const arrivesAt = Math.max(scheduler.now + transit, isLate ? 0 : link.arrivesAt);
    if (!isLate) link.arrivesAt = arrivesAt;
    scheduler.outside(arrivesAt - scheduler.now, () => this.#arrive(link, api, request, answered));
  }

  #arrive<A extends Api>(
    link: Link,
    api: A,
    request: Requests[A],
    answered: (answer: Answer) => void,
  ): void {
    const random = this.#random;
    const { scheduler } = this.#world;
    const { node } = link;
    if (node.isDown) return;
    // A node handles the next request of a connection after it has answered the previous one.
    if (link.isOpen && link.answeredAt > scheduler.now) {
      const wait = link.answeredAt - scheduler.now;
      return void scheduler.outside(wait, () => this.#arrive(link, api, request, answered));
    }
    const errorOf = (fault: "error before" | "error after", table: typeof ERRORS_BEFORE) => {
      const list = table[api];
      if (list === undefined || !this.#world.draws(fault, random)) return undefined;
      return { error: random.pick(list) };
    };
    const before = errorOf("error before", ERRORS_BEFORE);
    let answer: Answer = before ?? this.kafka.handle(node, api, request);
    if (api === "offsetFetch" && answer.result !== undefined) {
      const { responses: [topic] } = answer.result as Answers["offsetFetch"];
      link.machine.read = { at: scheduler.now, metadata: topic?.partitions[0]?.metadata ?? "" };
    }
    if (before === undefined && answer.error === undefined) {
      answer = errorOf("error after", ERRORS_AFTER) ?? answer;
    }
    this.#world.trace(() =>
      `kafka ${node.nodeId}: answers ${api} of ${link.machine.name}: ${answer.error ?? "done"}`
    );
    if (this.#world.draws("lost answer", random)) return this.close(link, random.between(0, 20));
    let wait = (answer.wait ?? 0) + random.between(0.1, 2);
    if (this.#world.draws("slow answer", random)) wait += random.magnitude(5, 40_000);
    link.answeredAt = scheduler.now + wait;
    if (this.#world.draws("throttle", random)) link.answeredAt += random.magnitude(10, 5000);
    scheduler.after(wait, () => answered(answer), link.machine);
  }
}
