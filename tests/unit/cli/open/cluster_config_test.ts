import { clusterConfig } from "../../../../lib/cli/open/cluster_config.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { kafkaOptions } from "../../../../lib/cli/options/kafka.ts";
import { parseOptions } from "../../../../lib/cli/option.ts";
import { UsageError, UserError } from "../../../../lib/shared/error.ts";

Deno.test("clusterConfig() is the local broker in plain text by default", () => {
  assertEquals(config([]), { brokers: ["localhost:9092"], tls: undefined, sasl: undefined });
});

Deno.test("clusterConfig() reads the brokers from flag, alias and environment", () => {
  const env = { KAFKA_BROKERS: "a:1,b:2" };
  assertEquals(config([], env).brokers, ["a:1", "b:2"]);
  assertEquals(config(["--bootstrap-server", "c:3"], env).brokers, ["c:3"]);
  assertEquals(config(["--bootstrap_server", "d:4"]).brokers, ["d:4"]);
});

Deno.test("clusterConfig() reads the password only from the environment", () => {
  const args = ["--tls", "--sasl", "scram-sha-256", "--sasl-username", "alice"];
  assertEquals(config(args, { KAFKA_SASL_PASSWORD: "secret" }).sasl, {
    mechanism: "scram-sha-256",
    username: "alice",
    password: "secret",
  });
  assertThrows(() => config(args), UsageError, "environment variable KAFKA_SASL_PASSWORD");
  assertThrows(() => config(["--sasl-password", "x"]), UsageError, "unknown flag");
});

const refused: readonly [args: string[], message: string][] = [
  [["--tls-ca", "ca.pem"], "Cannot use --tls-ca without --tls"],
  [["--tls-cert", "c.pem", "--tls-key", "k.pem"], "Cannot use --tls-cert without --tls"],
  [
    ["--tls", "--tls-cert", "c.pem"],
    "Cannot use only one of --tls-cert and --tls-key: expected both",
  ],
  [
    ["--tls", "--tls-key", "k.pem"],
    "Cannot use only one of --tls-cert and --tls-key: expected both",
  ],
  [["--sasl", "plain"], "Cannot use --sasl without --sasl-username"],
  [["--sasl-username", "alice"], "Cannot use --sasl-username without --sasl"],
  [["--sasl", "gssapi"], "expected one of plain, scram-sha-256, scram-sha-512"],
  [["--bootstrap-server", "localhost"], "expected HOST:PORT"],
  [["--bootstrap-server", "::1:9092"], "expected HOST:PORT"],
];

for (const [args, message] of refused) {
  Deno.test(`clusterConfig() rejects ${args.join(" ")}`, () => {
    assertThrows(() => config(args), UsageError, message);
  });
}

Deno.test("clusterConfig() names the missing file and the invalid certificate", () => {
  const missing = () => {
    throw new Deno.errors.NotFound("os error 2");
  };
  const args = ["--tls", "--tls-ca", "ca.pem"];
  assertThrows(
    () => config(args, {}, missing),
    UserError,
    "Cannot read 'ca.pem': the file does not exist",
  );
  assertThrows(
    () => config(args, {}, () => "?"),
    UserError,
    "from 'ca.pem': it has none, expected PEM",
  );
});

function config(
  args: string[],
  env: Record<string, string> = {},
  readFile: (file: string) => string = () => "",
) {
  const read = (name: string) => env[name];
  return clusterConfig(parseOptions([kafkaOptions], args, read), { env: read, readFile });
}
