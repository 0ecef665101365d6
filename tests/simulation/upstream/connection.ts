import type { Fault } from "../plan.ts";
import type { Machine } from "../world/machine.ts";
import type { Happening } from "../world/scheduler.ts";
import { FrameWriter, idEntryOf } from "./frames.ts";
import type { Entry, UpstreamTopic } from "./log.ts";
import { SimulatedBody } from "./response.ts";
import type { Service } from "./service.ts";

/** How a connection ends. */
type Ending = "end" | "cut" | "stall";

/** The number of bytes that trickle at the beginning of a slow connection. */
const TRICKLE = 1500;
/** The maximum delay of the network, in ms. */
const MAX_WAIT = 50;
/** The size in bytes at which a chunk ends with the current frame. */
const MAX_CHUNK = 4096;
/** The first bytes of every connection. */
const GREETING = new TextEncoder().encode(":ok\n\n");
const writer = new FrameWriter();

/** One open response of the service, which sends what its reader requests, as TCP would. */
export class Connection {
  readonly body: SimulatedBody;
  readonly #service: Service;
  readonly #machine: Machine;
  readonly #starts: ReadonlyMap<UpstreamTopic, number>;
  readonly #cursors: Map<UpstreamTopic, number>;
  /** The part of ids by topic, and the time in it. */
  readonly #ids: Map<UpstreamTopic, string>;
  readonly #times = new Map<UpstreamTopic, number>();
  /** The topic whose part changed last. */
  #moved: UpstreamTopic | undefined;
  /** Encoded and not sent yet. */
  #bytes: Uint8Array<ArrayBuffer> = GREETING;
  #sent = 0;
  /** The entries in these bytes, each with the number of sent bytes at its end. */
  #unsent: { readonly entry: Entry; readonly end: number }[] = [];
  /** The number of bytes before the fault. */
  readonly #faultAt: number;
  readonly #fault: Fault | undefined;
  #planned: Happening | undefined;
  #ended: Ending | undefined;
  /** Whether the reader has canceled. */
  #isLeft = false;

  constructor(
    service: Service,
    machine: Machine,
    cursors: ReadonlyMap<UpstreamTopic, number>,
    { limit, fault, signal }: {
      limit: number;
      fault: Fault | undefined;
      signal: AbortSignal | undefined;
    },
  ) {
    this.#service = service;
    this.#machine = machine;
    this.#starts = cursors;
    this.#cursors = new Map(cursors);
    this.#ids = new Map([...cursors.keys()].map((topic) => [topic, idEntryOf(topic, undefined)]));
    this.#fault = fault;
    this.#faultAt = Math.floor(service.random.magnitude(1, 60_000));
    const { scheduler } = service.world;
    const timer = scheduler.after(limit, () => this.finish("end"), machine);
    this.body = new SimulatedBody({
      onPull: () => this.#look(),
      onCancel: () => {
        timer.run = undefined;
        this.#isLeft = true;
        this.#end("stall");
      },
    });
    signal?.addEventListener("abort", () => {
      if (this.#ended !== undefined && this.#ended !== "stall") return;
      this.body.error(signal.reason);
      this.#isLeft = true;
      this.#end("stall");
    });
  }

  reads(topic: UpstreamTopic): boolean {
    return this.#cursors.has(topic);
  }

  /** Ends the connection cleanly, cuts it, or makes it silent. */
  finish(ending: Ending): void {
    if (this.#ended !== undefined) return;
    this.#end(ending);
    this.#service.world.trace(() => `upstream: the connection of ${this.#machine.name}: ${ending}`);
    const { scheduler } = this.#service.world;
    scheduler.after(0, () => {
      if (this.#isLeft) return;
      if (ending === "end") this.body.close();
      if (ending === "cut") this.body.error(new TypeError("error reading a body"));
    }, this.#machine);
  }

  #end(ending: Ending): void {
    this.#ended = ending;
    if (this.#planned !== undefined) this.#planned.run = undefined;
    this.#service.forget(this);
  }

  /** Sends the available entries, or waits for some. */
  #look(): void {
    if (this.#ended !== undefined) return;
    const { world, random } = this.#service;
    const { scheduler } = world;
    this.#gather();
    if (this.#bytes.length === 0) {
      let next = Infinity;
      for (const [topic, cursor] of this.#cursors) {
        next = Math.min(next, topic.entries[cursor]?.at ?? Infinity);
      }
      if (next === Infinity) return;
      this.#planned = scheduler.after(next - scheduler.now + 1, () => this.#look(), this.#machine);
      return;
    }
    const trickles = this.#fault === "trickle" && this.#sent < TRICKLE;
    const wait = trickles ? random.between(10, 400) : random.magnitude(0.1, MAX_WAIT);
    const isCut = random.chance(0.2);
    const most = trickles ? random.int(1, 60) : isCut ? random.int(1, 2000) : Infinity;
    this.#planned = scheduler.after(wait, () => this.#send(most), this.#machine);
  }

  #send(most: number): void {
    const isBroken = ["cut", "short end", "stall"].includes(this.#fault!);
    const left = isBroken ? this.#faultAt - this.#sent : Infinity;
    if (left <= 0) {
      const endings = { cut: "cut", stall: "stall" } as const;
      return this.finish(endings[this.#fault as "cut"] ?? "end");
    }
    const size = Math.min(most, left, this.#bytes.length, this.body.room);
    const chunk = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    this.#sent += size;
    while ((this.#unsent[0]?.end ?? Infinity) <= this.#sent) {
      this.#service.world.delivered(this.#unsent.shift()!.entry, this.#machine);
    }
    this.body.enqueue(chunk);
    if (this.#fault === "error event" && this.#isErrorSent && this.#bytes.length === 0) {
      this.finish("end");
    }
  }

  #isErrorSent = false;

  /** Encodes the entries of the topics, a run of one topic and then of another. */
  #gather(): void {
    const { world, random } = this.#service;
    const { now } = world.scheduler;
    writer.begin(this.#bytes);
    const before = writer.length;
    let id = [...this.#ids.values()].join();
    while (writer.length < MAX_CHUNK && !this.#isErrorSent) {
      const open = [...this.#cursors].filter(([topic, cursor]) =>
        cursor < topic.entries.length && topic.entries[cursor]!.at <= now
      );
      if (open.length === 0) break;
      const [topic, cursor] = random.pick(open);
      const run = random.int(1, 20);
      const end = Math.min(topic.end(now), cursor + run);
      for (let i = cursor; i < end; i++) {
        const entry = topic.entries[i]!;
        const isFirst = i === this.#starts.get(topic);
        if (!isFirst && this.#service.leavesOut(entry)) continue;
        const { kind, timestamp } = entry;
        if (kind !== "empty" && this.#times.get(topic) !== timestamp) {
          this.#times.set(topic, timestamp);
          this.#ids.set(topic, idEntryOf(topic, timestamp + 1));
          this.#moved = topic;
          id = [...this.#ids.values()].join();
        }
        if (kind === "bad" && this.#moved !== topic) this.#service.noteUnclear();
        writer.add(entry, id);
        this.#service.served(entry, this.#machine);
        this.#unsent.push({ entry, end: this.#sent + writer.length });
      }
      this.#cursors.set(topic, end);
      if (this.#fault === "error event" && this.#sent + writer.length >= this.#faultAt) {
        this.#isErrorSent = true;
        writer.addText(ERROR_EVENT);
      }
    }
    if (writer.length > before) this.#bytes = writer.take();
  }
}

const ERROR_EVENT = `event: error\ndata: {"message":"Local: Broker transport failure"}\n\n`;
