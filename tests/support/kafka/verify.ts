import { clusterConfig } from "../../../lib/cli/open/cluster_config.ts";
import { VERIFY_GROUPS } from "../../../lib/cli/options/verify.ts";
import { parseOptions } from "../../../lib/cli/option.ts";
import { compareTopic } from "../../../lib/cli/programs/verify/verify.ts";
import { disconnect, openCluster } from "../../../lib/kafka/client/cluster.ts";
import type { VerifyOptions } from "../../../lib/verify/options.ts";
import { repair } from "../../../lib/verify/repair.ts";
import type { VerifyReport } from "../../../lib/verify/report.ts";
import type { Verified } from "../../../lib/verify/verify.ts";
import type { TextRecord } from "./produce.ts";

/** Compares a topic within this process. */
export async function verifyReport(
  kafka: string,
  args: readonly string[],
  more: More = {},
): Promise<VerifyReport> {
  return (await compared(kafka, args, more)).verified.report;
}

/** Compares a topic within this process. Also returns the lost records. */
export async function verified(kafka: string, args: readonly string[]): Promise<Verified> {
  return (await compared(kafka, args)).verified;
}

/** Compares a topic, and publishes the lost records. */
export async function repairReported(kafka: string, args: readonly string[]): Promise<void> {
  const { verified: { lost }, plan, cluster, stop } = await compared(kafka, args);
  await repair({ cluster, name: plan.position.group, lost, stop, at: new Date() });
}

type More = Pick<VerifyOptions, "maxRecords" | "patienceMs" | "onProgress">;

async function compared(kafka: string, args: readonly string[], more: More = {}) {
  const flags = ["--bootstrap-server", kafka, ...args];
  const values = parseOptions(VERIFY_GROUPS, flags, () => undefined);
  const cluster = openCluster(clusterConfig(values));
  const { signal: stop } = new AbortController();
  return { ...await compareTopic(values, cluster, { stop, ...more }), cluster, stop };
}

/** A record with its partition. */
export type Placed = Omit<TextRecord, "offset" | "value"> & {
  readonly value: string | Uint8Array;
};

/** Writes records to partitions of a topic, in order, without a transaction. */
export async function writeRecords(
  kafka: string,
  topic: string,
  records: readonly Placed[],
): Promise<void> {
  const { patient } = openCluster({ brokers: kafka.split(",") });
  const producer = patient.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: () => ({ message }) => message.partition!,
  });
  await producer.connect();
  try {
    for (const [partition, inOrder] of Map.groupBy(records, ({ partition }) => partition)) {
      const messages = inOrder.map(({ key, value, timestamp, headers }) => ({
        partition,
        key: key === null ? null : new TextEncoder().encode(key),
        value: typeof value === "string" ? new TextEncoder().encode(value) : value,
        timestamp,
        headers,
      }));
      for (let from = 0; from < messages.length; from += 2000) {
        await producer.send({ topic, messages: messages.slice(from, from + 2000) as never });
      }
    }
  } finally {
    await disconnect(producer);
  }
}
