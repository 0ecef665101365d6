import { editsPerSecond, type Series } from "./results.ts";

const WIDTH = 760;
const LABELS = 250;
const ROW = 34;
const BARS = WIDTH - LABELS - 90;

/**
 * Draws edits per second as bars, with a line from minimum to maximum. The SVG has no scripts or
 * fonts of its own. A chart of a few bars needs no library.
 */
export function chart(peers: readonly Series[]): string {
  const rows = peers.filter(({ runs }) => runs.length > 0);
  const ranges = rows.map(editsPerSecond);
  const scale = BARS / Math.max(...ranges.map(({ most }) => most));
  const height = rows.length * ROW + 44;
  const bars = rows.map(({ name }, i) => {
    const { median, least, most } = ranges[i]!;
    const y = 36 + i * ROW;
    const middle = y + 11;
    const [from, to, end] = [least, most, median].map((value) => LABELS + value * scale);
    const text = Math.round(median).toLocaleString("en-US");
    return `
  <text x="${LABELS - 10}" y="${middle + 5}" text-anchor="end">${escape(name)}</text>
  <rect x="${LABELS}" y="${y}" width="${(median * scale).toFixed(1)}" height="22" rx="3" fill="${
      name.startsWith("wikitap") ? "#1f6feb" : "#8c959f"
    }"/>
  <path d="M${from!.toFixed(1)} ${middle}H${to!.toFixed(1)}" stroke="#1f2328" stroke-width="2"/>
  <text x="${(Math.max(end!, to!) + 8).toFixed(1)}" y="${middle + 5}">${text}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"
  aria-label="Edits per second of each producer" font-family="sans-serif" font-size="14"
  fill="#1f2328">
  <rect width="${WIDTH}" height="${height}" rx="6" fill="#ffffff"/>
  <text x="${LABELS}" y="24" font-weight="bold">Edits per second, from source to committed</text>${
    bars.join("")
  }
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
