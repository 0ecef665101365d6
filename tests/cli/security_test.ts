/**
 * create-topic, consume, store, verify, demo and the producer against a Kafka with TLS, SASL and an
 * authorizer, with the rights that the pages name.
 */
import { parseArgs } from "@std/cli";
import { withAdmin } from "../../lib/kafka/admin/with_admin.ts";
import { serveEvents } from "../../lib/replay/service/server.ts";
import { resetPosition } from "../../lib/kafka/publish/position/position_store.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testFolder } from "../support/tools/folder.ts";
import { uniqueTopic } from "../support/kafka/kafka.ts";
import { PATH_WITH_DENO, runProgram, startProgram } from "../support/programs/program.ts";
import { serve } from "../support/kafka/produce.ts";
import { codeBlocks } from "../support/tools/readme.ts";
import { addScramUser, PASSWORDS, startSecureKafka } from "../support/kafka/secure_kafka.ts";
import { grant } from "../support/programs/grant.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Access,
  producerRights,
  sasl,
  secureClient,
} from "../support/programs/secure_client.ts";

const kafka = await startSecureKafka();
Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

const { at, files } = kafka;
const { TRUSTED, CLIENT, run, createTopic, consume, produce, newTopic, send } = secureClient(kafka);

const ways: Readonly<Record<string, Access>> = {
  "TLS": { server: at.tls, flags: TRUSTED },
  "TLS by address": { server: at.tls.replace("localhost", "127.0.0.1"), flags: TRUSTED },
  "TLS with a client certificate": { server: at.mutual, flags: [...TRUSTED, ...CLIENT] },
  "PLAIN under TLS": sasl(at.sasltls, "plain", TRUSTED),
  "SCRAM-SHA-256 under TLS": sasl(at.sasltls, "scram-sha-256", TRUSTED),
  "SCRAM-SHA-512 under TLS": sasl(at.sasltls, "scram-sha-512", TRUSTED),
  "SCRAM-SHA-512 without TLS": sasl(at.saslplain, "scram-sha-512"),
};

for (const [way, access] of Object.entries(ways)) {
  Deno.test(`create-topic and consume work with ${way} and their permissions`, async () => {
    const topic = uniqueTopic();
    await grant(kafka.admin, "alice", { topic: { [topic]: CREATE_TOPIC } });
    const made = await createTopic(topic, access);
    assertEquals(made.code, 0, made.stderr);
    await grant(kafka.admin, "alice", {
      topic: { [topic]: ["Read"] },
      group: { "wikitap-consume*": ["Read", "Delete"] },
    });
    await send(topic, "edit");
    const read = await consume(topic, access, "--max-messages", "1");
    assertEquals([read.code, read.stdout], [0, "edit\n"], read.stderr);
    assertEquals(await groups(), []);
  });
}

Deno.test("verify works with Read on the topic and Describe on the group", async () => {
  const topic = await newTopic();
  const log = syntheticLog({ rate: 100, count: 6000, canaryEvery: 100 });
  await using upstream = serve(log);
  const begin = log.origin;
  const verify = () =>
    run("scripts/verify.ts", topic, sasl(at.sasltls, "scram-sha-512", TRUSTED), [
      ...["--stream-url", upstream.url, "--since", String(begin), "--output", "json"],
      ...["--until", String(begin + 1000)],
    ]);
  assertStringIncludes((await verify()).stderr, "the user 'alice' may not use the");
  await grant(kafka.admin, "alice", {
    topic: { [topic]: ["Read"] },
    group: { [`wikitap.${topic}`]: ["Describe"] },
  });
  const { stdout, stderr } = await verify();
  const report = JSON.parse(stdout || JSON.stringify(stderr));
  assert(report.expected > 0);
  assertEquals(report.differences.lost, report.expected);
});

Deno.test("store works with TLS, SASL and Read; reports missing permissions", async () => {
  const topic = await newTopic();
  await send(topic, "no edit");
  await using folder = await testFolder();
  const store = () =>
    run("scripts/store.ts", topic, sasl(at.sasltls, "scram-sha-512", TRUSTED), [
      ...["--database", `sqlite:${folder.path}/edits.db`, "--max-messages", "1"],
      ...["--group", topic],
    ]);
  assertStringIncludes((await store()).stderr, "the user 'alice' may not use the topic");
  await grant(kafka.admin, "alice", { topic: { [topic]: ["Read"] } });
  assertStringIncludes((await store()).stderr, "the user 'alice' may not use the consumer group");
  await grant(kafka.admin, "alice", { group: { [topic]: ["Read"] } });
  const { code, stderr } = await store();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "Ended: 0 stored, 1 bad");
});

Deno.test("demo publishes to a Kafka that requires a client certificate", async () => {
  await using upstream = serve(syntheticLog({ start: Date.now() - 5000 }), { pace: "wall-clock" });
  const flags = ["--bootstrap-server", at.mutual, ...TRUSTED, ...CLIENT];
  await using demo = startProgram("scripts/demo.ts", [...flags, "--stream-url", upstream.url]);
  await demo.untilOutput(".org");
  demo.kill("SIGINT");
  const { code, stderr } = await demo.ended;
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, `Using the Kafka at ${at.mutual}`);
});

