import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { UserError } from "../../../../lib/shared/error.ts";
import type { ClusterConfig, ConnectionDiagnostics } from "../../../../lib/kafka/client/cluster.ts";
import type { Attempt } from "../../../../lib/kafka/errors/terms.ts";
import { explain, protocolErrorType } from "../../../../lib/kafka/errors/explain.ts";

const SECRET = "hunter2-secret";
const sasl = { mechanism: "plain", username: "alice", password: SECRET } as const;
const PLAIN: ClusterConfig = { brokers: ["kafka.example:9092"] };
const TLS: ClusterConfig = { ...PLAIN, tls: {} };
const SASL: ClusterConfig = { ...TLS, sasl };

interface Row {
  readonly name: string;
  readonly error: unknown;
  readonly config?: ClusterConfig;
  readonly diagnostics?: ConnectionDiagnostics;
  readonly attempt?: Partial<Attempt>;
  /** Parts of "message | hint". */
  readonly says: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: "a wrong password",
    error: kafkaError("KafkaJSSASLAuthenticationError", "SASL PLAIN authentication failed"),
    config: SASL,
    says: ["rejected the user 'alice' or the password", "KAFKA_SASL_PASSWORD"],
  },
  {
    name: "a mechanism that the listener lacks",
    error: protocolError("UNSUPPORTED_SASL_MECHANISM"),
    config: SASL,
    says: ["does not offer the SASL mechanism 'plain'"],
  },
  {
    name: "SASL to a listener without SASL",
    error: protocolError("ILLEGAL_SASL_STATE"),
    config: SASL,
    says: ["does not use SASL", "Omit --sasl"],
  },
  {
    name: "no SASL to a listener that requires it",
    error: closedConnection(),
    config: TLS,
    says: ["closed the connection, as a SASL listener does", "Set --sasl"],
  },
  {
    name: "plain text to a TLS port",
    error: retried(closedConnection()),
    says: ["closed the connection, as a TLS listener does", "Add --tls"],
  },
  {
    name: "SASL in plain text to a TLS port",
    error: retried(closedConnection()),
    config: { ...PLAIN, sasl },
    says: ["as a TLS listener does"],
  },
  {
    name: "an untrusted certificate",
    error: retried(connectionError("UNABLE_TO_VERIFY_LEAF_SIGNATURE")),
    config: TLS,
    says: ["certificate of kafka.example:9092 is untrusted or expired", "--tls-ca FILE"],
  },
  {
    name: "an IPv6 address where nothing listens",
    error: retried(connectionError("ECONNREFUSED", "connect ECONNREFUSED ::1:9092", "::1:9092")),
    config: { brokers: ["[::1]:9092"] },
    says: ["no broker answers at [::1]:9092 (connection refused)", "Start Kafka"],
  },
  {
    name: "a certificate for another name",
    error: retried(
      connectionError(
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "Hostname/IP does not match certificate's altnames: Host: localhost. is not in the cert's altnames: DNS:broker.example",
      ),
    ),
    config: TLS,
    says: ["is for other names", "DNS:broker.example", "advertised.listeners"],
  },
  {
    name: "TLS to a port without TLS",
    error: retried(
      connectionError(
        "ECONNRESET",
        "Client network socket disconnected before secure TLS connection was established",
      ),
    ),
    config: TLS,
    says: ["does not use TLS", "Omit --tls"],
  },
  {
    name: "a missing client certificate",
    error: retried(connectionError("ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE")),
    config: TLS,
    says: ["requires a client certificate", "--tls-cert FILE"],
  },
  {
    name: "a missing client certificate if a write fails before the alert",
    error: retried(connectionError("ERR_STREAM_WRITE_AFTER_END", "write after end")),
    config: TLS,
    diagnostics: { tlsFailure: "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE" },
    says: ["requires a client certificate"],
  },
  {
    name: "a missing client certificate if kafkajs reports no connection",
    error: retried(new Error("Not connected")),
    config: TLS,
    diagnostics: { tlsFailure: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" },
    says: ["requires a client certificate"],
  },
  {
    name: "a client certificate of another authority",
    error: retried(connectionError("ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN")),
    config: { ...PLAIN, tls: { cert: "cert", key: SECRET } },
    says: ["rejected the client certificate"],
  },
  {
    name: "no broker",
    error: retried(connectionError("ECONNREFUSED")),
    says: ["no broker answers at kafka.example:9092", "--bootstrap-server"],
  },
  {
    name: "an unknown host",
    error: retried(connectionError("ENOTFOUND")),
    says: ["host name of kafka.example:9092 cannot be resolved"],
  },
  {
    name: "an advertised address that is unknown here",
    error: connectionError("ENOTFOUND", "getaddrinfo ENOTFOUND", "kafka-1.internal:9092"),
    says: ["kafka-1.internal:9092", "advertised.listeners"],
  },
  {
    name: "an advertised address that is not allowed",
    error: retried(connectionError("EPERM", "getaddrinfo EPERM", "kafka-1.internal:9092")),
    says: ["denies the connection to kafka-1.internal:9092", "--allow-net=kafka-1.internal:9092"],
  },
  {
    name: "a denied address in Deno's words",
    error: retried(connectionError(undefined, 'Connection error: Requires net access to "x"')),
    says: ["denies the connection to kafka.example:9092"],
  },
  {
    name: "no SASL to a plain-text listener that requires it",
    error: closedConnection(),
    says: ["as a SASL listener does"],
  },
  {
    name: "a peer that does not answer",
    error: new Error("Broker not connected"),
    says: ["does not answer in time", "Kafka broker"],
  },
  {
    name: "a peer that does not answer over TLS",
    error: retried(connectionError(undefined, "Connection timeout")),
    config: TLS,
    says: ["does not answer in time"],
  },
  {
    name: "a missing permission for a topic",
    error: kafkaError("KafkaJSNonRetriableError", "Not authorized", {
      cause: protocolError("TOPIC_AUTHORIZATION_FAILED"),
    }),
    config: SASL,
    attempt: { topic: "edits", rights: ["Read"] },
    says: [
      "the user 'alice' may not use the topic 'edits'",
      "--allow-principal User:alice --operation Read --topic edits",
    ],
  },
  {
    name: "a topic that the user may not create",
    error: Object.assign(new Error("Topic creation errors"), {
      name: "KafkaJSAggregateError",
      errors: [protocolError("TOPIC_AUTHORIZATION_FAILED")],
    }),
    attempt: { topic: "edits", rights: ["Create"] },
    says: ["an anonymous client may not use the topic 'edits'", "User:ANONYMOUS"],
  },
  {
    name: "a topic other than that of the attempt",
    error: Object.assign(
      new Error("Cannot send", { cause: protocolError("TOPIC_AUTHORIZATION_FAILED") }),
      {
        topic: "letters",
      },
    ),
    attempt: { topic: "edits", rights: ["Write"] },
    says: ["may not use the topic 'letters'", "--operation Write --topic letters"],
  },
  {
    name: "one of several topics that cannot be created",
    error: Object.assign(new Error("Topic creation errors"), {
      name: "KafkaJSAggregateError",
      errors: [Object.assign(protocolError("INVALID_TOPIC_EXCEPTION"), { topic: "edits.enwiki" })],
    }),
    attempt: { topic: "edits.position" },
    says: ["rejects the topic name 'edits.enwiki'"],
  },
  {
    name: "a missing permission for a group",
    error: protocolError("GROUP_AUTHORIZATION_FAILED"),
    config: SASL,
    attempt: { group: "readers" },
    says: ["may not use the consumer group 'readers'", "--operation Read --group readers"],
  },
  {
    name: "a group that may not be deleted",
    error: protocolError("GROUP_AUTHORIZATION_FAILED"),
    config: SASL,
    attempt: { group: "wikitap.edits", groupRights: ["Delete"] },
    says: ["may not use the consumer group", "--operation Delete --group wikitap.edits"],
  },
  {
    name: "a missing permission for a group, from the search for its coordinator",
    error: unanswered(protocolError("GROUP_AUTHORIZATION_FAILED")),
    config: SASL,
    attempt: { group: "readers" },
    says: ["may not use the consumer group 'readers'"],
  },
  {
    name: "a missing permission for a transactional id",
    error: unanswered(protocolError("TRANSACTIONAL_ID_AUTHORIZATION_FAILED")),
    config: SASL,
    attempt: { transactionalId: "wikitap.edits" },
    says: ["may not use the transactional id 'wikitap.edits'", "--transactional-id wikitap.edits"],
  },
  {
    name: "a cluster with too few brokers for its logs",
    error: unanswered(retried(protocolError("GROUP_COORDINATOR_NOT_AVAILABLE"))),
    says: ["no coordinator", "offsets.topic.replication.factor"],
  },
  {
    name: "brokers that return no coordinator of a group",
    error: unanswered(
      kafkaError("KafkaJSRequestTimeoutError", "Request GroupCoordinator(key: 10) timed out", {
        broker: "kafka.example:9092",
      }),
    ),
    says: ["kafka.example:9092 does not answer in time"],
  },
  {
    name: "a missing permission for the cluster",
    error: protocolError("CLUSTER_AUTHORIZATION_FAILED"),
    config: SASL,
    says: ["lacks a permission on the cluster", "--operation Create"],
  },
  {
    name: "a topic that is missing",
    error: retried(protocolError("UNKNOWN_TOPIC_OR_PARTITION")),
    attempt: { topic: "edits" },
    says: ["the topic 'edits' does not exist", "create-topic", "--topic edits"],
  },
  {
    name: "a record that is too large",
    error: protocolError("MESSAGE_TOO_LARGE"),
    says: ["larger than the topic accepts", "max.message.bytes"],
  },
  {
    name: "a broker that is shutting down",
    error: retried(connectionError("EPIPE", "write EPIPE")),
    says: ["the connection to kafka.example:9092 was lost"],
  },
  {
    name: "an error code without a rule of its own",
    error: protocolError("UNKNOWN_SERVER_ERROR"),
    says: ["(UNKNOWN_SERVER_ERROR)"],
  },
];

