import { assertEquals } from "@std/assert";
import { type KeyKind, KEYS } from "../../../../lib/edits/routing/key.ts";
import type { Event } from "../../../../lib/upstream/parse/event.ts";
import { change, pageChange, pageCreate } from "../../../support/stream/events.ts";

const keys: [KeyKind, string, Event, string | null][] = [
  ["page", "recentchange", change(), "en.wikipedia.org/Example"],
  ["page", "page-create", pageCreate(), "de.wikipedia.org/Benutzer Diskussion:Beispiel"],
  ["page", "page_change", pageChange(), "fr.wikipedia.org/Page d'exemple"],
  ["page", "an event of no page", change({ title: undefined }), null],
  ["page", "an event of no domain", change({}, { domain: undefined }), null],
  ["domain", "recentchange", change(), "en.wikipedia.org"],
  ["domain", "page-create", pageCreate(), "de.wikipedia.org"],
  ["domain", "an event of no domain", change({}, { domain: undefined }), null],
  ["user", "recentchange", change(), "Someone"],
  ["user", "page-create", pageCreate(), "Jemand"],
  ["user", "page_change", pageChange(), "Quelqu'un"],
  ["user", "a redacted user", change({ user: undefined }), null],
  ["user", "a redacted performer", pageChange({ performer: undefined }), null],
  ["user", "a performer that is a list", pageChange({ performer: [] }), null],
  ["none", "recentchange", change(), null],
];

for (const [kind, name, event, expected] of keys) {
  Deno.test(`KEYS.${kind} of ${name} is ${expected}`, () => {
    assertEquals(KEYS[kind](event), expected);
  });
}
