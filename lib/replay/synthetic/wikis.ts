import type { Random } from "../random.ts";

/** A wiki that synthetic events come from. */
export interface Wiki {
  /** The name of its database. */
  readonly wiki: string;
  /** Its host name. */
  readonly domain: string;
  /** The script of its language. */
  readonly script: Script;
  /** Its share of the events. */
  readonly weight: number;
  /** The approximate current value of its recent-change ids; the largest exceed 2^31. */
  readonly ids: number;
}

/** The parts of invented words. */
export type Script = "latin" | "accented" | "cyrillic" | "hebrew" | "arabic" | "han" | "items";

/** Real wikis, with their shares of the real stream. */
export const WIKIS: readonly Wiki[] = [
  wiki("wikidatawiki", "www.wikidata.org", "items", 30, 2_300_000_000),
  wiki("commonswiki", "commons.wikimedia.org", "latin", 21, 2_570_000_000),
  wiki("enwiki", "en.wikipedia.org", "latin", 17, 1_810_000_000),
  wiki("ruwiki", "ru.wikipedia.org", "cyrillic", 8, 492_000_000),
  wiki("frwiktionary", "fr.wiktionary.org", "accented", 3, 31_000_000),
  wiki("mgwiktionary", "mg.wiktionary.org", "latin", 3, 60_000_000),
  wiki("eswiki", "es.wikipedia.org", "accented", 3, 300_000_000),
  wiki("dewiki", "de.wikipedia.org", "accented", 3, 310_000_000),
  wiki("frwiki", "fr.wikipedia.org", "accented", 2, 528_000_000),
  wiki("frwikisource", "fr.wikisource.org", "accented", 2, 22_000_000),
  wiki("hewiki", "he.wikipedia.org", "hebrew", 2, 71_000_000),
  wiki("arwiki", "ar.wikipedia.org", "arabic", 2, 160_000_000),
  wiki("jawiki", "ja.wikipedia.org", "han", 2, 170_000_000),
  wiki("zhwiki", "zh.wikipedia.org", "han", 1, 140_000_000),
  wiki("metawiki", "meta.wikimedia.org", "latin", 1, 25_000_000),
];

function wiki(wiki: string, domain: string, script: Script, weight: number, ids: number): Wiki {
  return { wiki, domain, script, weight, ids };
}

/** Prefixes of titles by namespace; 104 and 2600 are in no common table of namespaces. */
export const PREFIXES: Readonly<Record<number, string>> = {
  0: "",
  1: "Talk:",
  2: "User:",
  3: "User talk:",
  4: "Wikipedia:",
  5: "Wikipedia talk:",
  6: "File:",
  10: "Template:",
  14: "Category:",
  100: "Portal:",
  104: "Page:",
  118: "Draft:",
  828: "Module:",
  2600: "Topic:",
};

const SYLLABLES: Readonly<Record<Exclude<Script, "items">, string>> = {
  latin: "ba dor el fin gu hal ir jem kos lu mar nil ost pra quin rel sto tam ulv wen yr zek",
  accented: "bé çon dür él fön gañ hâl ín jœm kös lü mær niñ ôst prá ré stø täm ûl vë zç",
  cyrillic: "ба дор ел фин гу хал ир жем кос лу мар нил ост пра кви рел сто там ульв вен яр зек",
  hebrew: "בא דור אל פין גו הל יר גם כוס לו מר ניל אוסט",
  arabic: "با دور ال فين غو هل ير جم كوس لو مار نيل",
  han: "山 川 田 森 海 風 雲 石 金 木 水 火 光 東 西 南 北",
};

/** Returns a meaningless word in the wiki's script. */
export function word(random: Random, script: Script): string {
  const syllables = SYLLABLES[script === "items" ? "latin" : script].split(" ");
  return Array.from({ length: random.integer(2, 3) }, () => random.pick(syllables)).join("");
}

/** Returns `count` words; the first has a capital letter if the script has them. */
export function words(random: Random, script: Script, count: number): string {
  const text = Array.from({ length: count }, () => word(random, script))
    .join(script === "han" ? "" : " ");
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Titles that naive code handles wrongly; `%` stands for an invented word. */
const ODD_TITLES = [
  "\"%\" and '%'",
  "% & % (100%?)",
  "A/B\\% + C#, D",
  "\u200f%\u200e (%)",
  "🦊 %",
  "𐎠𐎡 % 𠮷",
  "%: «%» – 1",
  "a̱%",
];

/** Returns an invented title without its namespace. One of 16 is unusual. */
export function title(random: Random, script: Script): string {
  if (script === "items") return `Q${random.integer(1_000_000, 140_000_000)}`;
  if (random.chance(1 / 16)) {
    return random.pick(ODD_TITLES).replaceAll("%", () => words(random, script, 1));
  }
  return words(random, script, random.integer(1, 4));
}

/**
 * Returns a user who does not exist: a bot, a name, a temporary account (`~2026-…`) or an IP
 * address (from the ranges for documentation, RFC 5737 and RFC 3849).
 */
export function userName(random: Random, script: Script, bot: boolean): string {
  if (bot) return `${words(random, "latin", 1)}Bot${random.chance(0.3) ? " II" : ""}`;
  const kind = random.next();
  if (kind < 0.12) return `~2026-${random.integer(10_000, 99_999)}-${random.integer(10, 99)}`;
  if (kind < 0.15) return `203.0.113.${random.integer(1, 254)}`;
  if (kind < 0.18) {
    return `2001:DB8:${random.integer(0x1000, 0xffff).toString(16).toUpperCase()}:0:0:0:0:1`;
  }
  const name = words(random, script, 1);
  return kind < 0.5 ? `${name} ${random.integer(2, 9999)}` : `${name} ${words(random, script, 1)}`;
}