const CREATE_TOPIC = ["Create", "Describe", "DescribeConfigs"];

Deno.test("create-topic --alter works with exactly the ACLs that it needs", async () => {
  const topic = uniqueTopic();
  const access = sasl(at.sasltls, "plain", TRUSTED);
  await grant(kafka.admin, "alice", { topic: { [topic]: CREATE_TOPIC } });
  await createTopic(topic, access);
  const wish = ["--partitions", "5", "--retention", "1h", "--alter"];
  const forbidden = await createTopic(topic, access, ...wish);
  assertStringIncludes(forbidden.stderr, "the user 'alice' may not use the topic");
  await grant(kafka.admin, "alice", { topic: { [topic]: ["Alter", "AlterConfigs"] } });
  const altered = await createTopic(topic, access, ...wish);
  assertEquals(altered.code, 0, altered.stderr);
});

Deno.test("create-topic needs Deno permissions only for the broker and files", async () => {
  const args = ["--bootstrap-server", at.mutual, "--topic", uniqueTopic(), ...TRUSTED, ...CLIENT];
  const read = `--allow-read=${[files.ca, files.cert, files.key].join(",")}`;
  const permissions = ["-P=create-topic", `--allow-net=${at.mutual}`];
  const allowed = await runProgram("scripts/create_topic.ts", args, {
    permissions: [...permissions, read],
  });
  assertEquals(allowed.code, 0, allowed.stderr);
  const denied = await runProgram("scripts/create_topic.ts", args, { permissions });
  assertEquals(denied.code, 1);
  assertStringIncludes(denied.stderr, `--allow-read=${files.ca}`);
});

for (const [way, access] of Object.entries(ways)) {
  Deno.test(`start works with ${way}, and exactly the documented ACLs`, async () => {
    const topic = await newTopic();
    await grant(kafka.admin, "alice", producerRights(topic));
    const ended = await produce(topic, access);
    assertEquals(ended.code, 0, ended.stderr);
    assertStringIncludes(ended.stderr, "Published 5 records");
  });
}

Deno.test("start --delivery at-least-once needs no ACL of transactional ids", async () => {
  const topic = await newTopic();
  const access = sasl(at.sasltls, "plain", TRUSTED);
  const { transactionalId: _none, ...rights } = producerRights(topic);
  await grant(kafka.admin, "alice", rights);
  const ended = await produce(topic, access, "--delivery", "at-least-once");
  assertEquals(ended.code, 0, ended.stderr);
});

Deno.test("docs/security.md's command works with the ACLs of that page", async () => {
  const topic = await newTopic("wikipedia-events");
  // The demo has another stream under this name.
  await resetPosition(kafka.admin, { group: `wikitap.${topic}`, topic });
  await addScramUser(kafka.admin.config.brokers[0]!, "wikitap");
  const markdown = await Deno.readTextFile("docs/security.md");
  const [command] = codeBlocks(markdown, "TLS and SASL");
  const granting = codeBlocks(markdown, "ACLs");
  for (const line of granting.join("\n").split("\n")) await grantAs(line);
  const upstream = serveEvents({ log: syntheticLog({ rate: 400 }) });
  const here = command!.replaceAll("broker.example.org:9093", at.sasltls)
    .replaceAll("ca.pem", files.ca)
    .replaceAll("stream.wikimedia.org", new URL(upstream.url).host);
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-exc", `${here} --events-to-produce 5`],
    env: {
      PATH: PATH_WITH_DENO,
      KAFKA_SASL_PASSWORD: PASSWORDS.wikitap,
      EVENTSTREAMS_URL: upstream.url,
    },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  await upstream.stop();
});

/**
 * Does what `kafka-acls.sh --add` does with the words of a line; it is not among the jars fetched.
 */
async function grantAs(line: string): Promise<void> {
  if (line.startsWith("#") || line.startsWith("acls()")) return;
  const { operation, ...flags } = parseArgs(line.split(" "), { collect: ["operation"] });
  const prefix = flags["resource-pattern-type"] === "prefixed" ? "*" : "";
  const rights = Object.fromEntries(
    [["topic", "topic"], ["group", "group"], ["transactional-id", "transactionalId"]]
      .filter(([flag]) => flags[flag!] !== undefined)
      .map(([flag, kind]) => [kind, { [`${flags[flag!]}${prefix}`]: operation as string[] }]),
  );
  assert(Object.keys(rights).length > 0, line);
  await grant(kafka.admin, String(flags["allow-principal"]).replace("User:", ""), rights);
}

Deno.test("programs warn of a password that is sent without TLS", async () => {
  const { stderr } = await createTopic(uniqueTopic(), sasl(at.saslplain, "scram-sha-512"));
  assertStringIncludes(stderr, "SASL without --tls");
});

async function groups(): Promise<string[]> {
  const { groups } = await withAdmin(
    kafka.admin,
    { action: "list" },
    (admin) => admin.listGroups(),
  );
  return groups.map(({ groupId }) => groupId).filter((id) => id.startsWith("wikitap-"));
}
