import { assertEquals } from "@std/assert";
import { wikiNameOf } from "../../../../lib/edits/event/wiki_name.ts";

/** Domains and database names as Wikimedia pairs them (its API `sitematrix`). */
const NAMES: Readonly<Record<string, string | undefined>> = {
  "en.wikipedia.org": "enwiki",
  "zh-min-nan.wikipedia.org": "zh_min_nanwiki",
  "be-tarask.wikipedia.org": "be_x_oldwiki",
  "simple.wiktionary.org": "simplewiktionary",
  "de.wikivoyage.org": "dewikivoyage",
  "commons.wikimedia.org": "commonswiki",
  "meta.wikimedia.org": "metawiki",
  "nl.wikimedia.org": "nlwikimedia",
  "www.wikidata.org": "wikidatawiki",
  "test.wikidata.org": "testwikidatawiki",
  "www.wikifunctions.org": "wikifunctionswiki",
  "www.mediawiki.org": "mediawikiwiki",
  "wikisource.org": "sourceswiki",
  "wikitech.wikimedia.org": "labswiki",
  "example.org": undefined,
  "en.wikipedia.org.example.org": undefined,
  "": undefined,
};

for (const [domain, name] of Object.entries(NAMES)) {
  Deno.test(`wikiNameOf() knows '${domain}'`, () => assertEquals(wikiNameOf(domain), name));
}
