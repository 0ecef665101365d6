import type { IBufferCell, Terminal } from "../support/programs/terminal.ts";

/** Width of a column, height of a row, size of the letters and the margin, in px. */
const COLUMN = 7.8;
const ROW = 18;
const LETTERS = 13;
const MARGIN = 16;
const TITLE_BAR = 34;

/** The sixteen colors of a dark terminal. */
const COLORS = [
  ...["#3b4252", "#f47067", "#8ddb8c", "#e0af68", "#6cb6ff", "#dcbdfb", "#76e3ea", "#c9d1d9"],
  ...["#768390", "#ff938a", "#b4f1b4", "#ffd479", "#96d0ff", "#eedcff", "#b3f0ff", "#ffffff"],
];
const PAPER = "#1b1f27";
const INK = COLORS[7]!;

/** Returns the contents of a terminal as an SVG picture, including rows that were scrolled off. */
export function terminalSvg(
  { buffer: { active }, cols }: Terminal,
  { title, firstRow = 0 }: { readonly title: string; readonly firstRow?: number },
): string {
  const rows = Array.from({ length: active.length - firstRow }, (_, row) => {
    const line = active.getLine(firstRow + row)!;
    return runsOf(Array.from({ length: cols }, (_, column) => line.getCell(column)!));
  });
  const shown = rows.slice(0, rows.findLastIndex((runs) => runs.length > 0) + 1);
  const [width, height] = [
    Math.ceil(cols * COLUMN + 2 * MARGIN),
    TITLE_BAR + shown.length * ROW + MARGIN,
  ];
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map((color, n) =>
    `<circle cx="${MARGIN + 6 + n * 20}" cy="${TITLE_BAR / 2}" r="6" fill="${color}"/>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" \
width="${width}" height="${height}">
<style>text { font: ${LETTERS}px ui-monospace, SFMono-Regular, Menlo, Consolas, \
"DejaVu Sans Mono", monospace; fill: ${INK}; white-space: pre }</style>
<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>
${dots.join("")}
<text x="${width / 2}" y="${TITLE_BAR / 2 + 4}" text-anchor="middle" fill-opacity=".6">\
${escaped(title)}</text>
${shown.map(rowSvg).join("\n")}
</svg>
`;
}

/** Adjacent cells of the same style. */
interface Run {
  readonly column: number;
  readonly look: string;
  columns: number;
  text: string;
}

/** Words in other scripts are separate runs, since their letters have other widths. */
function runsOf(cells: readonly IBufferCell[]): Run[] {
  const runs: Run[] = [];
  for (const [column, cell] of cells.entries()) {
    if (cell.getWidth() === 0) continue; // the second half of a wide letter
    const text = cell.getChars() || " ";
    const look = lookOf(cell);
    const last = runs.at(-1);
    const isForeign = /[^\x20-\x7e]/.test(text);
    if (last?.look === look && /[^\x20-\x7e]/.test(last.text) === isForeign) {
      last.text += text;
      last.columns += cell.getWidth();
    } else runs.push({ column, look, columns: cell.getWidth(), text });
  }
  return runs.filter(({ text }) => text.trim() !== "").map((run) => {
    const text = run.text.trimEnd();
    return { ...run, text, columns: run.columns - (run.text.length - text.length) };
  });
}

function lookOf(cell: IBufferCell): string {
  const color = cell.isFgPalette() ? COLORS[cell.getFgColor()] : undefined;
  return [
    color === undefined ? "" : ` style="fill: ${color}"`,
    cell.isBold() ? ' font-weight="bold"' : "",
    cell.isDim() ? ' fill-opacity=".6"' : "",
  ].join("");
}

function rowSvg(runs: readonly Run[], row: number): string {
  const y = TITLE_BAR + row * ROW + LETTERS;
  return runs.map(({ column, look, columns, text }) => {
    const [x, length] = [MARGIN + column * COLUMN, columns * COLUMN];
    return `<text x="${round(x)}" y="${y}" textLength="${round(length)}" \
lengthAdjust="spacingAndGlyphs"${look}>${escaped(text)}</text>`;
  }).join("");
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
