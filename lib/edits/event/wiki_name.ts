/**
 * Wikis whose database name does not follow from their domain (Wikimedia's `multiversion` tables).
 */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ["api.wikimedia.org", "apiportalwiki"],
  ["be-tarask.wikipedia.org", "be_x_oldwiki"],
  ["wikisource.org", "sourceswiki"],
  ["wikitech.wikimedia.org", "labswiki"],
]);

/**
 * Returns a wiki's database name for its domain: `enwiki` for `en.wikipedia.org`, `frwiktionary`
 * for `fr.wiktionary.org`, `commonswiki` for `commons.wikimedia.org`. `undefined` for any other
 * host.
 */
export function wikiNameOf(domain: string): string | undefined {
  const exception = EXCEPTIONS.get(domain);
  if (exception !== undefined) return exception;
  const [, host = "", project = ""] = DOMAIN.exec(domain) ?? [];
  if (project === "") return undefined;
  const name = host.replaceAll("-", "_");
  if (project === "wikipedia") return `${name}wiki`;
  // Wikis of the chapters, such as nl.wikimedia.org, and all others.
  if (project === "wikimedia") return host.length === 2 ? `${name}wikimedia` : `${name}wiki`;
  if (!ALONE.has(project)) return `${name}${project}`;
  return host === "www" ? `${project}wiki` : `${name}${project}wiki`;
}

const DOMAIN =
  /^([a-z][a-z0-9-]*)\.(wik(?:ipedia|tionary|ibooks|inews|iquote|isource|iversity|ivoyage|imedia|idata|ifunctions)|mediawiki)\.org$/;

/** Projects of one wiki; others beside it are for tests. */
const ALONE: ReadonlySet<string> = new Set(["wikidata", "wikifunctions", "mediawiki"]);
