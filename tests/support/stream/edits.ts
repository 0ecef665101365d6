import type { Edit } from "../../../lib/edits/message/edit.ts";

const DOMAINS = [
  ["www.wikidata.org", 30],
  ["commons.wikimedia.org", 21],
  ["en.wikipedia.org", 18],
  ["de.wikipedia.org", 6],
  ["fr.wikipedia.org", 6],
  ["ru.wikipedia.org", 5],
  ["ja.wikipedia.org", 4],
  ["ar.wikipedia.org", 3],
  ["he.wikipedia.org", 2],
  ["fr.wiktionary.org", 3],
  ["sv.wikisource.org", 2],
] as const;

const NOUNS = [
  "Lighthouse",
  "Railway station",
  "Glacier",
  "Observatory",
  "Herbarium",
  "String quartet",
  "Canal",
  "Moth",
  "Cathedral",
  "Island",
  "Dialect",
  "Botanical garden",
];

const PLACES = [
  "Nordhavn",
  "Almería Vieja",
  "Kestrel Bay",
  "Ōmizu",
  "Veldkirch",
  "Saint-Aubin-le-Lac",
  "Tarn Hollow",
  "Грушёвка",
  "Lower Ashby",
  "Qasr al-Hajar",
];

const NAMESPACES = [
  ["", "main namespace", 70],
  ["Talk:", "Talk", 10],
  ["File:", "File", 8],
  ["Category:", "Category", 8],
  ["User:", "User", 4],
] as const;

const HUMANS = [
  "Marigold Finch",
  "Tomte",
  "Anselm K.",
  "نورا",
  "Quill & Ink",
  "Brackenfern",
];
const BOTS = ["TidyLinksBot", "CommonsSorter", "RefHarvester", "InterwikiBot"];

/**
 * Returns an invented edit. The same `number` gives the same edit, except for the time.
 *
 * @param time ms since the epoch.
 */
export function inventEdit(number: number, time: number): Edit {
  const random = randomOf(number);
  const isBot = random() < 0.45;
  const [prefix, namespace] = weighted(NAMESPACES, random);
  const [domain] = weighted(DOMAINS, random);
  // Squared: some pages and users are edited far more than others.
  const place = Math.floor(random() ** 2 * 120);
  const title = domain === "www.wikidata.org"
    ? `Q${90_000 + Math.floor(random() ** 3 * 4000)}`
    : `${prefix}${NOUNS[place % NOUNS.length]} of ${PLACES[Math.floor(place / 12)]}`;
  const isNew = random() < 0.06;
  const users = isBot ? BOTS : HUMANS;
  const oldLength = 300 + Math.floor(random() ** 3 * 60_000);
  const change = Math.round((random() < 0.72 ? 1 : -0.6) * random() ** 6 * 9000);
  return {
    id: 1_800_000_000 + number,
    domain,
    namespace: domain === "www.wikidata.org" ? "main namespace" : namespace,
    title,
    timestamp: new Date(time).toISOString(),
    user_name: users[Math.floor(random() ** 2 * users.length)] ?? null,
    user_type: isBot ? "bot" : "human",
    old_length: isNew ? null : oldLength,
    new_length: Math.max(0, oldLength + change),
  };
}

/** Returns an hour of invented edits, with a varying rate for the chart. */
export function hourOfEdits(): Edit[] {
  const edits: Edit[] = [];
  for (let ago = 3600; ago > 0; ago--) {
    const rate = 12 + 4 * Math.sin(ago / 700) + 2 * Math.sin(ago / 130) + 2 * Math.sin(ago / 41);
    for (let k = 0; k < rate; k++) {
      edits.push(inventEdit(edits.length, Date.now() - ago * 1000 + 1000 * k / rate));
    }
  }
  return edits;
}

function weighted<T extends readonly [...unknown[], number]>(
  choices: readonly T[],
  random: () => number,
): T {
  const weightOf = (choice: T) => choice.at(-1) as number;
  let left = random() * choices.reduce((sum, choice) => sum + weightOf(choice), 0);
  return choices.find((choice) => (left -= weightOf(choice)) < 0) ?? choices[0]!;
}

/** Mulberry32, which gives the same results on every platform. */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 4_294_967_296;
  };
}
