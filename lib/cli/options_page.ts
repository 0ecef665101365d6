import { defaultText } from "./help.ts";
import { flagName, type Option, type OptionGroup, takesValue } from "./option.ts";
import type { Main } from "./program.ts";

/** A program as the manual describes it. */
export type Described = Main["manual"] & {
  /** Its file, from the top of the project. */
  readonly script: string;
  /** The rights that its task gives it, as flags of `deno run`. */
  readonly rights: readonly string[];
};

const BEGIN = "<!-- options -->";
const END = "<!-- /options -->";

/**
 * The options of programs as Markdown: first the groups that several of them share, then each
 * program with its own.
 */
export function manualOf(manuals: readonly Described[]): string {
  const all = new Set(manuals.flatMap(({ groups }) => groups));
  const users = (group: OptionGroup) => manuals.filter(({ groups }) => groups.includes(group));
  const shared = [...all].filter((group) => users(group).length > 1);
  const sections = shared.map((group) => {
    const everywhere = users(group).length === manuals.length;
    const where = everywhere ? "all programs" : users(group).map(({ usage }) => `\`${usage}\``);
    return `### ${group.title}\n\nIn ${[where].flat().join(", ")}.\n\n${tableOf([group])}`;
  });
  for (const { usage, summary, groups, script, rights } of manuals) {
    const own = groups.filter((group) => !shared.includes(group));
    const table = own.length === 0 ? "" : `\n\n${tableOf(own)}`;
    const flags = rights.map((flag) => flag.includes("*") ? `'${flag}'` : flag);
    const run = ["deno run --no-prompt", ...flags, script].join(" \\\n  ");
    sections.push(`### \`${usage}\`\n\n${summary}${table}\n\n\`\`\`sh\n${run}\n\`\`\``);
  }
  return `${sections.join("\n\n")}\n`;
}

/**
 * A text with the options between its two markers, lines that hold `<!-- options -->` and
 * `<!-- /options -->`.
 *
 * @throws {Error} where it has no such markers.
 */
export function withManual(text: string, manual: string): string {
  const [begin, end] = [text.indexOf(`${BEGIN}\n`), text.indexOf(`${END}\n`)];
  if (begin < 0 || end < begin) throw new Error(`Expected the lines '${BEGIN}' and '${END}'`);
  const ignored = `<!-- deno-fmt-ignore-start -->\n\n${manual}\n<!-- deno-fmt-ignore-end -->\n`;
  return `${text.slice(0, begin)}${BEGIN}\n${ignored}${text.slice(end)}`;
}

/** One table; where there are several groups a row tells where each begins. */
function tableOf(groups: readonly OptionGroup[]): string {
  const rows = groups.flatMap(({ title, options }) => [
    ...groups.length > 1 ? [row(`**${cell(title)}**`, "", "")] : [],
    ...Object.entries(options).map(([key, option]) => optionRow(key, option)),
  ]);
  return [row("option", "default", "what it does"), row("---", "---", "---"), ...rows].join("\n");
}

function optionRow(key: string, option: Option<unknown>): string {
  const value = takesValue(option) ? ` ${option.placeholder}` : "";
  const facts = [
    option.repeatable ? "repeatable" : "",
    option.env === undefined ? "" : `env \`${option.env}\``,
    option.alias === undefined ? "" : `also ${option.alias.map((name) => `\`--${name}\``)}`,
  ].filter((fact) => fact !== "");
  const help = cell(option.help) + (facts.length === 0 ? "" : ` (${facts.join("; ")})`);
  return row(`\`--${flagName(key)}${cell(value)}\``, cell(defaultText(option) ?? ""), help);
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Text as it is, in a cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}
