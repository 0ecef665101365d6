import { formatDuration } from "../shared/duration.ts";
import { flagName, type Option, type OptionGroup, takesValue } from "./option.ts";

/** The description of a program, without its options. */
export interface Description {
  /** The command: `deno task consume`. */
  readonly usage: string;
  /** The purpose of the program, in one or two sentences. */
  readonly summary: string;
  /** Command lines that work as written, each with its effect. */
  readonly examples: readonly (readonly [command: string, does: string])[];
}

const WIDTH = 96;
const INDENT = 6;

/** Returns the text of `--help`: summary, examples, then the options by group. */
export function helpText(description: Description, groups: readonly OptionGroup[]): string {
  const examples = description.examples.map(([command, does]) => `  # ${does}\n  ${command}\n`);
  const sections = groups.map(({ title, options }) =>
    `${title}:\n${Object.entries(options).map(([key, option]) => optionHelp(key, option)).join("")}`
  );
  return [
    `${wrap(description.summary, 0)}\n`,
    `Examples:\n${examples.join("\n")}`,
    `Usage: ${description.usage} [flags]\n`,
    ...sections,
    `Other:\n  --help\n${" ".repeat(INDENT)}Print this text.\n  --version\n${
      " ".repeat(INDENT)
    }Print the version.\n`,
  ].join("\n");
}

function optionHelp(key: string, option: Option<unknown>): string {
  const value = takesValue(option) ? ` ${option.placeholder}` : "";
  const facts = [
    option.repeatable ? "repeatable" : "",
    option.env === undefined ? "" : `env ${option.env}`,
    defaultText(option) === undefined ? "" : `default ${defaultText(option)}`,
  ].filter((fact) => fact !== "");
  const help = facts.length === 0 ? option.help : `${option.help} (${facts.join("; ")})`;
  return `  --${flagName(key)}${value}\n${wrap(help, INDENT)}\n`;
}

/** Returns the default as written on the command line, or `undefined` if there is none. */
export function defaultText(option: Option<unknown>): string | undefined {
  if (option.defaultText !== undefined) return option.defaultText;
  if (!takesValue(option) || option.default === undefined) return undefined;
  if (typeof option.default === "number" && option.placeholder === "DURATION") {
    return formatDuration(option.default);
  }
  return String(option.default);
}

function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((line) => " ".repeat(indent) + line).join("\n");
}
