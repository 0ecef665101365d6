/** Upper bounds of histogram buckets. */

/** Records per batch. */
export const BATCH_RECORDS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000];
/** Duration of a transaction, in s: 5 ms on one machine, minutes if Kafka is unreachable. */
export const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** Time from an event to its commit, in s: one second when live, days in a back-fill. */
export const LAGS = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400, 604_800];
