import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/shared/error.ts";
import { formatDatabase, groupOf, parseDatabase } from "../../../lib/store/address.ts";

Deno.test("parseDatabase() reads a SQLite file", () => {
  assertEquals(parseDatabase("sqlite:a b/edits.db"), { kind: "sqlite", file: "a b/edits.db" });
});

Deno.test("parseDatabase() reads a directory of Parquet files", () => {
  const directory = "/data/my edits";
  for (const text of ["parquet:/data/my edits", "parquet:/data/my edits/"]) {
    assertEquals(parseDatabase(text), { kind: "parquet", directory });
  }
  assertEquals(parseDatabase("parquet:/"), { kind: "parquet", directory: "/" });
});

Deno.test("parseDatabase() reads PostgreSQL, with defaults", () => {
  assertEquals(parseDatabase("postgres://me@db.example.org/edits"), {
    kind: "postgres",
    host: "db.example.org",
    port: 5432,
    database: "edits",
    user: "me",
    tls: "prefer",
  });
  const address = parseDatabase("postgresql://a%40b@[::1]:6543/x%20y?sslmode=verify-full");
  assertEquals(
    address,
    {
      kind: "postgres",
      host: "::1",
      port: 6543,
      database: "x y",
      user: "a@b",
      tls: "verify-full",
    },
  );
});

Deno.test("parseDatabase() reads an index of OpenSearch", () => {
  const cases = [
    ["opensearch:https://search.example.org/edits", "https://search.example.org"],
    ["opensearch:http://[::1]:9200/edits", "http://[::1]:9200"],
    ["opensearch:https://host:443/a/b/edits", "https://host/a/b"],
  ] as const;
  for (const [text, url] of cases) {
    assertEquals(parseDatabase(text), { kind: "opensearch", url, index: "edits" });
  }
});

Deno.test("parseDatabase() rejects anything that is not a database address", () => {
  const forms =
    "expected sqlite:FILE, parquet:DIRECTORY, postgres://USER@HOST[:PORT]/DATABASE or " +
    "opensearch:https://HOST[:PORT]/INDEX";
  const index = "expected an index of at most 200 of a-z, 0-9, '.', '_' and '-' at the end";
  const cases = [
    ["edits.db", forms],
    ["sqlite:", forms],
    ["parquet:", forms],
    ["parquet:s3://bucket/edits", "expected a directory of this machine"],
    ["sqlite::memory:", "expected the name of a file"],
    ["mysql://me@host/x", forms],
    ["postgres://host/x", forms],
    ["postgres://me@host", forms],
    ["postgres://me@host/x?sslmode=perhaps", "expected an sslmode of disable, prefer, require, "],
    ["postgres://me@host/x?user=y", "'user' is not known there, only sslmode"],
    ["postgres://me@[::1]:5432/x@y?user=y", "'user' is not known there, only sslmode"],
    ["postgres://me@ho st/x", forms],
    ["opensearch:", forms],
    ["opensearch:localhost/edits", forms],
    ["opensearch:ftp://host/edits", forms],
    ["opensearch:https://host/edits?pretty", forms],
    ["opensearch:https://host/edits#x", forms],
    ["opensearch:https://host", index],
    ["opensearch:https://host/", index],
    ["opensearch:https://host/edits/", index],
    ["opensearch:https://host/Edits", index],
    ["opensearch:https://host/_all", index],
    ["opensearch:https://host/edits*", index],
    ["opensearch:https://host/a,b", index],
    ["opensearch:https://host/a%2Fb", index],
    [`opensearch:https://host/${"a".repeat(201)}`, index],
  ] as const;
  for (const [text, words] of cases) assertThrows(() => parseDatabase(text), Error, words);
});

Deno.test("parseDatabase() rejects a password, and does not show it", () => {
  const texts = [
    "postgres://me:secret@host/x",
    "postgres://me:secret@ho st/x",
    "postgres://me:s/ecret@host/x",
    "postgres:me:secret@host/x",
    "postgres://me@host/x?password=secret",
    "opensearch:https://me:secret@host/edits",
    "opensearch:https://secret@host/edits",
    "opensearch:https://me:secret@ho st/edits",
  ];
  for (const text of texts) {
    const error = assertThrows(
      () => parseDatabase(text),
      UsageError,
      "Cannot use a password in --database",
    );
    assert(!Deno.inspect(error).includes("ecret"));
  }
});

Deno.test("formatDatabase() returns the parsed address", () => {
  for (
    const text of [
      "sqlite:edits.db",
      "parquet:edits",
      "postgres://a%40b@[::1]:5432/x%20y",
      "opensearch:https://host:9200/p/edits",
    ]
  ) {
    assertEquals(formatDatabase(parseDatabase(text)), text);
  }
});

Deno.test("groupOf() distinguishes databases of the same name", () => {
  const address = parseDatabase("sqlite:/data/My edits.db");
  assertEquals(groupOf(address, "01234567-89ab"), "wikitap-store.My_edits.01234567");
  const index = parseDatabase("opensearch:https://host/my-edits");
  assertEquals(groupOf(index, "01234567-89ab"), "wikitap-store.my-edits.01234567");
  const directory = parseDatabase("parquet:/data/My edits/");
  assertEquals(groupOf(directory, "01234567-89ab"), "wikitap-store.My_edits.01234567");
});
