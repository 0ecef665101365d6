import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeSaved } from "../../../lib/kafka/publish/position/saved_position.ts";
import { optionMarks } from "../../../lib/produce/record_options.ts";
import { restore, savedForm } from "../../../lib/produce/saved_form.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { Position } from "../../../lib/upstream/position/position.ts";
import fc from "../../support/tools/fast_check.ts";

/** Streams that Wikimedia serves, and further ones with similar names. */
const STREAMS = [
  "recentchange",
  "page-create",
  "page-delete",
  "page-links-change",
  "page-move",
  "page-properties-change",
  "page-undelete",
  "revision-create",
  "revision-score",
  "revision-tags-change",
  "revision-visibility-change",
  "page_change.v1",
  "page_outlink_topic_prediction_change.v1",
  "page_revert_risk_prediction_change.v1",
  "page_html_content_change.v1",
  "page_content_change.v1",
  "page_rerender.v1",
  "revision-score-test",
  "cirrussearch.page_rerender.v1",
  "cirrussearch.page_weighted_tags_change.v1",
  "content_translation_event",
  "reading_depth",
  "user-blocks-change",
  "centralnotice.campaign-change",
  "centralnotice.campaign-create",
  "centralnotice.campaign-delete",
  "image_suggestions_feedback",
  "maps.tile_change",
  "mw_page_summary.v1",
  "wikibase.client.change.v1",
];

const LARGEST = { timestamp: 2 ** 47, offset: 2 ** 53 - 2 };
const urlOf = (streams: readonly string[]) =>
  `https://stream.wikimedia.org/v2/stream/${streams.map((name) => `mediawiki.${name}`).join()}`;

/**
 * Returns a position in both data centers' topics of some streams, before or after an event of
 * each.
 */
function positionIn(streams: readonly string[], isSeen: boolean): Position {
  const position = new Position(2 ** 41);
  for (const [i, stream] of streams.entries()) {
    for (const center of ["eqiad", "codfw"]) {
      const key = `${center}.mediawiki.${stream}/0`;
      position.track(key);
      if (!isSeen) continue;
      position.advance({ key, ...LARGEST, id: `${crypto.randomUUID()}-${i}` });
      position.advance({ key, timestamp: undefined, offset: undefined, id: undefined });
    }
  }
  return position;
}

Deno.test("savedForm() fits 30 streams of two data centers into Kafka's limit", () => {
  const url = urlOf(STREAMS);
  const position = savedForm(url, positionIn(STREAMS, true), optionMarks({ topic: "edits" }));
  const saved = { handled: 1, owner: crypto.randomUUID(), generation: 1e9, position };
  assert(encodeSaved(saved).length <= 4096);
  assertEquals(restore(position, url).partitions.size, 60);
});

Deno.test("savedForm() has the same size before and after the first event", () => {
  const [before, after] = [false, true].map((isSeen) =>
    JSON.stringify(savedForm(urlOf(STREAMS), positionIn(STREAMS, isSeen))).length
  );
  assertEquals(before, after);
});

Deno.test("savedForm() rejects too many streams, and names the limit", () => {
  const streams = STREAMS.flatMap((name) => [name, `${name}.v2`]).slice(0, 50);
  const url = urlOf(streams);
  const error = assertThrows(() => savedForm(url, positionIn(streams, false)), UserError);
  const [, bytes] = /it takes (\d+) bytes/.exec(error.message)!;
  assertEquals(
    error.message,
    `Cannot save a position in 50 streams: it takes ${bytes} bytes, expected at most 3983`,
  );
  const [, fit] = /^Read (\d+) of them/.exec(error.hint!)!;
  savedForm(url, positionIn(streams.slice(0, Number(fit)), true));
  assertThrows(() => savedForm(url, positionIn(streams.slice(0, Number(fit) + 1), true)));
});

Deno.test("restore() reads every position that savedForm() wrote", () => {
  const count = fc.maxSafeNat();
  const place = fc.tuple(
    fc.stringMatching(/^[\w.-]{1,60}\/\d{1,6}$/),
    fc.nat(2 ** 47),
    fc.nat(10_000).map((s) => 1000 * s),
    count.map((offset) => Math.min(offset, 2 ** 53 - 2)),
    fc.nat(262_143),
  );
  fc.assert(
    fc.property(fc.uniqueArray(place, { maxLength: 25, selector: ([key]) => key }), (all) => {
      const places = all.map(([key, timestamp, ahead, offset, rejected]) =>
        [key, { timestamp, highest: timestamp + ahead, offset, id: "#abcdefgh", rejected }] as const
      );
      const saved = savedForm("http://x/", new Position(5, places));
      const again = restore(JSON.parse(JSON.stringify(saved)), "http://x/");
      assertEquals(new Map(again.partitions), new Map(places));
    }),
  );
});

Deno.test("restore() rejects another stream's position, even with a long URL", () => {
  const [one, other] = [urlOf(STREAMS), urlOf(STREAMS.toReversed())];
  const saved = savedForm(one, positionIn(["recentchange"], true));
  assertEquals(saved.stream.length, 200);
  assertEquals(restore(saved, one).partitions.size, 2);
  const error = assertThrows(() => restore(saved, other), UserError);
  assertEquals(
    error.message,
    `Cannot resume: the saved position belongs to the stream '${saved.stream}', expected '${other}'`,
  );
  const early = savedForm(one, new Position(5));
  assertEquals(restore(early, other).start, 5, "nothing was read there");
});

Deno.test("restore() reads what the first version saved", () => {
  const url = urlOf(STREAMS);
  const places = { "eqiad.mediawiki.recentchange/0": [50, 1, "a", 0] };
  assertEquals(restore({ stream: url, start: 5, places }, url).partitions.size, 1);
});

Deno.test("restore() throws UserError for anything that is not a position", () => {
  for (const saved of [null, undefined, 7, "x", {}, { start: 1, places: "x", v: 2 }]) {
    const error = assertThrows(() => restore(saved, "http://x/"), UserError);
    assertEquals(error.message, "Cannot resume: the saved position is unreadable");
  }
});
