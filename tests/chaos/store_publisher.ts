import type { Message } from "../../lib/kafka/client/kafkajs.ts";
import type { Random } from "../../lib/replay/random.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { editOf, openPublisher, timeOf } from "../support/kafka/records.ts";

/** The outcomes of published records, by the numbers of their edits. */
export interface Published {
  /** Their transaction was certainly committed. */
  readonly committed: Set<number>;
  /** Their transaction was certainly aborted. */
  readonly aborted: Set<number>;
  /** The broker died during the commit: the outcome is unknown. */
  readonly unknown: Set<number>;
  /** Committed records that are not edits. */
  bad: number;
}

/** The maximum number of records of one transaction. */
const LARGEST = 800;

/**
 * Publishes edits in transactions for some time, and sometimes a record that is not an edit. Every
 * fifth transaction is aborted. No number is used twice, even after an abort.
 */
export async function publishEdits(
  { brokers, topic, partitions, records, duration, random }: {
    readonly brokers: string;
    readonly topic: string;
    readonly partitions: number;
    /** The approximate number of records to commit. */
    readonly records: number;
    /** ms. */
    readonly duration: number;
    readonly random: Random;
  },
): Promise<Published> {
  const published: Published = {
    committed: new Set(),
    aborted: new Set(),
    unknown: new Set(),
    bad: 0,
  };
  const began = Date.now();
  let number = 0;
  const id = crypto.randomUUID();
  let publisher = await openPublisher(brokers, id);
  while (published.committed.size < records) {
    const due = began + duration * published.committed.size / records;
    await sleep(due - Date.now());
    const count = random.integer(1, LARGEST);
    const numbers = Array.from({ length: count }, () => number++);
    const bad = numbers.filter(() => random.chance(0.002));
    const messages = numbers.map((number) => message(number, bad.includes(number), partitions));
    const abort = random.chance(0.2);
    try {
      await publisher.publish(topic, messages, { abort });
      numbers.forEach((number) => published[abort ? "aborted" : "committed"].add(number));
      if (!abort) published.bad += bad.length;
    } catch {
      numbers.forEach((number) => published.unknown.add(number));
      // kafkajs never recovers in a transaction. A new producer with the same id aborts the open
      // one.
      await publisher[Symbol.asyncDispose]().catch(() => {});
      publisher = await openPublisher(brokers, id);
    }
  }
  await publisher[Symbol.asyncDispose]();
  return published;
}

function message(number: number, isBad: boolean, partitions: number): Message {
  const edit = editOf(number);
  return {
    partition: number % partitions,
    timestamp: String(timeOf(number)),
    value: JSON.stringify(isBad ? { ...edit, color: "red" } : edit),
  };
}
