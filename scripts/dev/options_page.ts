import { defaultText } from "../../lib/cli/help.ts";
import { flagName, type Option, type OptionGroup, takesValue } from "../../lib/cli/option.ts";
import type { Main } from "../../lib/cli/program.ts";

/** A program as the page describes it. */
export type Described = Main["manual"];

const BEGIN = "<!-- options -->";
const END = "<!-- /options -->";

/**
 * Returns the options of programs as Markdown: first the groups that several programs share, then
 * the options that each program has for itself. A program without options of its own is left out.
 */
export function optionTables(programs: readonly Described[]): string {
  const all = new Set(programs.flatMap(({ groups }) => groups));
  const users = (group: OptionGroup) => programs.filter(({ groups }) => groups.includes(group));
  const shared = [...all].filter((group) => users(group).length > 1);
  const sections = shared.map((group) => {
    const everywhere = users(group).length === programs.length;
    const usages = users(group).map(({ usage }) => `\`${usage}\``).join(", ");
    const scope = everywhere ? "All programs." : `Programs: ${usages}.`;
    return `## ${group.title}\n\n${scope}\n\n${tableOf([group])}`;
  });
  for (const { usage, summary, groups } of programs) {
    const own = groups.filter((group) => !shared.includes(group));
    if (own.length > 0) sections.push(`## \`${usage}\`\n\n${summary}\n\n${tableOf(own)}`);
  }
  const headings = sections.map((section) => /^## (.*)$/m.exec(section)![1]!);
  const contents = headings.map((heading) => `- [${heading}](${anchorOf(heading)})`).join("\n");
  return `${[contents, ...sections].join("\n\n")}\n`;
}

/** Returns the link to a heading of the same page, as GitHub makes it. */
export function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "");
  return `#${words.replaceAll(" ", "-")}`;
}

/**
 * Returns `text` with the tables between its two markers, the lines `<!-- options -->` and
 * `<!-- /options -->`.
 *
 * @throws {Error} if a marker is missing.
 */
export function withTables(text: string, tables: string): string {
  const [begin, end] = [text.indexOf(`${BEGIN}\n`), text.indexOf(`${END}\n`)];
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot insert the options: expected the lines '${BEGIN}' and '${END}'`);
  }
  const ignored = `<!-- deno-fmt-ignore-start -->\n\n${tables}\n<!-- deno-fmt-ignore-end -->\n`;
  return `${text.slice(0, begin)}${BEGIN}\n${ignored}${text.slice(end)}`;
}

/** Returns one table; if there are several groups, each begins with a row that has its title. */
function tableOf(groups: readonly OptionGroup[]): string {
  const rows = groups.flatMap(({ title, options }) => [
    ...groups.length > 1 ? [row(`**${cell(title)}**`, "", "")] : [],
    ...Object.entries(options).map(([key, option]) => optionRow(key, option)),
  ]);
  return [row("option", "default", "meaning"), row("---", "---", "---"), ...rows].join("\n");
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

/** Escapes text for a cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}
