import type { Filter } from "../../edits/filter/filter.ts";
import type { RecordFilter } from "../../edits/filter/record_filter.ts";
import { option } from "../option.ts";
import { listOf, oneOf } from "../values.ts";
import { domain, namespace, pattern, wiki } from "./events.ts";

/** The names of `--filter`, and how their values are parsed. */
const PARSERS = {
  // Not a list: titles have commas.
  key: (text: string): RecordFilter => ({ keys: [text] }),
  types: (text: string): RecordFilter => ({ types: listOf(pattern)(text) }),
  wiki: (text: string): RecordFilter => ({ wikis: listOf(wiki)(text) }),
  domain: (text: string): RecordFilter => ({ domains: listOf(domain)(text) }),
  namespace: (text: string): RecordFilter => ({ namespaces: listOf(namespace)(text) }),
  users: (text: string): RecordFilter => ({ users: oneOf("human", "bot", "all")(text) }),
} as const;

/** The names that `--filter` has for the lists of a filter. */
export const FILTER_NAMES: { readonly [K in keyof Filter]-?: keyof typeof PARSERS } = {
  types: "types",
  wikis: "wiki",
  domains: "domain",
  namespaces: "namespace",
  users: "users",
};

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
  let filter: RecordFilter = {};
  for (const line of text.split("\n")) {
    const [name, value] = [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)];
    if (!line.includes("=") || value === "") {
      throw new Error("expected NAME=VALUE, such as wiki=enwiki");
    }
    if (!Object.hasOwn(PARSERS, name)) {
      throw new Error(`expected one of ${Object.keys(PARSERS).join(", ")} before '='`);
    }
    filter = union(filter, PARSERS[name as keyof typeof PARSERS](value));
  }
  return filter;
}

function union(a: RecordFilter, b: RecordFilter): RecordFilter {
  const both = (x: readonly string[] | undefined, y: readonly string[] | undefined) =>
    x === undefined && y === undefined ? undefined : [...x ?? [], ...y ?? []];
  if (a.users !== undefined && b.users !== undefined) throw new Error("expected 'users' once");
  const users = a.users ?? b.users;
  return {
    keys: both(a.keys, b.keys),
    types: both(a.types, b.types),
    wikis: both(a.wikis, b.wikis),
    domains: both(a.domains, b.domains),
    namespaces: both(a.namespaces, b.namespaces),
    ...users === undefined ? {} : { users },
  };
}
