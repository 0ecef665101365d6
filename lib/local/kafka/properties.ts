/** The address of one node of the local Kafka. */
export interface NodeAddress {
  /** 1, 2, 3. */
  readonly id: number;
  /** Its port for clients, on 127.0.0.1. */
  readonly port: number;
  /** Its port for the other nodes' controllers. */
  readonly controllerPort: number;
}

/** Settings of a broker by their names in Kafka's documentation. */
export type Properties = Readonly<Record<string, string | number | boolean>>;

/**
 * Returns the settings of one node: broker and controller in one process (KRaft).
 *
 * Three nodes keep three replicas and acknowledge with two. A single node needs settings for one
 * replica; otherwise consumer groups and transactions never start. Topics are not created
 * automatically, and nothing expires: last week's events would vanish at once from a topic that
 * keeps seven days.
 */
export function serverProperties(
  node: NodeAddress,
  cluster: readonly NodeAddress[],
  data: string,
): Properties {
  const replicas = Math.min(cluster.length, 3);
  const inSync = Math.max(1, replicas - 1);
  return {
    "process.roles": "broker,controller",
    "node.id": node.id,
    "controller.quorum.voters": cluster.map(({ id, controllerPort }) =>
      `${id}@127.0.0.1:${controllerPort}`
    ).join(","),
    // 127.0.0.1, not localhost: if localhost is ::1 first, some clients try no other address.
    "listeners": `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${node.port}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "log.dirs": data,
    "auto.create.topics.enable": false,
    "log.retention.ms": -1,
    // Retention shows within seconds; Kafka's default is five minutes.
    "log.retention.check.interval.ms": 10_000,
    "default.replication.factor": replicas,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": replicas,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    // 50 partitions each by default: several seconds of creating files on a single machine.
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 4,
    // The first consumer of a group need not wait three seconds for others.
    "group.initial.rebalance.delay.ms": 0,
    // A killed broker can return only after its old session has ended, 9 s by default.
    "broker.session.timeout.ms": 4000,
    "broker.heartbeat.interval.ms": 1000,
    // 128 MB of the heap by default.
    "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
  };
}

/** Formats settings as a Java properties file, with special characters escaped. */
export function propertiesText(properties: Properties): string {
  return Object.entries(properties).map(([key, value]) =>
    `${escaped(key).replace(/[\s:=]/g, "\\$&")}=${escaped(String(value)).replace(/^ /, "\\ ")}\n`
  ).join("");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r")
    .replace(/^[#!]/, "\\$&")
    .replace(
      /[^\x20-\x7e]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

/**
 * Returns the broker's log settings: one file of at most 10 MB, and one older file of that size.
 */
export function logProperties(file: string): Properties {
  return {
    "appender.file.type": "RollingFile",
    "appender.file.name": "File",
    "appender.file.fileName": file,
    "appender.file.filePattern": `${file}.%i`,
    "appender.file.layout.type": "PatternLayout",
    "appender.file.layout.pattern": "[%d] %p %m (%c)%n",
    "appender.file.policies.type": "Policies",
    "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
    "appender.file.policies.size.size": "10MB",
    "appender.file.strategy.type": "DefaultRolloverStrategy",
    "appender.file.strategy.max": 1,
    "rootLogger.level": "info",
    "rootLogger.appenderRef.file.ref": "File",
  };
}
