import { assertEquals, assertThrows } from "@std/assert";
import { editsOptions, filterOptions, recordOptions } from "../../../../lib/cli/options/events.ts";
import { parseOptions } from "../../../../lib/cli/option.ts";
import { UsageError } from "../../../../lib/shared/error.ts";

const RECENTCHANGE = "https://stream.wikimedia.org/v2/stream/recentchange";

function read(
  args: string,
  { topic = "edits", streamUrl = RECENTCHANGE }: { topic?: string; streamUrl?: string } = {},
) {
  const words = args.split(" ").filter((word) => word !== "");
  const values = parseOptions([filterOptions, recordOptions], words, () => undefined);
  return editsOptions(values, { topic, streamUrl: new URL(streamUrl) });
}

const DEFAULTS = {
  topic: "edits",
  filter: {
    types: ["edit"],
    wikis: undefined,
    domains: undefined,
    namespaces: undefined,
    users: "all",
  },
  key: "page",
  payload: "edit",
  headers: "none",
  avro: undefined,
};

Deno.test("editsOptions() has the defaults of the contract", () => {
  assertEquals(read("") as unknown, DEFAULTS);
});

Deno.test("editsOptions() accepts every flag", () => {
  const options = read(
    "--types edit,new,142 --wiki enwiki,*wiktionary --domain *.wikipedia.org " +
      "--namespace -1,Talk,*Talk --users human --key user --fields title,length.new=size " +
      "--headers cloudevents",
    { topic: "w-{type}" },
  );
  assertEquals(options as unknown, {
    topic: "w-{type}",
    filter: {
      types: ["edit", "new", "142"],
      wikis: ["enwiki", "*wiktionary"],
      domains: ["*.wikipedia.org"],
      namespaces: ["-1", "Talk", "*Talk"],
      users: "human",
    },
    key: "user",
    payload: {
      fields: [{ path: "title", name: "title" }, { path: "length.new", name: "size" }],
    },
    headers: "cloudevents",
    avro: undefined,
  });
});

Deno.test("editsOptions() passes all types of streams other than recentchange", () => {
  const base = "https://stream.wikimedia.org/v2/stream/";
  const types = (streams: string) =>
    read("--payload event", { streamUrl: base + streams }).filter?.types;
  assertEquals(types("page-create"), undefined);
  assertEquals(types("recentchange,page-create"), undefined);
  assertEquals(types("page-create%2Crecentchange"), undefined);
  assertEquals(types("recentchange"), ["edit"]);
  assertEquals(types("mediawiki.recentchange"), ["edit"]);
  assertEquals(read("", { streamUrl: "http://localhost:8181/" }).filter?.types, ["edit"]);
});

Deno.test("editsOptions() accepts names of streams as types, as in the URL", () => {
  const types = (streams: string, types: string) =>
    read(`--payload event --types ${types}`, {
      streamUrl: `http://localhost:8181/v2/stream/${streams}`,
    }).filter?.types;
  const both = "page-create,mediawiki.page_change.v1";
  assertEquals(types(both, "page-create"), ["mediawiki.page-create"]);
  assertEquals(types(both, "mediawiki.page-create,*.v1"), ["mediawiki.page-create", "*.v1"]);
  assertEquals(types("recentchange,page-create", "edit,142,page-create"), [
    "edit",
    "142",
    "mediawiki.page-create",
  ]);
});

const PAGE_CREATE = "http://localhost:8181/v2/stream/page-create";

const refused: [string, { topic?: string; streamUrl?: string }, string][] = [
  ["--fields title --payload event", {}, "Cannot combine --fields and --payload event"],
  ["--fields title,user=title", {}, "Cannot use --fields: the name 'title' appears twice"],
  ["--format avro --payload event", {}, "Cannot combine --format avro and --payload event"],
  ["--format avro --fields a.b,a_b", {}, "Cannot use --fields: two names are 'a_b' in Avro"],
  ["--format xml", {}, "expected one of json, avro"],
  ["--fields title,,user", {}, "without empty entries"],
  ["--fields a..b", {}, "expected PATH or PATH=NAME"],
  ["--types edits", {}, "Cannot select the change type 'edits': it is unknown"],
  ["--types edit,x*", {}, "Cannot select the change type 'x*': it is unknown"],
  [
    "--types edit --payload event",
    { streamUrl: PAGE_CREATE },
    "Cannot select the change type 'edit': it is unknown",
  ],
  ["--types=", {}, "Cannot use --types without a value"],
  ["--wiki en*wiki", {}, "expected '*' only at the beginning or end"],
  ["--wiki en.wikipedia.org", {}, "expected a name such as enwiki"],
  ["--domain enwiki", {}, "expected a domain such as en.wikipedia.org"],
  ["--namespace talk", {}, "expected 'Talk'"],
  ["--namespace Tlak", {}, "expected a number or a name such as"],
  ["--namespace 1.5", {}, "expected a number or a name such as"],
  ["--users none", {}, "expected one of all, human, bot"],
  ["--key title", {}, "expected one of page, domain, user, none"],
  ["", { streamUrl: PAGE_CREATE }, "the stream 'page-create' has no edits"],
];

for (const [args, ends, message] of refused) {
  Deno.test(`editsOptions() rejects '${args}'${ends.topic ?? ends.streamUrl ?? ""}`, () => {
    assertThrows(() => read(args, ends), UsageError, message);
  });
}

for (
  const args of [
    "--format avro",
    "--fields a.b,a_b",
    "--types new,142",
    "--types *",
    "--types e*",
    "--types 14*",
    "--namespace unknown",
  ]
) {
  Deno.test(`editsOptions() accepts '${args}'`, () => void read(args));
}
