import { assertEquals } from "@std/assert";
import { decodeEdit, NAME_LIMIT } from "../../../lib/page/decode.ts";

const edit = {
  id: 1,
  domain: "en.wikipedia.org",
  namespace: "main namespace",
  title: "Glacier",
  timestamp: "2026-05-01T10:00:00.250Z",
  user_name: "Tomte",
  user_type: "human",
  old_length: 100,
  new_length: 40,
};
const decode = (value: unknown) => decodeEdit(new TextEncoder().encode(JSON.stringify(value)));

Deno.test("decodeEdit() reads the nine fields", () => {
  assertEquals(decode(edit), {
    time: Date.UTC(2026, 4, 1, 10, 0, 0, 250),
    domain: "en.wikipedia.org",
    namespace: "main namespace",
    title: "Glacier",
    user: "Tomte",
    isBot: false,
    delta: -60,
    isNew: false,
  });
});

Deno.test("decodeEdit() returns the change of size, null without lengths", () => {
  const created = decode({ ...edit, old_length: null, user_name: null, user_type: "bot" });
  assertEquals(
    [created?.delta, created?.isNew, created?.user, created?.isBot],
    [40, true, null, true],
  );
  const logged = decode({ ...edit, old_length: null, new_length: null });
  assertEquals([logged?.delta, logged?.isNew], [null, false]);
});

Deno.test("decodeEdit() reads upstream events as well", () => {
  const event = {
    meta: {
      topic: "eqiad.mediawiki.recentchange",
      partition: 0,
      offset: 7,
      id: "00000000-0000-4000-8000-000000000000",
      dt: "2026-05-01T10:00:00Z",
      domain: "de.wikipedia.org",
      stream: "mediawiki.recentchange",
    },
    type: "edit",
    namespace: 1,
    title: "Diskussion:Gletscher",
    user: "Tomte",
    bot: true,
    length: { old: 1, new: 3 },
  };
  assertEquals(decode(event), {
    time: Date.UTC(2026, 4, 1, 10),
    domain: "de.wikipedia.org",
    namespace: "Talk",
    title: "Diskussion:Gletscher",
    user: "Tomte",
    isBot: true,
    delta: 2,
    isNew: false,
  });
});

Deno.test("decodeEdit() returns undefined for anything that is not an edit", () => {
  assertEquals(decodeEdit(null), undefined);
  assertEquals(decodeEdit(new Uint8Array([0, 0, 0, 0, 1, 255])), undefined);
  for (
    const junk of [null, 1, "text", [], {}, { ...edit, title: 5 }, { ...edit, domain: "a/b" }, {
      meta: {},
    }]
  ) {
    assertEquals(decode(junk), undefined);
  }
  assertEquals(decodeEdit(new TextEncoder().encode("{")), undefined);
});

Deno.test("decodeEdit() cuts names that are longer than any page's", () => {
  const title = decode({ ...edit, title: "😀".repeat(1000) })?.title;
  assertEquals(title?.length, NAME_LIMIT);
  assertEquals([title?.at(-1), title?.isWellFormed()], ["…", true]);
});
