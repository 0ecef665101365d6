import stringWidth from "string-width";
import { cutText } from "./cut.ts";
import { safeText } from "./safe_text.ts";

/** One row: values by column name. */
export type TableRow = Readonly<Record<string, string | number | null>>;

/** Maximum width of a table column, in columns of a terminal. */
const WIDEST = 50;

/**
 * Formats rows as an aligned table. Numbers are right-aligned, long text is cut, control characters
 * are replaced. The columns are those of the first row.
 */
export function tableText(rows: readonly TableRow[]): string {
  const columns = Object.keys(rows[0] ?? {}).map((name) => {
    const isNumber = rows.every((row) => typeof row[name] === "number" || row[name] === null);
    const cells = [name, ...rows.map((row) => cellText(row[name] ?? null))].map((cell) =>
      cutText(cell, WIDEST)
    );
    const width = Math.max(...cells.map((cell) => stringWidth(cell)));
    return cells.map((cell) => {
      const space = " ".repeat(width - stringWidth(cell));
      return isNumber ? space + cell : cell + space;
    });
  });
  const [heads = []] = columns;
  return heads.map((_, line) => `${columns.map((cells) => cells[line]).join("  ").trimEnd()}\n`)
    .join("");
}

/**
 * Formats rows as CSV (RFC 4180, with line feeds), with a header. Null is an empty cell. A text
 * that a spreadsheet would take for a formula gets a leading apostrophe. Returns "" if there are no
 * rows.
 *
 * @param isTerminal Replaces control characters. Default false.
 */
export function csvText(rows: readonly TableRow[], { isTerminal = false } = {}): string {
  if (rows.length === 0) return "";
  const textOf = (value: string) => isTerminal ? safeText(value) : value;
  const cellOf = (value: string | number | null) =>
    typeof value === "string" ? csvCell(textOf(noFormula(value))) : String(value ?? "");
  const names = Object.keys(rows[0]!);
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? null))];
  return lines.map((cells) => `${cells.map(cellOf).join(",")}\n`).join("");
}

/** Disarms formulas by their first character (OWASP, "CSV Injection"). */
function noFormula(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cellText(value: string | number | null): string {
  if (value === null) return "-";
  return typeof value === "number" ? value.toLocaleString("en-US") : safeText(value);
}
