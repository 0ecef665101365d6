import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { createTopics } from "../../../lib/kafka/admin/topics.ts";
import { serveEvents } from "../../../lib/replay/service/server.ts";
import { syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import { uniqueTopic } from "../kafka/kafka.ts";
import { type Ended, runProgram } from "./program.ts";
import { PASSWORDS, type SecureKafka } from "../kafka/secure_kafka.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

/** How a program reaches the Kafka. */
export interface Access {
  readonly server: string;
  readonly flags?: readonly string[];
  readonly password?: string;
}

/** The programs must not take longer, their own start and stop included (ms). */
const LIMIT = 6000;
const SECRETS = [...Object.values(PASSWORDS), "wrong-password", "PRIVATE KEY"];

/** Runs programs against a secure Kafka. */
export function secureClient(kafka: SecureKafka) {
  /** With `--log-level debug`, so that what is never shown is known not to be logged either. */
  async function run(
    script: string,
    topic: string,
    { server, flags = [], password }: Access,
    args: readonly string[],
  ): Promise<Ended> {
    const all = ["--bootstrap-server", server, "--topic", topic, "--log-level", "debug"];
    const env = password === undefined ? {} : { KAFKA_SASL_PASSWORD: password };
    const ended = await runProgram(script, [...all, ...flags, ...args], { env });
    for (const secret of SECRETS) {
      assert(
        !`${ended.stdout}${ended.stderr}`.includes(secret),
        `shows the secret: ${ended.stderr}`,
      );
    }
    return ended;
  }

  function createTopic(topic: string, access: Access, ...args: string[]): Promise<Ended> {
    return run("scripts/create_topic.ts", topic, access, args);
  }

  function consume(topic: string, access: Access, ...args: string[]): Promise<Ended> {
    return run("scripts/consume.ts", topic, access, ["--from-beginning", ...args]);
  }

  async function produce(topic: string, access: Access, ...args: string[]): Promise<Ended> {
    const upstream = serveEvents({ log: syntheticLog({ rate: 400 }) });
    try {
      const stream = ["--stream-url", upstream.url, "--events-to-produce", "5"];
      return await run("main.ts", topic, access, [...stream, ...args]);
    } finally {
      await upstream.stop();
    }
  }

  async function newTopic(topic = uniqueTopic()): Promise<string> {
    const spec = { topic, partitions: 1, replicationFactor: 1 };
    await withAdmin(kafka.admin, { action: "create" }, (admin) => createTopics(admin, [spec]));
    return topic;
  }

  async function send(topic: string, value: string): Promise<void> {
    const producer = kafka.admin.quick.producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ partition: 0, value }] });
    await producer.disconnect();
  }

  /** The flags for a broker's certificate, and for a client's own. */
  const TRUSTED = ["--tls", "--tls-ca", kafka.files.ca];
  const CLIENT = ["--tls-cert", kafka.files.cert, "--tls-key", kafka.files.key];
  return { TRUSTED, CLIENT, run, createTopic, consume, produce, newTopic, send };
}

/** The access of a user, by default one with rights. */
export function sasl(
  server: string,
  mechanism: string,
  flags: readonly string[] = [],
  user = "alice",
): Access {
  return {
    server,
    flags: [...flags, "--sasl", mechanism, "--sasl-username", user],
    password: user === "bob" ? PASSWORDS.bob : PASSWORDS.alice,
  };
}

/** Checks that a program has failed soon, and what its error says. */
export function assertFailed({ code, stderr, ms }: Ended, says: string): void {
  assertEquals(code, 1, stderr);
  const error = stderr.split("\n").slice(
    stderr.split("\n").findIndex((line) => line.startsWith("error: ")),
  );
  assertStringIncludes(error.join("\n"), says);
  assert(ms < LIMIT, `took ${ms} ms`);
  const attempts = stderr.match(/Connection error|Closed connection/g)?.length ?? 0;
  assert(attempts < 20, `tried ${attempts} times`);
}

/** The ACLs of docs/security.md. */
export function producerRights(topic: string) {
  const name = `wikitap.${topic}`;
  return {
    topic: { [topic]: ["Read", "Write"] },
    transactionalId: { [name]: ["Write", "Describe"] },
    group: { [name]: ["Read"] },
  };
}
