import { categorizeComment, type Comment, editComment, path } from "./comments.ts";
import { Random } from "../random.ts";
import { numberSlot, slot } from "./template.ts";
import { PREFIXES, title, userName, type Wiki, WIKIS, words } from "./wikis.ts";

/** The kinds of events; `142` is a type that the service sends as a number in a string. */
export type Kind = "edit" | "new" | "log" | "categorize" | "142";

/** The body of a template, with slots, and its wiki. */
export interface Body {
  /** The wiki of the event. */
  readonly wiki: Wiki;
  /** The event's JSON with slots. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A page with events. */
export interface Page {
  /** The wiki of the page. */
  readonly wiki: Wiki;
  /** The number of its namespace. */
  readonly namespace: number;
  /** Its full name. */
  readonly title: string;
}

/** The number of pages that are edited; the busiest gets one edit in 64. */
export const PAGES = 4096;

/**
 * Returns the `number`-th body of a kind. Every quirk of real events has fixed numbers, so that
 * each of them is sure to occur.
 */
export function makeBody(seed: number, kind: Kind, bot: boolean, number: number): Body {
  const random = new Random(
    seed,
    1000 * [..."enlc1"].indexOf(kind.slice(0, 1)) + number * 2 + +bot,
  );
  const page = kind === "edit"
    ? pageOf(seed, Math.floor(PAGES * random.next() ** 2))
    : pageFor(random, kind);
  const user = userName(random, page.wiki.script, bot);
  const redacted = number % 128 === 7;
  const { comment, parsedcomment } = commentFor(random, kind, page);
  const uri = `https://${page.wiki.domain}${path(page.title)}`;
  const index = `https://${page.wiki.domain}/w/index.php`;
  const changed = kind === "edit" || kind === "new";
  const body = {
    $schema: "/mediawiki/recentchange/1.0.0",
    meta: metaOf(RECENTCHANGE, uri, page.wiki.domain),
    ...(kind === "log" ? logRecentChange(number) : { id: numberSlot("id") }),
    type: kind,
    namespace: page.namespace,
    title: page.title,
    title_url: uri,
    comment,
    timestamp: numberSlot("timestamp"),
    ...(redacted ? {} : { user }),
    bot,
    ...(kind === "log" ? {} : { notify_url: notifyUrl(kind, index, page.title) }),
    ...(changed ? { minor: random.chance(0.2) } : {}),
    ...(changed && number % 3 !== 0 ? { patrolled: random.chance(0.7) } : {}),
    ...(kind === "edit" ? editSizes() : {}),
    ...(kind === "new" ? newSizes(number) : {}),
    ...(kind === "log" ? logDetails(random, number, page) : {}),
    server_url: `https://${page.wiki.domain}`,
    server_name: page.wiki.domain,
    server_script_path: "/w",
    wiki: page.wiki.wiki,
    parsedcomment,
  };
  return { wiki: page.wiki, body };
}

/**
 * Returns a canary: an artificial event that shows that a topic works, with `$schema` and `meta`.
 */
export function canaryOf($schema: string, stream: string): Body["body"] {
  return {
    $schema,
    meta: {
      dt: slot("dt"),
      stream,
      id: slot("uuid"),
      domain: "canary",
      request_id: slot("requestId"),
      topic: slot("topic"),
      partition: 0,
      offset: numberSlot("offset"),
    },
  };
}

const RECENTCHANGE = "mediawiki.recentchange";

/**
 * The same event in the envelope of before 2019: keys in alphabetical order, `schema_uri` in `meta`
 * instead of `$schema`, no `meta.stream`, and none of the fields that came later.
 */
export function oldEnvelope({ $schema: _, meta, ...fields }: Body["body"]): Body["body"] {
  const { title_url: _title, notify_url: _notify, ...old } = fields;
  const { stream: _stream, ...rest } = meta as Record<string, unknown>;
  const sorted = (object: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1));
  return sorted({ ...old, meta: sorted({ ...rest, schema_uri: "mediawiki/recentchange/2" }) });
}

