import { assertEquals, assertRejects } from "@std/assert";
import { DryRun } from "../../../lib/console/dry_run.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

const record = {
  topic: "t",
  key: null,
  timestamp: 5,
  headers: { h: utf8("x") },
  value: utf8('{"title":"a\u009b\u202e"}'),
};

Deno.test("DryRun prints a batch as lines of JSON, safe for a terminal", async () => {
  let output = "";
  const publisher = new DryRun((text) => {
    output += text;
    return Promise.resolve();
  });
  assertEquals(await publisher.open(), undefined);
  const records = [record, { ...record, key: utf8("k"), value: utf8("b"), headers: undefined }];
  assertEquals(await publisher.publish({ records, handled: 2, position: {} }), {
    count: 2,
    rejected: [],
  });
  assertEquals(output.split("\n"), [
    '{"topic":"t","key":null,"timestamp":5,"headers":{"h":"x"},' +
    '"value":"{\\"title\\":\\"a\\u009b\\u202e\\"}"}',
    '{"topic":"t","key":"k","timestamp":5,"headers":{},"value":"b"}',
    "",
  ]);
});

Deno.test("DryRun.publish() rejects if stdout is closed", async () => {
  const publisher = new DryRun(() => Promise.reject(new Error("closed")));
  await assertRejects(
    () => publisher.publish({ records: [record], handled: 1, position: {} }),
    Error,
    "closed",
  );
});
