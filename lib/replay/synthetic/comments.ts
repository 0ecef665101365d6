import type { Random } from "../random.ts";
import { title, type Wiki, word, words } from "./wikis.ts";

/** An edit summary, and MediaWiki's HTML of it. */
export interface Comment {
  /** The summary as wikitext. */
  readonly comment: string;
  /** The summary as HTML. */
  readonly parsedcomment: string;
}

const PROPERTIES = [31, 106, 569, 570, 625, 1476, 2860];
const ACTIONS = [
  ["wbsetclaim-create:2||1", "Created claim: "],
  ["wbsetreference-add:2|", "Added reference to claim: "],
  ["wbremoveclaims-remove:1|", "Removed claim: "],
  ["wbsetdescription-add:1|fr", "Added [fr] description: "],
  ["wbeditentity-update:0|", "Changed an entity: "],
] as const;

/**
 * Returns an invented edit summary: empty, about a section, with links, long, or of several lines.
 */
export function editComment(random: Random, wiki: Wiki, pageTitle: string): Comment {
  if (wiki.script === "items") return itemComment(random);
  const kind = random.next();
  const text = words(random, wiki.script, random.integer(2, 9));
  const link = () => pageLink(wiki, title(random, wiki.script));
  if (kind < 0.12) return { comment: "", parsedcomment: "" };
  if (kind < 0.5) return sectionComment(random, wiki, pageTitle, text);
  if (kind < 0.92) {
    return join([text, " ", link(), ", ", link(), random.chance(0.5) ? " – " : " ", text]);
  }
  if (kind < 0.94) return join([`${text}\n${word(random, wiki.script)}\t"${text}"\n`, link()]);
  // MediaWiki keeps at most 500 characters.
  const many = Array.from({ length: 9 }, () => [words(random, wiki.script, 3), " ", link(), " "]);
  return join(many.flat());
}

/** Returns the comment of a change of category; `pageTitle` is the page. */
export function categorizeComment(wiki: Wiki, pageTitle: string, added: boolean): Comment {
  return join([
    pageLink(wiki, pageTitle, ":"),
    added ? " added to category" : " removed from category",
    `, [[Special:WhatLinksHere/${pageTitle}|this page is included within other pages]]`,
  ]);
}

function itemComment(random: Random): Comment {
  const [action, verb] = random.pick(ACTIONS);
  const property = `Property:P${random.pick(PROPERTIES)}`;
  const label = words(random, "latin", random.integer(1, 4));
  const item = `Q${random.integer(1000, 140_000_000)}`;
  const mark = (page: string, text: string) =>
    `<a href="/wiki/${page}" title="\u200e${label}\u200e | \u200e${text}\u200e"><span class="wb-itemlink">` +
    `<span class="wb-itemlink-label" lang="en" dir="ltr">${text}</span> ` +
    `<span class="wb-itemlink-id">(${page.replace("Property:", "")})</span></span></a>`;
  const suffix = random.chance(0.5) ? `, #quickstatements; #temporary_batch_${item.slice(1)}` : "";
  return {
    comment: `/* ${action} */ [[${property}]]: [[${item}]]${suffix}`,
    parsedcomment: `\u200e<span dir="auto"><span class="autocomment">${verb}</span></span> ${
      mark(property, label)
    }: ${mark(item, words(random, "latin", 3))}${suffix}`,
  };
}

function sectionComment(random: Random, wiki: Wiki, pageTitle: string, text: string): Comment {
  const section = words(random, wiki.script, random.integer(1, 4));
  const href = `${path(pageTitle)}#${section.replaceAll(" ", "_")}`;
  return {
    comment: `/* ${section} */ ${text}`,
    parsedcomment: `<span class="autocomment"><a href="${href}" title="${
      escape(pageTitle)
    }">→<bdi dir="ltr">${section}</bdi></a>: </span> ${escape(text)}`,
  };
}

function pageLink(wiki: Wiki, pageTitle: string, prefix = ""): Comment {
  return {
    comment: `[[${prefix}${pageTitle}]]`,
    parsedcomment: `<a href="${path(pageTitle)}" ${
      wiki.weight < 3 ? 'class="mw-redirect" ' : ""
    }title="${escape(pageTitle)}">${escape(pageTitle)}</a>`,
  };
}

function join(parts: readonly (string | Comment)[]): Comment {
  return {
    comment: parts.map((part) => typeof part === "string" ? part : part.comment).join(""),
    parsedcomment: parts.map((part) =>
      typeof part === "string" ? escape(part).replaceAll("\n", " ") : part.parsedcomment
    ).join(""),
  };
}

/** Returns the path of a page, as MediaWiki writes it. */
export function path(pageTitle: string): string {
  return `/wiki/${
    encodeURI(pageTitle.replaceAll(" ", "_")).replace(/[?&#+]/g, encodeURIComponent)
  }`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("'", "&#039;")
    .replaceAll("<", "&lt;");
}