for (const row of rows) {
  Deno.test(`explain() names ${row.name}`, () => {
    const config = row.config ?? PLAIN;
    const cluster = { config, diagnostics: row.diagnostics ?? {} };
    const explained = explain(row.error, { action: "read the topic", cluster, ...row.attempt });
    assert(explained instanceof UserError);
    const text = `${explained.message} | ${explained.hint}`;
    assertStringIncludes(text, "Cannot read the topic: ");
    for (const part of row.says) assertStringIncludes(text, part);
    assertEquals(text.includes(SECRET), false);
    assertEquals(explained.exitCode, 1);
  });
}

Deno.test("explain() returns other errors unchanged", () => {
  const attempt = { action: "read", cluster: { config: PLAIN, diagnostics: {} } };
  for (const error of [new TypeError("x is not a function"), new UserError("Known"), "text"]) {
    assertEquals(explain(error, attempt), error);
  }
});

Deno.test("protocolErrorType() finds the type in causes and parts", () => {
  assertEquals(protocolErrorType(retried(protocolError("MESSAGE_TOO_LARGE"))), "MESSAGE_TOO_LARGE");
  const aggregate = { errors: [protocolError("TOPIC_ALREADY_EXISTS")] };
  assertEquals(protocolErrorType(Object.assign(new Error(), aggregate)), "TOPIC_ALREADY_EXISTS");
  assertEquals(protocolErrorType(connectionError("ECONNREFUSED")), undefined);
});

function kafkaError(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

function protocolError(type: string): Error {
  return kafkaError("KafkaJSProtocolError", "The words of Kafka", { type, code: 1 });
}

function connectionError(
  code: string | undefined,
  message = "",
  broker = "kafka.example:9092",
): Error {
  return kafkaError("KafkaJSConnectionError", message, { code, broker });
}

function closedConnection(): Error {
  const fields = { broker: "kafka.example:9092" };
  return kafkaError("KafkaJSConnectionClosedError", "Closed connection", fields);
}

/** Returns the error with which `withBroker()` of `client/kafkajs.ts` reports the last failure. */
function unanswered(cause: Error): Error {
  return kafkaError("KafkaJSNonRetriableError", cause.message, { cause });
}

function retried(cause: Error): Error {
  return kafkaError("KafkaJSNumberOfRetriesExceeded", cause.message, { cause, retryCount: 2 });
}
