import { flag, option, type OptionGroup, type Values } from "../option.ts";
import { address, listOf, oneOf, topicName } from "../values.ts";

/** Connection options, the same in every program that uses Kafka. */
export const kafkaOptions = {
  title: "Kafka",
  options: {
    bootstrapServer: option({
      placeholder: "HOST:PORT[,…]",
      alias: ["bootstrap_server"],
      env: "KAFKA_BROKERS",
      help: "Addresses of one or more brokers; the rest are discovered. IPv6: [::1]:9092.",
      parse: listOf(address),
      default: ["localhost:9092"],
    }),
    tls: flag("Use TLS to connect to the brokers."),
    tlsCa: option({
      placeholder: "FILE",
      help: "CA certificate of the brokers, in PEM. Default: the CAs that Deno trusts.",
      parse: String,
    }),
    tlsCert: option({
      placeholder: "FILE",
      help: "Client certificate with its chain, in PEM.",
      parse: String,
    }),
    tlsKey: option({
      placeholder: "FILE",
      help: "Private key of the client certificate, in PEM, without a passphrase.",
      parse: String,
    }),
    sasl: option({
      placeholder: "MECHANISM",
      help:
        "SASL mechanism: plain, scram-sha-256 or scram-sha-512. The password is read only from KAFKA_SASL_PASSWORD.",
      parse: oneOf("plain", "scram-sha-256", "scram-sha-512"),
    }),
    saslUsername: option({
      placeholder: "NAME",
      help: "User name for --sasl.",
      parse: String,
    }),
  },
} satisfies OptionGroup;

/** The `--topic` option of programs that use one topic. */
export const topicOption = option({
  placeholder: "NAME",
  alias: ["topic_name"],
  help: "Topic.",
  parse: topicName,
  default: "wikipedia-events",
});

/** The values of the connection options. */
export type KafkaValues = Values<typeof kafkaOptions.options>;
