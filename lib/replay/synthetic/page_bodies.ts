import { metaOf, type Page, pageFor, pageOf, PAGES } from "./bodies.ts";
import { editComment, path } from "./comments.ts";
import { Random } from "../random.ts";
import { numberSlot, slot } from "./template.ts";
import { userName } from "./wikis.ts";

type Body = Readonly<Record<string, unknown>>;

/** Returns the `number`-th body of page-create (schema `mediawiki/revision/create/2.0.0`). */
export function pageCreateBody(seed: number, number: number): Body {
  const random = new Random(seed, 8_000_000 + number);
  const page = pageFor(random, "new");
  const { comment, parsedcomment } = editComment(random, page.wiki, page.title);
  const isBot = random.chance(0.2);
  return {
    $schema: "/mediawiki/revision/create/2.0.0",
    meta: metaOf("mediawiki.page-create", uriOf(page), page.wiki.domain),
    database: page.wiki.wiki,
    page_id: numberSlot("logId"),
    page_title: titleOf(page),
    page_namespace: page.namespace,
    rev_id: numberSlot("newRevision"),
    rev_timestamp: slot("dt"),
    rev_sha1: random.integer(0x10000000, 0xffffffff).toString(36),
    rev_minor_edit: false,
    rev_len: numberSlot("newLength"),
    rev_content_model: "wikitext",
    rev_content_format: "text/x-wiki",
    performer: {
      user_text: userName(random, page.wiki.script, isBot),
      user_groups: isBot ? ["bot", "*", "user"] : ["*", "user", "autoconfirmed"],
      user_is_bot: isBot,
      user_id: random.integer(1, 60_000_000),
      user_edit_count: random.integer(1, 400_000),
    },
    page_is_redirect: random.chance(0.1),
    comment,
    parsedcomment,
    dt: slot("dt"),
  };
}

/** Returns the `number`-th body of page_change.v1 (schema `mediawiki/page/change/1.2.0`). */
export function pageChangeBody(seed: number, number: number): Body {
  const random = new Random(seed, 9_000_000 + number);
  const page = pageOf(seed, Math.floor(PAGES * random.next() ** 2));
  const draw = random.next();
  const [kind, changelog] = draw < 0.85
    ? ["edit", "update"]
    : draw < 0.95
    ? ["create", "insert"]
    : draw < 0.98
    ? ["move", "update"]
    : ["delete", "delete"];
  const isBot = random.chance(0.45);
  // If the user was redacted, the whole performer is missing.
  const isRedacted = number % 128 === 7;
  return {
    $schema: "/mediawiki/page/change/1.2.0",
    meta: metaOf("mediawiki.page_change.v1", uriOf(page), page.wiki.domain),
    changelog_kind: changelog,
    page_change_kind: kind,
    dt: slot("dt"),
    wiki_id: page.wiki.wiki,
    page: {
      page_id: numberSlot("logId"),
      page_title: titleOf(page),
      namespace_id: page.namespace,
      is_redirect: false,
    },
    ...isRedacted ? {} : {
      performer: {
        user_text: userName(random, page.wiki.script, isBot),
        groups: isBot ? ["bot", "*", "user"] : ["*", "user"],
        is_bot: isBot,
        is_system: false,
        is_temp: false,
        user_id: random.integer(1, 60_000_000),
      },
    },
    revision: {
      rev_id: numberSlot("newRevision"),
      ...kind === "create" ? {} : { rev_parent_id: numberSlot("oldRevision") },
      rev_dt: slot("dt"),
      is_minor_edit: random.chance(0.2),
      rev_size: numberSlot("newLength"),
      comment: editComment(random, page.wiki, page.title).comment,
    },
  };
}

/** Returns a title as in URLs: these streams do not write spaces. */
function titleOf({ title }: Page): string {
  return title.replaceAll(" ", "_");
}

function uriOf({ wiki, title }: Page): string {
  return `https://${wiki.domain}${path(title)}`;
}
