/**
 * Each failure that a user of a Kafka with TLS, SASL and an authorizer can cause is named within
 * seconds, with no secret in any output.
 */
import { uniqueTopic } from "../support/kafka/kafka.ts";
import { startSecureKafka } from "../support/kafka/secure_kafka.ts";
import { grant } from "../support/programs/grant.ts";
import { assertEquals } from "@std/assert";
import {
  type Access,
  assertFailed,
  producerRights,
  sasl,
  secureClient,
} from "../support/programs/secure_client.ts";

const kafka = await startSecureKafka();
Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

const { at, files } = kafka;
const { TRUSTED, createTopic, consume, produce, newTopic, send } = secureClient(kafka);

const failures: Readonly<Record<string, readonly [access: Access, says: string]>> = {
  "a wrong password, PLAIN": [
    { ...sasl(at.sasltls, "plain", TRUSTED), password: "wrong-password" },
    "the broker rejected the user 'alice' or the password",
  ],
  "a wrong password, SCRAM": [
    { ...sasl(at.sasltls, "scram-sha-256", TRUSTED), password: "wrong-password" },
    "the broker rejected the user 'alice' or the password",
  ],
  "an unknown user": [
    sasl(at.sasltls, "scram-sha-512", TRUSTED, "mallory"),
    "the broker rejected the user 'mallory' or the password",
  ],
  "a mechanism that is not offered": [
    sasl(at.saslplain, "plain"),
    "does not offer the SASL mechanism 'plain'",
  ],
  "SASL to a listener without SASL": [sasl(at.tls, "plain", TRUSTED), "does not use SASL"],
  "no SASL to a listener that requires it": [
    { server: at.saslplain },
    "closed the connection, as a SASL listener does",
  ],
  "no SASL to a listener that requires it, over TLS": [
    { server: at.sasltls, flags: TRUSTED },
    "closed the connection, as a SASL listener does",
  ],
  "a certificate of an authority that is not trusted": [
    { server: at.tls, flags: ["--tls"] },
    "is untrusted or expired",
  ],
  "a certificate of another authority than --tls-ca": [
    { server: at.tls, flags: ["--tls", "--tls-ca", files.otherCa] },
    "is untrusted or expired",
  ],
  "an expired certificate": [{ server: at.expired, flags: TRUSTED }, "is untrusted or expired"],
  "a certificate for another name": [{ server: at.renamed, flags: TRUSTED }, "broker.example"],
  "plain text to a TLS port": [
    { server: at.tls },
    "closed the connection, as a TLS listener does",
  ],
  "SASL in plain text to a TLS port": [
    sasl(at.sasltls, "plain"),
    "closed the connection, as a TLS listener does",
  ],
  "TLS to a plain text port": [
    { server: at.saslplain, flags: TRUSTED },
    "does not use TLS",
  ],
  "a missing client certificate": [
    { server: at.mutual, flags: TRUSTED },
    "requires a client certificate",
  ],
  "a client certificate of another authority": [
    {
      server: at.mutual,
      flags: [...TRUSTED, "--tls-cert", files.strangerCert, "--tls-key", files.strangerKey],
    },
    "rejected the client certificate",
  ],
  "a key that is another certificate's": [
    {
      server: at.mutual,
      flags: [...TRUSTED, "--tls-cert", files.cert, "--tls-key", files.strangerKey],
    },
    "it does not match the certificate in",
  ],
  "a CA file that holds a key": [
    { server: at.tls, flags: ["--tls", "--tls-ca", files.key] },
    "it has none, expected PEM",
  ],
  "a user without rights": [
    sasl(at.sasltls, "plain", TRUSTED, "bob"),
    "the user 'bob' may not use the topic",
  ],
};

for (const [failure, [access, says]] of Object.entries(failures)) {
  Deno.test(`each program reports ${failure}`, async () => {
    const topic = uniqueTopic();
    // One after the other: they measure time.
    for (const run of [createTopic, consume, produce]) assertFailed(await run(topic, access), says);
  });
}

Deno.test("create-topic and consume report an unknown advertised address", async () => {
  const topic = await newTopic();
  assertFailed(await createTopic(uniqueTopic(), { server: at.lost }), "no-such-host.invalid");
  assertFailed(await consume(topic, { server: at.lost }), "no-such-host.invalid");
});

Deno.test("create-topic reports the missing permission to create", async () => {
  const topic = uniqueTopic();
  await grant(kafka.admin, "bob", { topic: { [topic]: ["Describe"] } });
  const ended = await createTopic(topic, sasl(at.sasltls, "plain", TRUSTED, "bob"));
  assertFailed(ended, "--allow-principal User:bob --operation Create");
});

Deno.test("consume reports missing permissions for topic and group", async () => {
  const topic = await newTopic();
  const group = uniqueTopic("group");
  const access = sasl(at.sasltls, "plain", TRUSTED, "bob");
  await grant(kafka.admin, "bob", { topic: { [topic]: ["Describe"] } });
  const noGroup = await consume(topic, access, "--group", group);
  assertFailed(noGroup, `the user 'bob' may not use the consumer group '${group}'`);
  await grant(kafka.admin, "bob", { group: { [group]: ["Read"] } });
  await send(topic, "edit");
  const noRead = await consume(topic, access, "--group", group);
  assertFailed(noRead, `the user 'bob' may not use the topic '${topic}'`);
});

Deno.test("start reports each missing permission", async () => {
  const topic = await newTopic();
  const access = sasl(at.sasltls, "plain", TRUSTED, "bob");
  const { transactionalId, group } = producerRights(topic);
  await grant(kafka.admin, "bob", { topic: { [topic]: ["Describe"] } });
  const steps = [
    [undefined, "may not use the topic"],
    [{ topic: { [topic]: ["Write"] } }, "may not use the transactional id"],
    [{ transactionalId }, "may not use the consumer group"],
    [{ group }, "may not use the topic"],
    [{ topic: { [topic]: ["Read"] } }, undefined],
  ] as const;
  for (const [rights, says] of steps) {
    if (rights !== undefined) await grant(kafka.admin, "bob", rights);
    const ended = await produce(topic, access);
    if (says === undefined) assertEquals(ended.code, 0, ended.stderr);
    else assertFailed(ended, `the user 'bob' ${says}`);
  }
});
