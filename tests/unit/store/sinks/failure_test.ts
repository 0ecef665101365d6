import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { UserError } from "../../../../lib/shared/error.ts";
import { notReachable, postgresFailure } from "../../../../lib/store/sinks/postgres_failure.ts";
import { SinkUnavailable } from "../../../../lib/store/sink.ts";
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

/** The reaction of a running store to an error of PostgreSQL, its client or a pooler. */
const CLASSES: Readonly<Record<"waits" | "ends" | "defect", readonly string[]>> = {
  waits: [
    "ECONNREFUSED",
    "CONNECTION_CLOSED",
    "CONNECT_TIMEOUT",
    "08006", // connection failure
    "08P01", // a pooler's own error
    "25006", // read-only: a standby, or a switch-over
    "25P03", // idle in transaction for too long
    "40001", // serialization failure
    "40P01", // deadlock
    "53200", // out of memory
    "53300", // too many connections
    "55P03", // lock not available
    "57014", // query canceled: statement_timeout
    "57P01", // admin shutdown
    "57P02", // crash shutdown
    "57P03", // starting up
    "57P05", // idle session timeout
  ],
  ends: [
    "28P01", // wrong password
    "3D000", // no such database
    "3F000", // no schema in the search_path
    "42501", // lack of a privilege
    "42703", // tables of another program
    "53100", // disk full
    "57P04", // database dropped
    "DEPTH_ZERO_SELF_SIGNED_CERT",
  ],
  defect: ["ERR_INVALID_ARG_TYPE", "42601", "22021"],
};

Deno.test("postgresFailure() distinguishes temporary failures from others", () => {
  for (const [wanted, codes] of Object.entries(CLASSES)) {
    for (const code of codes) {
      const error = withCode(code);
      const failure = postgresFailure(error, ADDRESS, true);
      const found = failure instanceof SinkUnavailable
        ? "waits"
        : failure instanceof UserError
        ? "ends"
        : "defect";
      assertEquals(found, wanted, code);
    }
  }
});

Deno.test("postgresFailure() recognizes a login that a pooler rejected", () => {
  for (const words of ["SASL authentication failed", "no such user", "no such user: me"]) {
    const error = Object.assign(new Error(words), { code: "08P01" });
    const failure = postgresFailure(error, ADDRESS, true);
    assert(failure instanceof UserError, words);
    assertStringIncludes(failure.message, "it rejected the user 'me' or the password");
  }
});

Deno.test("notReachable() has the hint for the server's error", () => {
  const hintOf = (code: string, name = "PostgresError") => {
    const failure = postgresFailure(Object.assign(withCode(code), { name }), ADDRESS, true);
    const { message, hint } = notReachable(failure as SinkUnavailable, ADDRESS);
    return [message, hint];
  };
  const at = "the database postgres://me@db:5432/edits";
  assertEquals(hintOf("25006"), [
    `Cannot use ${at}: it is read-only`,
    "If it is a standby, use the address of the primary",
  ]);
  assertEquals(hintOf("08P01"), [
    `Cannot use ${at}: its words`,
    "Check the log of the pooler or proxy at that address",
  ]);
  assertEquals(hintOf("ECONNREFUSED", "Error"), [
    `Cannot reach ${at}: no server answers there (connection refused)`,
    "Start PostgreSQL, or check the address in --database",
  ]);
});

Deno.test("postgresFailure() names the variable of a missing password", () => {
  const hint = (hasPassword: boolean) =>
    (postgresFailure(withCode("28P01"), ADDRESS, hasPassword) as UserError).hint ?? "";
  assertStringIncludes(hint(false), "Set the password in the environment variable PGPASSWORD");
  assertStringIncludes(hint(true), "Check the user");
});

Deno.test("sqliteFailure() distinguishes locks from permanent failures", () => {
  const busy = Object.assign(new Error("x"), { errcode: 5 | (2 << 8) });
  assert(sqliteFailure(busy, "f") instanceof SinkUnavailable);
  assert(sqliteFailure(new Error("database is locked"), "f") instanceof SinkUnavailable);
  const full = sqliteFailure(new Error("database or disk is full"), "f") as UserError;
  assertEquals(full.message, "Cannot use the database 'f': the disk is full");
  const defect = new Error('near "x": syntax error');
  assertEquals(sqliteFailure(defect, "f"), defect);
});
