import type { VerifyReport } from "../../../lib/verify/report.ts";

/** The counts of differences if a topic equals its source. */
export const NO_DIFFERENCES: VerifyReport["differences"] = {
  lost: 0,
  duplicated: 0,
  different: 0,
  outOfOrder: 0,
  wrongPartition: 0,
  foreign: 0,
};
