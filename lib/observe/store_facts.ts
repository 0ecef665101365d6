import type { ProgressSnapshot } from "../store/consumer/progress.ts";
import type { Fact } from "./facts.ts";

/** The numbers of a store, in the order of the status line. */
export const STORE_FACTS: readonly Fact<ProgressSnapshot>[] = [
  {
    name: "lag_records",
    read: ({ lagRecords }) => lagRecords,
    status: "always",
    metric: [
      "wikitap_store_lag_records",
      "Records of these partitions that are not stored yet, including transaction markers.",
    ],
  },
  {
    name: "lag_seconds",
    read: ({ lagMs }) => lagMs / 1000,
    status: "always",
    metric: ["wikitap_store_lag_seconds", "Age of the last stored record; 0 if all are stored."],
  },
  {
    name: "stored",
    read: ({ edits }) => edits,
    words: ["stored", "stored"],
    status: "always",
  },
  {
    name: "put_aside",
    read: ({ bad }) => bad,
    words: ["bad", "bad"],
    status: "above 0",
  },
  {
    name: "skipped",
    read: ({ skipped }) => skipped,
    words: ["skipped", "skipped"],
    status: "above 0",
  },
  {
    name: "partitions",
    read: ({ partitions }) => partitions,
    words: ["partition", "partitions"],
    status: "always",
    metric: ["wikitap_store_partitions", "Partitions that this member of the group stores."],
  },
];
