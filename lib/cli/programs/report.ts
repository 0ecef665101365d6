import { type Main, program } from "../program.ts";
import { databaseOption } from "../options/database.ts";
import { option, type OptionGroup } from "../option.ts";
import { quote } from "../quote.ts";
import { integer, oneOf, positiveDuration } from "../values.ts";
import { UsageError } from "../../shared/error.ts";
import { type AnswerRow, openReader } from "../../store/report/answers.ts";
import { type Question, type QuestionName, QUESTIONS } from "../../store/report/questions.ts";
import { writeOutput } from "../../terminal/output.ts";
import { jsonText } from "../../terminal/safe_text.ts";
import { csvText, tableText } from "../../terminal/table.ts";

/** The questions. */
export const QUESTION_NAMES = Object.keys(QUESTIONS) as QuestionName[];

const reportOptions = {
  title: "Report",
  options: {
    database: databaseOption,
    last: option({
      placeholder: "DURATION",
      help: "Only edits in the last DURATION, counted back from the newest edit. At most 3650d.",
      parse: lastDuration,
      defaultText: "all",
    }),
    limit: option({
      placeholder: "N",
      help: "Maximum number of rows per answer.",
      parse: integer(1, 10_000),
      default: 10,
    }),
    output: option({
      placeholder: "FORMAT",
      help:
        "table; csv, for one question, with an apostrophe before formulas; or json, one object with the rows of each question.",
      parse: oneOf("table", "csv", "json"),
      default: "table",
    }),
  },
} satisfies OptionGroup;

/** Queries the stored edits. */
export const reportMain: Main = program({
  usage: "deno task report [QUESTION]",
  summary: `Queries the edits that 'deno task store' has stored. Answers all questions, or one of ${
    QUESTION_NAMES.join(", ")
  }.`,
  examples: [
    ["deno task report", "All questions, from the SQLite file edits.db"],
    ["deno task report top-pages --last 1h --limit 20", "The 20 most edited pages of an hour"],
    ["deno task report top-wikis --output csv", "For a spreadsheet"],
  ],
  groups: [reportOptions],
  operands: 1,
  run: async ({ database, output, last, limit, operands: [name] }) => {
    const names = name === undefined ? QUESTION_NAMES : [questionName(name)];
    if (output === "csv" && names.length > 1) {
      throw new UsageError("Cannot write several answers as CSV", {
        hint: `Name one question: ${QUESTION_NAMES.join(", ")}`,
      });
    }
    await using reader = openReader(database, Deno.env.get("PGPASSWORD"));
    const answers: [QuestionName, readonly AnswerRow[]][] = [];
    for (const name of names) {
      answers.push([name, await reader.ask(QUESTIONS[name], { limit, last })]);
    }
    writeOutput(FORMATS[output](answers));
  },
});

type Answers = readonly (readonly [QuestionName, readonly AnswerRow[]])[];

const FORMATS = {
  table: (answers: Answers) =>
    answers.map(([name, rows]) => `${heading(QUESTIONS[name])}${tableText(rows) || "(none)\n"}`)
      .join("\n"),
  csv: (answers: Answers) =>
    answers.map(([, rows]) => csvText(rows, { isTerminal: Deno.stdout.isTerminal() })).join(""),
  json: (answers: Answers) => jsonText(Object.fromEntries(answers)),
};

function heading({ title }: Question): string {
  return `${title}\n${"─".repeat(title.length)}\n`;
}

function lastDuration(text: string): number {
  const ms = positiveDuration(text);
  // PostgreSQL has no times before 4713 BC.
  if (ms > 3650 * 86_400_000) throw new Error("expected a duration of at most 3650d");
  return ms;
}

function questionName(text: string): QuestionName {
  const name = QUESTION_NAMES.find((name) => name === text);
  if (name === undefined) {
    throw new UsageError(`Cannot answer the question ${quote(text)}: it is unknown`, {
      hint: `Use one of ${QUESTION_NAMES.join(", ")}`,
    });
  }
  return name;
}