/** The fields that every event of a stream has. */
export function metaOf(stream: string, uri: string, domain: string) {
  return {
    uri,
    request_id: slot("requestId"),
    id: slot("uuid"),
    domain,
    stream,
    dt: slot("dt"),
    topic: slot("topic"),
    partition: 0,
    offset: numberSlot("offset"),
  };
}

/** Returns the `number`-th edited page, of {@linkcode PAGES}. */
export function pageOf(seed: number, number: number): Page {
  return pageFor(new Random(seed, 7_000_000 + number), "edit");
}

/** Returns a page that occurs only once. */
export function pageFor(random: Random, kind: Kind): Page {
  const wiki = random.weighted(WIKIS);
  const namespace = kind === "142" ? 2600 : kind === "categorize" ? 14 : namespaceFor(random, wiki);
  const prefix = PREFIXES[namespace] ?? "";
  // Categories and discussions have names, also on the wiki whose articles are numbered.
  const script = wiki.script === "items" && namespace !== 0 ? "latin" : wiki.script;
  return { wiki, namespace, title: prefix + title(random, script) };
}

function namespaceFor(random: Random, wiki: Wiki): number {
  if (wiki.script === "items") return random.chance(0.98) ? 0 : 4;
  if (wiki.wiki === "commonswiki" && random.chance(0.85)) return 6;
  if (wiki.wiki === "frwikisource" && random.chance(0.8)) return 104;
  return random.chance(0.75) ? 0 : random.pick([1, 2, 3, 4, 5, 10, 14, 100, 118, 828]);
}

function commentFor(random: Random, kind: Kind, page: Page): Comment {
  if (kind !== "categorize") return editComment(random, page.wiki, page.title);
  return categorizeComment(page.wiki, title(random, page.wiki.script), random.chance(0.6));
}

function notifyUrl(kind: Kind, index: string, pageTitle: string): string {
  if (kind === "142") return `${index}?title=${encodeURIComponent(pageTitle)}&action=history`;
  return kind === "new"
    ? `${index}?oldid=${slot("newRevision")}&rcid=${slot("id")}`
    : `${index}?diff=${slot("newRevision")}&oldid=${slot("oldRevision")}`;
}

function editSizes() {
  return {
    length: { old: numberSlot("oldLength"), new: numberSlot("newLength") },
    revision: { old: numberSlot("oldRevision"), new: numberSlot("newRevision") },
  };
}

function newSizes(number: number) {
  const sizes = { new: numberSlot("newLength") };
  const revision = { new: numberSlot("newRevision") };
  return number % 4 === 0
    ? { length: { old: null, ...sizes }, revision: { old: null, ...revision } }
    : { length: sizes, revision };
}

/** Log entries that cause no recent change have no id; some have null. */
function logRecentChange(number: number) {
  if (number % 10 === 0) return { id: null };
  return number % 10 < 3 ? {} : { id: numberSlot("id") };
}

function logDetails(random: Random, number: number, page: Page) {
  const target = page.title;
  const hex = random.integer(0x10000000, 0xffffffff).toString(36);
  const [type, action, params, comment] = [
    ["thanks", "thank", [], `thanked ${target}`],
    [
      "upload",
      "upload",
      { img_sha1: hex, img_timestamp: "20260101000000" },
      `uploaded "[[${target}]]"`,
    ],
    ["block", "block", "31 hours\nanononly,nocreate", `blocked ${target}`],
    ["newusers", "create", { userid: random.integer(1, 60_000_000) }, "New user account"],
    ["protect", "protect", protection(random, number), `protected ${target}`],
    [
      "delete",
      "revision",
      { type: "revision", ids: [4_294_967_297], ofield: 0, nfield: 2 },
      target,
    ],
  ][number % 6] as [string, string, unknown, string];
  return {
    log_id: numberSlot("logId"),
    log_type: type,
    log_action: action,
    log_params: params,
    log_action_comment: comment,
  };
}

/** The parameters of a protection; sometimes very many, for the rare large events. */
function protection(random: Random, number: number) {
  const count = number % 96 === 4 ? 60 : 2;
  const details = Array.from({ length: count }, (_, i) => ({
    type: i % 2 === 0 ? "edit" : "move",
    level: "autoconfirmed",
    expiry: "infinity",
    cascade: false,
  }));
  return { description: words(random, "latin", 6), cascade: false, details };
}
