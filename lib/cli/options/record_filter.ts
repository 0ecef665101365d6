import type { Filter } from "../../edits/filter/filter.ts";
import type { RecordFilter } from "../../edits/filter/record_filter.ts";
import { RECORD_OPTIONS } from "../../produce/record_options.ts";
import { option } from "../option.ts";
import { filterOptions } from "./events.ts";

const { options } = filterOptions;
const NAMES = Object.keys(options) as (keyof typeof options)[];

/** Returns the name that `--filter` has for a field of a filter. */
export function filterName(field: keyof Filter): string | undefined {
  return NAMES.find((name) => RECORD_OPTIONS[name].filter === field);
}

/** The `--filter` option of programs that read records. */
export const recordFilterOption = option({
  placeholder: "NAME=VALUE[,…]",
  help: "Only records that match, by key or as the producer's filters: key, types, wiki, domain, " +
    "namespace, users. '*' at either end is a wildcard. Repeat it: values of one name are " +
    "alternatives, and all names have to match.",
  parse: parseRecordFilter,
  repeatable: true,
});

/** Parses lines of `NAME=VALUE[,…]`. */
function parseRecordFilter(text: string): RecordFilter {
  const lists: Partial<Record<keyof RecordFilter, readonly string[]>> = {};
  for (const line of text.split("\n")) {
    const [name, value] = [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)];
    if (!line.includes("=") || value === "") {
      throw new Error("expected NAME=VALUE, such as wiki=enwiki");
    }
    const [field, values] = parseOne(name, value);
    if (field === "users" && lists.users) throw new Error("expected 'users' once");
    lists[field] = [...lists[field] ?? [], ...values];
  }
  const { users, ...filter } = lists;
  return users === undefined ? filter : { ...filter, users: users[0] as "all" };
}

function parseOne(name: string, value: string): [keyof RecordFilter, readonly string[]] {
  // Not a list, since titles contain commas.
  if (name === "key") return ["keys", [value]];
  const known = NAMES.find((one) => one === name);
  if (known === undefined) {
    throw new Error(`expected one of ${["key", ...NAMES].join(", ")} before '='`);
  }
  return [RECORD_OPTIONS[known].filter, [options[known].parse(value) ?? []].flat()];
}
