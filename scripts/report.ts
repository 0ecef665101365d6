/**
 * Queries the stored edits.
 *
 *     deno task report
 */
import { program, runMain } from "../lib/cli/program.ts";
import { QUESTION_NAMES, REPORT_GROUPS, runReport } from "../lib/cli/programs/report.ts";

export const main = program({
  usage: "deno task report [QUESTION]",
  summary: `Queries the edits that 'deno task store' has stored. Answers all questions, or one of ${
    QUESTION_NAMES.join(", ")
  }.`,
  examples: [
    ["deno task report", "All questions, from the SQLite file edits.db"],
    ["deno task report top-pages --last 1h --limit 20", "The 20 most edited pages of an hour"],
    ["deno task report top-wikis --output csv", "For a spreadsheet"],
  ],
  groups: REPORT_GROUPS,
  operands: 1,
  run: runReport,
});

if (import.meta.main) await runMain(main);
