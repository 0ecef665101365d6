import { parseArgs } from "@std/cli";
import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "../shared/error.ts";
import { quote } from "./quote.ts";

/** One option of a program, declared once: parsing, `--help` and the README's table come from it. */
export interface Option<T> {
  /** One or two sentences, without the default, which is added. */
  readonly help: string;
  /** What stands for the value in the help (`HOST:PORT`); a switch has none. */
  readonly placeholder?: string;
  /** Turns the text into a value; throws an `Error` that says what was expected. */
  readonly parse: (text: string) => T;
  /** The value where neither flag nor environment gives one. */
  readonly default: T;
  /** The default in words, where the value itself does not say it. */
  readonly defaultText?: string;
  /** Environment variable that is read where the flag is not given. */
  readonly env?: string;
  /** Other spellings of the flag, without the dashes. */
  readonly alias?: readonly string[];
  /** May be given several times; `parse` then gets the values joined by line feeds. */
  readonly repeatable?: boolean;
}

/** Options by name in camelCase; the flag is the same name with hyphens. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** A titled table of options that programs share. */
export interface OptionGroup<O extends Options = Options> {
  readonly title: string;
  readonly options: O;
}

/** The values of a table of options. */
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

type Intersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I
  : never;

/** The values of all groups of a program together. */
export type GroupValues<G extends readonly OptionGroup[]> = Intersection<
  Values<G[number]["options"]>
>;

/** An option with a value. Without a `default` its value is `undefined` where it is not given. */
export function option<T>(
  declared: Omit<Option<T>, "default"> & { default: NoInfer<T> },
): Option<T>;
export function option<T>(declared: Omit<Option<T>, "default">): Option<T | undefined>;
export function option<T>(declared: Omit<Option<T>, "default"> & { default?: T }) {
  return { placeholder: "VALUE", default: undefined, ...declared };
}

/** A switch: present or not; `--name=false` also turns it off. */
export function flag(help: string): Option<boolean> {
  return { help, default: false, parse: parseBoolean };
}

function parseBoolean(text: string): boolean {
  if (text === "true" || text === "") return true;
  if (text === "false") return false;
  throw new Error("expected no value, 'true' or 'false'");
}

/** The flag's name on the command line, without the dashes: `bootstrapServer` → `bootstrap-server`. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An option takes a value unless it is a switch. */
export function takesValue(option: Option<unknown>): boolean {
  return option.placeholder !== undefined;
}

/**
 * Reads the options of `groups` from the command line and, where a flag is missing, from the
 * environment.
 *
 * @param env Reads one variable; only names that an option declares are asked for.
 * @throws {UsageError} for an unknown flag, a stray argument, a missing, repeated or refused value.
 */
export function parseOptions<const G extends readonly OptionGroup[]>(
  groups: G,
  args: readonly string[],
  env: (name: string) => string | undefined,
): GroupValues<G> & { readonly operands: readonly string[] } {
  const declared = new Map<string, Option<unknown>>();
  for (const { options } of groups) {
    for (const [key, option] of Object.entries(options)) declared.set(key, option);
  }
  const keys = new Map<string, string>();
  for (const [key, option] of declared) {
    for (const name of [flagName(key), ...option.alias ?? []]) keys.set(name, key);
  }
  const operands: string[] = [];
  const parsed = parseArgs(joinValues(args, (name) => declared.get(keys.get(name) ?? "")), {
    string: ["_", ...keys.keys()],
    collect: [...keys.keys()],
    unknown: (argument) => {
      if (argument.startsWith("-")) throw unknownFlag(argument, [...keys.keys()]);
      operands.push(argument);
    },
  });
  if (args.includes("--")) throw new UsageError("Unexpected argument '--'", SEE_HELP);
  const values: Record<string, unknown> = { operands };
  for (const [key, option] of declared) {
    const names = [...keys].filter(([, owner]) => owner === key).map(([name]) => name);
    const texts = names.flatMap((name) => (parsed[name] ?? []) as string[]);
    values[key] = valueOf(option, `--${flagName(key)}`, texts, env);
  }
  return values as GroupValues<G> & { operands: string[] };
}

const SEE_HELP = { hint: "See --help for the flags of this program" };

/** The flag that was meant is told where a third of its letters, at the most, would have to change. */
function unknownFlag(argument: string, known: readonly string[]): UsageError {
  const name = argument.replace(/^-+/, "").replace(/=.*/s, "").slice(0, LONGEST_MISSPELT);
  const nearest = closest(name, known);
  const isNear = distance(name, nearest) <= nearest.length / 3;
  return new UsageError(
    `Unknown flag ${quote(argument)}`,
    isNear ? { hint: `Did you mean --${nearest}? See --help` } : SEE_HELP,
  );
}

/** Characters of an unknown flag that are compared with the known ones. */
const LONGEST_MISSPELT = 100;

function valueOf(
  option: Option<unknown>,
  flag: string,
  texts: readonly string[],
  env: (name: string) => string | undefined,
): unknown {
  if (texts.length > 1 && !option.repeatable) {
    throw new UsageError(`${flag} is given ${texts.length} times, and takes one value`);
  }
  if (texts.length > 0) return parseText(option, flag, texts.join("\n"));
  // An empty variable counts as not set, as in most service files and containers.
  const fromEnv = option.env === undefined ? undefined : env(option.env) || undefined;
  if (fromEnv !== undefined) return parseText(option, `${option.env} (environment)`, fromEnv);
  return option.default;
}

function parseText(option: Option<unknown>, source: string, text: string): unknown {
  if (takesValue(option) && text === "") {
    throw new UsageError(`${source} needs a value: ${option.placeholder}`, SEE_HELP);
  }
  try {
    return option.parse(text);
  } catch (cause) {
    // One that words its refusal itself, because the value is not to be shown.
    if (cause instanceof UsageError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Invalid value ${quote(text)} for ${source}: ${reason}`);
  }
}

/**
 * Writes `--flag value` as `--flag=value` for the flags that take one, so that a value may begin
 * with a dash (`--namespace -1`), and a switch never swallows the argument behind it.
 */
function joinValues(
  args: readonly string[],
  find: (name: string) => Option<unknown> | undefined,
): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const option = arg.startsWith("--") ? find(arg.slice(2)) : undefined;
    const next = args[i + 1];
    if (option === undefined) joined.push(arg);
    else if (!takesValue(option)) joined.push(`${arg}=true`);
    else if (next === undefined || /^--?[a-z]/i.test(next)) joined.push(`${arg}=`);
    else joined.push(`${arg}=${args[++i]}`);
  }
  return joined;
}
