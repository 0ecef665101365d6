/**
 * MediaWiki's namespaces by number, with their names on the English Wikipedia: the built-in ones
 * and those of the common extensions (mediawiki.org, "Extension default namespaces").
 */
export const NAMESPACES: ReadonlyMap<number, string> = new Map([
  [-2, "Media"],
  [-1, "Special"],
  [0, "main namespace"],
  [1, "Talk"],
  [2, "User"],
  [3, "User Talk"],
  [4, "Wikipedia"],
  [5, "Wikipedia Talk"],
  [6, "File"],
  [7, "File Talk"],
  [8, "MediaWiki"],
  [9, "MediaWiki Talk"],
  [10, "Template"],
  [11, "Template Talk"],
  [12, "Help"],
  [13, "Help Talk"],
  [14, "Category"],
  [15, "Category Talk"],
  [100, "Portal"],
  [101, "Portal Talk"],
  [108, "Book"],
  [109, "Book Talk"],
  [118, "Draft"],
  [119, "Draft Talk"],
  [446, "Education Program"],
  [447, "Education Program Talk"],
  [710, "TimedText"],
  [711, "TimedText Talk"],
  [828, "Module"],
  [829, "Module Talk"],
  [2300, "Gadget"],
  [2301, "Gadget Talk"],
  [2302, "Gadget definition"],
  [2303, "Gadget definition Talk"],
]);

/** The name of every namespace outside the table: wikis add their own. */
export const UNKNOWN_NAMESPACE = "unknown";

const NUMBERS: ReadonlyMap<string, number> = new Map(
  [...NAMESPACES].map(([number, name]) => [name, number]),
);

/**
 * Returns the number of a name of the table; NaN for every other name, whose number is not known.
 */
export function namespaceNumber(name: string): number {
  return NUMBERS.get(name) ?? NaN;
}

/** Returns the name of a namespace; `unknown` if the table has none. */
export function namespaceName(number: number): string {
  return NAMESPACES.get(number) ?? UNKNOWN_NAMESPACE;
}
