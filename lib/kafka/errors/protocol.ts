import type { ClusterConfig } from "../client/cluster.ts";
import type { Attempt, ErrorFacts, Reason } from "./terms.ts";

/** Explains an error code of Kafka's protocol, with a hint if a user can do something. */
export function reasonByType({ type, message }: ErrorFacts, attempt: Attempt): Reason {
  return REASONS[type ?? ""]?.(attempt) ?? { what: `${lowerFirst(message)} (${type})` };
}

const REASONS: Readonly<Record<string, (attempt: Attempt) => Reason>> = {
  UNSUPPORTED_SASL_MECHANISM: ({ cluster: { config } }) => ({
    what: `the broker does not offer the SASL mechanism '${config.sasl?.mechanism}'`,
    hint: "Set --sasl to another mechanism: plain, scram-sha-256 or scram-sha-512",
  }),
  ILLEGAL_SASL_STATE: ({ cluster: { config } }) => ({
    what: `the listener at ${config.brokers.join(", ")} does not use SASL`,
    hint: "Omit --sasl, or use the port of a SASL listener",
  }),
  TOPIC_AUTHORIZATION_FAILED: (attempt) => topicForbidden(attempt),
  GROUP_AUTHORIZATION_FAILED: (attempt) => groupForbidden(attempt),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: (attempt) => transactionalIdForbidden(attempt),
  CLUSTER_AUTHORIZATION_FAILED: (attempt) => clusterForbidden(attempt),
  GROUP_COORDINATOR_NOT_AVAILABLE: (attempt) => noCoordinator(attempt),
  UNKNOWN_TOPIC_OR_PARTITION: ({ topic, cluster: { config } }) => ({
    what: topic === undefined ? "a topic does not exist" : `the topic '${topic}' does not exist`,
    hint: `Create it: deno task create-topic --bootstrap-server ${
      config.brokers.join(",")
    } --topic ${topic ?? "NAME"}`,
  }),
  INVALID_TOPIC_EXCEPTION: ({ topic }) => ({
    what: `Kafka rejects the topic name '${topic}'`,
    hint: "Choose another name: 'a.b' and 'a_b' cannot both exist",
  }),
  MESSAGE_TOO_LARGE: ({ topic }) => ({
    what: `a record is larger than the topic${topic === undefined ? "" : ` '${topic}'`} accepts`,
    hint: "Raise max.message.bytes of the topic",
  }),
  INVALID_REPLICATION_FACTOR: () => ({
    what: "the replication factor is larger than the number of brokers",
    hint: "Set --replication-factor to at most the number of running brokers",
  }),
  INVALID_CONFIG: () => ({
    what: "Kafka rejects a setting of the topic",
    hint:
      "See the names and values of topic settings: https://kafka.apache.org/documentation/#topicconfigs",
  }),
  POLICY_VIOLATION: () => ({ what: "a policy of the cluster forbids it" }),
  NOT_ENOUGH_REPLICAS: (attempt) => tooFewReplicas(attempt),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: (attempt) => tooFewReplicas(attempt),
  LEADER_NOT_AVAILABLE: (attempt) => noLeader(attempt),
  NOT_LEADER_FOR_PARTITION: (attempt) => noLeader(attempt),
};

function noCoordinator(attempt: Attempt): Reason {
  return {
    what: "the cluster has no coordinator for groups and transactions",
    hint:
      `Start as many brokers as offsets.topic.replication.factor and transaction.state.log.replication.factor require (3 by default); on one broker set both, and transaction.state.log.min.isr, to 1${
        orWithout(attempt)
      }`,
  };
}

function topicForbidden(attempt: Attempt): Reason {
  const { topic, rights = ["Describe"] } = attempt;
  return {
    what: `${who(attempt)} may not use the topic${topic === undefined ? "" : ` '${topic}'`}`,
    hint: `Grant it: ${acl(attempt, rights, `--topic ${topic ?? "NAME"}`)}`,
  };
}

/** An idempotent producer needs no permission on the cluster if it may write to some topic. */
function clusterForbidden(attempt: Attempt): Reason {
  if (attempt.rights?.includes("Write")) return topicForbidden(attempt);
  return {
    what: `${who(attempt)} lacks a permission on the cluster`,
    hint: `Grant the missing operation, such as ${acl(attempt, ["Create"], "--cluster")}`,
  };
}

function groupForbidden(attempt: Attempt): Reason {
  const { group, groupRights = ["Read"] } = attempt;
  return {
    what: `${who(attempt)} may not use the consumer group${
      group === undefined ? "" : ` '${group}'`
    }`,
    hint: `Grant it: ${acl(attempt, groupRights, `--group ${group ?? "NAME"}`)}`,
  };
}

function transactionalIdForbidden(attempt: Attempt): Reason {
  const { transactionalId } = attempt;
  const named = transactionalId === undefined ? "" : ` '${transactionalId}'`;
  const resource = `--transactional-id ${transactionalId ?? "NAME"}`;
  return {
    what: `${who(attempt)} may not use the transactional id${named}`,
    hint: `Grant it: ${acl(attempt, ["Write", "Describe"], resource)}${orWithout(attempt)}`,
  };
}

/** Returns another way, for users who cannot change the cluster. */
function orWithout({ transactionalId }: Attempt): string {
  return transactionalId === undefined
    ? ""
    : "; or publish without transactions: --delivery at-least-once";
}

function tooFewReplicas({ topic }: Attempt): Reason {
  return {
    what: `fewer replicas of the topic${
      topic === undefined ? "" : ` '${topic}'`
    } are in sync than its min.insync.replicas`,
    hint: "Start the brokers that are down",
  };
}

function noLeader({ topic }: Attempt): Reason {
  return {
    what: `a partition of the topic${topic === undefined ? "" : ` '${topic}'`} has no leader`,
    hint: "Start the brokers that are down",
  };
}

function who({ cluster: { config } }: Attempt): string {
  if (config.sasl !== undefined) return `the user '${config.sasl.username}'`;
  return config.tls?.cert === undefined ? "an anonymous client" : "the client certificate's user";
}

/** Returns the command of Kafka that grants operations on a resource. */
function acl(
  { cluster: { config } }: Attempt,
  rights: readonly string[],
  resource: string,
): string {
  const operations = rights.map((right) => `--operation ${right}`).join(" ");
  return `kafka-acls.sh --bootstrap-server ${config.brokers.join(",")} --add --allow-principal ${
    principal(config)
  } ${operations} ${resource}`;
}

function principal({ sasl, tls }: ClusterConfig): string {
  if (sasl !== undefined) return `User:${sasl.username}`;
  return tls?.cert === undefined ? "User:ANONYMOUS" : "User:CN=…";
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
