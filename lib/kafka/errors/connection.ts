import { rightHint } from "../../shared/error.ts";
import { bracketed } from "../client/address.ts";
import type { Attempt, Reason, Symptom } from "./terms.ts";
import { reasonForCoordinator } from "./protocol.ts";

/** What a failure without an error code of Kafka's protocol means: connections, TLS, SASL. */
export function reasonByCode(chain: readonly Symptom[], attempt: Attempt): Reason | undefined {
  const named = (name: string) => chain.some((symptom) => symptom.name === name);
  if (named("KafkaJSSASLAuthenticationError")) return wrongPassword(attempt);
  if (named("KafkaJSGroupCoordinatorNotFound")) return reasonForCoordinator(attempt);
  const unreadable = chain.find(({ name }) => name === "UnreadableRecords");
  if (unreadable !== undefined) return { what: unreadable.message, hint: PASS_OVER };

  const at = addressOf(chain, attempt);
  const code = codeOf(chain, attempt);
  if (chain.some(({ message }) => message.includes("Requires net access"))) return notAllowed(at);
  if (code !== undefined) return byCode(code, at, chain, attempt);
  if (named("KafkaJSConnectionClosedError")) return closed(chain, at, attempt);
  if (named("KafkaJSRequestTimeoutError") || silent(chain)) return unresponsive(at, attempt);
  return undefined;
}

const PASS_OVER =
  "Begin behind them; or delete all up to them in their partition: kafka-delete-records.sh";

/**
 * The code that tells most. Where a broker refuses a client's certificate under TLS 1.3, kafkajs may
 * fail of writing to a closed socket before it sees the alert.
 */
function codeOf(chain: readonly Symptom[], { cluster }: Attempt): string | undefined {
  const code = chain.find((symptom) => symptom.code !== undefined)?.code;
  const alert = cluster.remembered.tlsFailure;
  const vague = code === undefined || code === "ERR_STREAM_WRITE_AFTER_END";
  return vague && cluster.config.tls !== undefined && alert?.includes("_ALERT_") ? alert : code;
}

function byCode(
  code: string,
  at: Address,
  chain: readonly Symptom[],
  attempt: Attempt,
): Reason | undefined {
  if (UNTRUSTED.has(code)) return untrusted(at, attempt);
  if (code.startsWith("ERR_SSL_") && code.includes("_ALERT_")) return clientRefused(at, attempt);
  const message = chain.at(-1)?.message ?? "";
  switch (code) {
    case "ECONNREFUSED":
      return unreachable(`no broker answers at ${at.text} (connection refused)`, at, attempt);
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NODATA":
      return unreachable(`the host name of ${at.text} is not known`, at, attempt);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return unreachable(`${at.text} cannot be reached (${code})`, at, attempt);
    case "EPERM":
    case "EACCES":
      return notAllowed(at);
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return {
        what: `the certificate of ${at.text} is for another name: ${
          message.replace(/^.*?altnames: /, "")
        }`,
        hint:
          "Use a name of the certificate in --bootstrap-server and the brokers' advertised.listeners",
      };
    case "ECONNRESET":
    case "EPIPE":
      return /before secure TLS/.test(message)
        ? noTls(at)
        : unreachable(`the connection to ${at.text} was cut (${code})`, at, attempt);
    default:
      return code.startsWith("ERR_SSL_")
        ? { ...noTls(at), what: `${at.text}: ${message}` }
        : undefined;
  }
}

/** Deno denies it: for an IP address in words, for a name as the failure of the look-up. */
function notAllowed(at: Address): Reason {
  return {
    what: `this program was not given the right to connect to ${at.text}`,
    hint: rightHint(`--allow-net=${at.text.replaceAll(", ", ",")}`),
  };
}

/** All of these are one code for every untrusted chain on Deno, also for an expired certificate. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "CERT_HAS_EXPIRED",
]);

function wrongPassword({ cluster: { config } }: Attempt): Reason {
  return {
    what: `the broker refused the user '${config.sasl?.username}' or the password`,
    hint:
      `Check --sasl-username and KAFKA_SASL_PASSWORD, and that the user has credentials for '${config.sasl?.mechanism}'`,
  };
}

function untrusted(at: Address, { cluster }: Attempt): Reason {
  return {
    what: `the certificate of ${at.text} is untrusted or expired`,
    hint: cluster.config.tls?.ca === undefined
      ? "Give the cluster's CA certificate with --tls-ca FILE, or renew the broker's certificate"
      : "Check that the file of --tls-ca holds the authority that signed it, and that it is in date",
  };
}

function clientRefused(at: Address, { cluster }: Attempt): Reason {
  return cluster.config.tls?.cert === undefined
    ? {
      what: `${at.text} asks for a client certificate`,
      hint: "Give one with --tls-cert FILE and --tls-key FILE",
    }
    : {
      what: `${at.text} does not accept the client certificate`,
      hint:
        "The certificate of --tls-cert must be from an authority that the brokers trust, and in date",
    };
}

function noTls(at: Address): Reason {
  return {
    what: `${at.text} does not speak TLS`,
    hint: "Leave out --tls, or give the port of the listener with TLS",
  };
}

/**
 * The peer closes the connection without a word: a listener with TLS does that to plain text at
 * once, on every try; a listener with SASL to the first request that comes without.
 */
function closed(chain: readonly Symptom[], at: Address, { cluster: { config } }: Attempt): Reason {
  const what = `${at.text} closed the connection`;
  const retried = chain[0]?.name === "KafkaJSNumberOfRetriesExceeded";
  if (config.tls === undefined && (retried || config.sasl !== undefined)) {
    return {
      what: `${what}, as a listener with TLS does`,
      hint: "Add --tls, or give the port of the listener without TLS",
    };
  }
  if (config.sasl === undefined) {
    return {
      what: `${what}, as a listener with SASL does`,
      hint: "Give --sasl and --sasl-username, and the password in KAFKA_SASL_PASSWORD",
    };
  }
  return { what };
}

function silent(chain: readonly Symptom[]): boolean {
  return chain.some(({ message }) => /^connection timeout|not connected/i.test(message));
}

function unresponsive(at: Address, attempt: Attempt): Reason {
  if (at.isAdvertised) return unreachable(`${at.text} does not answer`, at, attempt);
  return {
    what: `${at.text} does not answer in time`,
    hint: "Is it a Kafka broker, and does no firewall stand between?",
  };
}

/** Where a connection failed. */
interface Address {
  readonly text: string;
  /** Not one of those that were given: the cluster named it as a broker's address. */
  readonly isAdvertised: boolean;
}

function addressOf(chain: readonly Symptom[], { cluster: { config } }: Attempt): Address {
  const found = chain.find((symptom) => symptom.broker !== undefined)?.broker;
  const broker = found === undefined ? undefined : bracketed(found);
  return {
    text: broker ?? config.brokers.join(", "),
    isAdvertised: broker !== undefined && !config.brokers.includes(broker),
  };
}

function unreachable(what: string, at: Address, { cluster: { config } }: Attempt): Reason {
  const given = config.brokers.join(", ");
  return {
    what,
    hint: at.isAdvertised
      ? `The cluster at ${given} names that address as a broker's: set advertised.listeners to one that can be reached from here`
      : "Start Kafka (deno task kafka start), or check the address in --bootstrap-server",
  };
}
