import { assert, assertEquals } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import stringWidth from "string-width";
import { jsonLine, textLine } from "../../../lib/cli/log.ts";
import { jsonOf } from "../../../lib/console/json.ts";
import { lineOf } from "../../../lib/console/line.ts";
import { renderStatus } from "../../../lib/terminal/status_line.ts";
import { safeJson, safeText } from "../../../lib/terminal/safe_text.ts";
import { csvText, tableText } from "../../../lib/terminal/table.ts";
import { HOSTILE } from "../../support/tools/hostile.ts";
import { editOf } from "../../support/kafka/records.ts";

const encoder = new TextEncoder();

/** Characters that must not reach a terminal or a log: controls, line ends, reordering, hiding. */
const HARMFUL =
  // deno-lint-ignore no-control-regex -- control characters are what this is about
  /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/;

/** Runs every test with every text. */
function eachText(name: string, body: (text: string) => void): void {
  Deno.test(name, async (t) => {
    for (const [what, text] of Object.entries(HOSTILE)) await t.step(what, () => body(text));
  });
}

function assertHarmless(line: string, longest = Infinity): void {
  const found = HARMFUL.exec(line);
  assert(found === null, `holds ${JSON.stringify(found?.[0])}`);
  assert(line.length <= longest, `${line.length} characters`);
}

/** Checks that a text is one whole, safe line. */
function assertLine(line: string): void {
  assert(line.endsWith("\n"));
  assertHarmless(line.slice(0, -1));
}

function record(value: unknown) {
  return {
    key: null,
    timestamp: "0",
    offset: "7",
    value: encoder.encode(typeof value === "string" ? value : JSON.stringify(value)),
  };
}

function editWith(text: string) {
  return editOf(1, { title: text, user_name: text, domain: text, namespace: text });
}

eachText("safeText() and safeJson() make any text safe", (text) => {
  assertHarmless(safeText(text));
  const json = safeJson(JSON.stringify(text));
  assertHarmless(json);
  assertEquals(JSON.parse(json), text);
});

eachText("lineOf() shows any value in one safe line of limited length", (text) => {
  assertHarmless(lineOf(record(editWith(text))), 3000);
  assertHarmless(lineOf(record(text)), 3000);
});

eachText("jsonOf() returns JSON of the same record", (text) => {
  const json = jsonOf({ topic: "t", partition: 0 }, {
    ...record(editWith(text)),
    key: encoder.encode(text),
  });
  assertHarmless(json);
  assertEquals(JSON.parse(JSON.parse(json).value), editWith(text));
});

eachText("textLine() and jsonLine() log any text as one safe line", (text) => {
  const logged: LogRecord = {
    category: ["wikitap", "produce"],
    level: "info" as const,
    timestamp: 0,
    rawMessage: "",
    message: ["Refused (", text, ")"],
    properties: { text },
  };
  assertLine(textLine(logged));
  const line = jsonLine(logged);
  assertLine(line);
  const { message, properties } = JSON.parse(line);
  assertEquals([message, properties.text], [`Refused (${text})`, text]);
});

eachText("renderStatus() returns one line of the terminal's width", (text) => {
  const status = { state: safeText(text), isHealthy: true, parts: [safeText(text)], facts: {} };
  for (const width of [0, 1, 20, 80]) {
    assert(stringWidth(renderStatus(status, width, { isColored: true })) <= width, `${width}`);
  }
});

eachText("tableText() shows any text in a safe cell of its width", (text) => {
  const [head, cell, next] = tableText([{ title: text, n: 1 }, { title: "x", n: 2 }]).split("\n");
  for (const line of [head!, cell!, next!]) {
    assertHarmless(line);
    assert(stringWidth(line) <= 50 + 2 + 1);
  }
  assertEquals(stringWidth(cell!), stringWidth(next!));
});

eachText("csvText() preserves any text, and disarms formulas", (text) => {
  const [names, ...rows] = readCsv(
    csvText([{ title: text, change: -5 }, { title: null, change: 0 }]),
  );
  const shown = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  assertEquals(names, ["title", "change"]);
  assertEquals(rows, [[shown, "-5"], ["", "0"]]);
});

eachText("csvText() for a terminal has one safe line per row", (text) => {
  const lines = csvText([{ title: text }], { isTerminal: true }).split("\n");
  assertEquals(lines.length, 3);
  for (const line of lines) assertHarmless(line);
});

/** Parses CSV by RFC 4180, with line feeds between rows. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^,"\n]*))([,\n])/y;
  while (cell.lastIndex < text.length) {
    const [, quoted, plain, end] = cell.exec(text)!;
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}
