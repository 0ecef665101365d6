import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { UserError } from "../../../../lib/shared/error.ts";
import { postgresFailure } from "../../../../lib/store/sinks/postgres_failure.ts";
import { Unavailable } from "../../../../lib/store/sink.ts";
import { sqliteFailure } from "../../../../lib/store/sinks/sqlite_failure.ts";

const ADDRESS = {
  kind: "postgres",
  host: "db",
  port: 5432,
  database: "edits",
  user: "me",
  tls: "prefer",
} as const;

const withCode = (code: string) => Object.assign(new Error("its words"), { code });

Deno.test("postgresFailure() tells what passes from what does not", () => {
  const passing = ["ECONNREFUSED", "CONNECTION_CLOSED", "CONNECT_TIMEOUT", "08006", "40P01"];
  for (const code of [...passing, "57P01", "57P03", "53300"]) {
    assert(postgresFailure(withCode(code), ADDRESS, true) instanceof Unavailable, code);
  }
  for (
    const code of [
      "28P01",
      "3D000",
      "42501",
      "53100",
      "25006",
      "42703",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
    ]
  ) {
    assert(postgresFailure(withCode(code), ADDRESS, true) instanceof UserError, code);
  }
  for (const code of ["ERR_INVALID_ARG_TYPE", "42601", "22021"]) {
    const error = withCode(code);
    assertEquals(postgresFailure(error, ADDRESS, true), error);
  }
});

Deno.test("postgresFailure() says how to give a password where there was none", () => {
  const hint = (hasPassword: boolean) =>
    (postgresFailure(withCode("28P01"), ADDRESS, hasPassword) as UserError).hint ?? "";
  assertStringIncludes(hint(false), "Give the password in the environment variable PGPASSWORD");
  assertStringIncludes(hint(true), "Check the user");
});

Deno.test("sqliteFailure() tells a lock from what does not pass, by code and by text", () => {
  const busy = Object.assign(new Error("x"), { errcode: 5 | (2 << 8) });
  assert(sqliteFailure(busy, "f") instanceof Unavailable);
  assert(sqliteFailure(new Error("database is locked"), "f") instanceof Unavailable);
  const full = sqliteFailure(new Error("database or disk is full"), "f") as UserError;
  assertEquals(full.message, "Cannot use the database 'f': the disk is full");
  const defect = new Error('near "x": syntax error');
  assertEquals(sqliteFailure(defect, "f"), defect);
});
