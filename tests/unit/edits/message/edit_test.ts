import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import {
  changeSchema,
  type Edit,
  editSchema,
  encodeEdit,
  isEdit,
  isUsual,
  toEdit,
} from "../../../../lib/edits/message/edit.ts";
import { RejectedEvent } from "../../../../lib/upstream/parse/event.ts";
import { change } from "../../../support/stream/events.ts";

Deno.test("encodeEdit() writes the nine fields in the contract's order", () => {
  assertEquals(
    encodeEdit(change()),
    '{"id":1800000000,"domain":"en.wikipedia.org","namespace":"main namespace",' +
      '"title":"Example","timestamp":"2023-11-14T22:13:20.123Z","user_name":"Someone",' +
      '"user_type":"human","old_length":100,"new_length":120}',
  );
  assertEquals(Object.keys(toEdit(change())), Object.keys(editSchema.shape));
});

const quirks: [string, Record<string, unknown>, Partial<Edit>][] = [
  ["no id", { id: undefined }, { id: null }],
  ["a null id", { id: null }, { id: null }],
  ["no lengths", { length: undefined }, { old_length: null, new_length: null }],
  ["null lengths", { length: null }, { old_length: null, new_length: null }],
  ["a new page", { length: { new: 5 } }, { old_length: null, new_length: 5 }],
  ["a null old length", { length: { old: null, new: 5 } }, { old_length: null, new_length: 5 }],
  ["an emptied page", { length: { old: 5, new: 0 } }, { old_length: 5, new_length: 0 }],
  ["a redacted user", { user: undefined }, { user_name: null }],
  ["a null user", { user: null }, { user_name: null }],
  ["a bot", { bot: true }, { user_type: "bot" }],
  ["a namespace without a name", { namespace: 2600 }, { namespace: "unknown" }],
  ["a special page", { namespace: -1 }, { namespace: "Special" }],
  ["a temporary account", { user: "~2025-1234-5" }, { user_name: "~2025-1234-5" }],
  ["ids beyond 2^31", { id: 2 ** 31 + 7 }, { id: 2_147_483_655 }],
  ["the largest exact id", { id: 2 ** 53 - 1 }, { id: 9_007_199_254_740_991 }],
  ["quotes and marks", { title: 'A "q" \u200f🦊\n' }, { title: 'A "q" \u200f🦊\n' }],
  ["parameters of any kind", { type: "142", log_params: [] }, {}],
];

for (const [name, fields, expected] of quirks) {
  Deno.test(`toEdit() accepts an event with ${name}`, () => {
    assertEquals(toEdit(change(fields)), { ...toEdit(change()), ...expected });
  });
}

const wrong: [string, Record<string, unknown>, string][] = [
  ["no title", { title: undefined }, "title"],
  ["a title that is a number", { title: 7 }, "title"],
  ["no namespace", { namespace: undefined }, "namespace"],
  ["a namespace that is text", { namespace: "0" }, "namespace"],
  ["no bot", { bot: undefined }, "bot"],
  ["a user that is an object", { user: {} }, "user"],
  ["an id that is text", { id: "1" }, "id"],
  ["an id that is not whole", { id: 1.5 }, "id"],
  ["an id beyond 2^53", { id: 2 ** 53 }, "id"],
  ["a length beyond 2^53", { length: { old: 1, new: 1e300 } }, "length.new"],
  ["lengths that are a list", { length: [1, 2] }, "length"],
];

for (const [name, fields, path] of wrong) {
  Deno.test(`toEdit() rejects an event with ${name}`, () => {
    const error = assertThrows(() => toEdit(change(fields)), RejectedEvent);
    assertEquals(error.message, `wrong shape: ${path}`);
  });
}

Deno.test("toEdit() rejects an event without a domain", () => {
  assertThrows(
    () => toEdit(change({}, { domain: undefined })),
    RejectedEvent,
    "wrong shape: meta.domain",
  );
});

Deno.test("encodeEdit() writes JSON that matches the schema", () => {
  const integer = fc.option(fc.maxSafeInteger(), { nil: undefined });
  const fields = fc.record({
    id: integer,
    namespace: fc.integer(),
    title: fc.string({ unit: "binary" }),
    user: fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
    bot: fc.boolean(),
    length: fc.option(fc.record({ old: integer, new: integer }), { nil: undefined }),
  });
  fc.assert(fc.property(fields, (fields) => {
    const event = change(fields);
    const read = JSON.parse(encodeEdit(event));
    assertEquals(read, toEdit(event));
    assert(editSchema.safeParse(read).success);
    assertEquals(read.title, fields.title);
    assertEquals(read.id, fields.id ?? null);
  }));
});

Deno.test("isUsual() is false if the schema rejects or changes an event", () => {
  const odd = fc.constantFrom<unknown>(
    null,
    undefined,
    "",
    0,
    1.5,
    2 ** 53,
    true,
    [],
    {},
    [1],
    "a",
  );
  const mostly = <T>(usual: T) =>
    fc.oneof({ weight: 6, arbitrary: fc.constant<unknown>(usual) }, odd);
  const body = fc.record({
    meta: fc.oneof(fc.record({ domain: mostly("en.wikipedia.org") }), odd),
    id: mostly(5),
    namespace: mostly(0),
    title: mostly("A"),
    user: mostly("B"),
    bot: mostly(false),
    length: fc.oneof(
      { weight: 6, arbitrary: fc.record({ old: mostly(1), new: mostly(2) }) },
      fc.record({ new: mostly(2) }),
      odd,
    ),
  });
  let usual = 0;
  fc.assert(
    fc.property(body, (body) => {
      if (!isUsual(body)) return;
      usual++;
      assertEquals(changeSchema.parse(body), body);
    }),
    { numRuns: 5000 },
  );
  assert(usual > 500, `${usual} of 5000 were usual`);
});

Deno.test("isEdit() agrees with the schema on records without other fields", () => {
  const odd = fc.constantFrom<unknown>(null, "", 0, 1.5, 2 ** 53, true, [], "bot", "2026-02-30");
  const mostly = <T>(usual: T) =>
    fc.oneof({ weight: 12, arbitrary: fc.constant<unknown>(usual) }, odd);
  const timestamp = fc.constantFrom(
    "2026-02-28T23:59:59Z",
    "2026-02-29T00:00:00.123Z",
    "2024-02-29T00:00:00+01:00",
    "2026-01-01T00:00:00",
    "2026-01-01t00:00:00Z",
  );
  const body = fc.record({
    id: mostly(5),
    domain: mostly("en.wikipedia.org"),
    namespace: mostly("main namespace"),
    title: mostly("A"),
    timestamp: fc.oneof({ weight: 12, arbitrary: timestamp }, odd),
    user_name: mostly("B"),
    user_type: mostly("human"),
    old_length: mostly(1),
    new_length: mostly(-2),
    color: fc.constant("red"),
  }, { requiredKeys: ["id", "domain", "namespace", "title", "timestamp", "user_type"] });
  const schema = editSchema.strict();
  let accepted = 0;
  fc.assert(
    fc.property(body, (body) => {
      const { success, data } = schema.safeParse(body);
      assertEquals(isEdit(body), success);
      if (!success) return;
      accepted++;
      assertEquals<unknown>(data, body);
    }),
    { numRuns: 5000 },
  );
  assert(accepted > 20, `${accepted} of 5000 were accepted`);
});
