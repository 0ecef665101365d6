import type { VerifyReport } from "../../../lib/verify/report.ts";

/** The counts of differences between a topic and its source if there are none. */
export const NO_DIFFERENCES: VerifyReport["differences"] = {
  lost: 0,
  duplicated: 0,
  different: 0,
  outOfOrder: 0,
  wrongPartition: 0,
  foreign: 0,
};
