import { permissionHint } from "../../shared/error.ts";
import { bracketed } from "../client/address.ts";
import type { Attempt, ErrorFacts, Reason } from "./terms.ts";

/** Explains a failure without an error code of Kafka's protocol: connection, TLS or SASL. */
export function reasonByCode(chain: readonly ErrorFacts[], attempt: Attempt): Reason | undefined {
  const named = (name: string) => chain.some((symptom) => symptom.name === name);
  if (named("KafkaJSSASLAuthenticationError")) return wrongPassword(attempt);
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
  "Start after them, or delete the partition's records up to them with kafka-delete-records.sh";

/**
 * Returns the most specific code. If a broker rejects a client's certificate under TLS 1.3, kafkajs
 * may fail to write to the closed socket before it receives the alert.
 */
function codeOf(chain: readonly ErrorFacts[], { cluster }: Attempt): string | undefined {
  const code = chain.find((symptom) => symptom.code !== undefined)?.code;
  const alert = cluster.diagnostics.tlsFailure;
  const vague = code === undefined || code === "ERR_STREAM_WRITE_AFTER_END";
  return vague && cluster.config.tls !== undefined && alert?.includes("_ALERT_") ? alert : code;
}

function byCode(
  code: string,
  at: Address,
  chain: readonly ErrorFacts[],
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
      return unreachable(`the host name of ${at.text} cannot be resolved`, at, attempt);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return unreachable(`${at.text} cannot be reached (${code})`, at, attempt);
    case "EPERM":
    case "EACCES":
      return notAllowed(at);
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return {
        what: `the certificate of ${at.text} is for other names: ${
          message.replace(/^.*?altnames: /, "")
        }`,
        hint:
          "Use a name from the certificate in --bootstrap-server and in the brokers' advertised.listeners",
      };
    case "ECONNRESET":
    case "EPIPE":
      return /before secure TLS/.test(message)
        ? noTls(at)
        : unreachable(`the connection to ${at.text} was lost (${code})`, at, attempt);
    default:
      return code.startsWith("ERR_SSL_")
        ? { ...noTls(at), what: `${at.text}: ${message}` }
        : undefined;
  }
}

/** Deno reports a denied name as a failed look-up, and a denied IP address with a message. */
function notAllowed(at: Address): Reason {
  return {
    what: `Deno denies the connection to ${at.text}`,
    hint: permissionHint(`--allow-net=${at.text.replaceAll(", ", ",")}`),
  };
}

/** Codes of untrusted chains. Deno uses one code for all of them, even for expired certificates. */
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
    what: `the broker rejected the user '${config.sasl?.username}' or the password`,
    hint:
      `Check --sasl-username and KAFKA_SASL_PASSWORD, and that the user has credentials for '${config.sasl?.mechanism}'`,
  };
}

function untrusted(at: Address, { cluster }: Attempt): Reason {
  return {
    what: `the certificate of ${at.text} is untrusted or expired`,
    hint: cluster.config.tls?.ca === undefined
      ? "Set --tls-ca FILE to the cluster's CA certificate, or renew the broker's certificate"
      : "Check that --tls-ca has the CA that signed it, and that the certificate has not expired",
  };
}

function clientRefused(at: Address, { cluster }: Attempt): Reason {
  return cluster.config.tls?.cert === undefined
    ? {
      what: `${at.text} requires a client certificate`,
      hint: "Set --tls-cert FILE and --tls-key FILE",
    }
    : {
      what: `${at.text} rejected the client certificate`,
      hint: "Set --tls-cert to an unexpired certificate from a CA that the brokers trust",
    };
}

function noTls(at: Address): Reason {
  return {
    what: `${at.text} does not use TLS`,
    hint: "Omit --tls, or use the port of a TLS listener",
  };
}

/**
 * Explains a connection that the peer closed without an error. A TLS listener does that to plain
 * text at every attempt. A SASL listener does it at the first request without authentication.
 */
function closed(
  chain: readonly ErrorFacts[],
  at: Address,
  { cluster: { config } }: Attempt,
): Reason {
  const what = `${at.text} closed the connection`;
  const retried = chain[0]?.name === "KafkaJSNumberOfRetriesExceeded";
  if (config.tls === undefined && (retried || config.sasl !== undefined)) {
    return {
      what: `${what}, as a TLS listener does`,
      hint: "Add --tls, or use the port of a listener without TLS",
    };
  }
  if (config.sasl === undefined) {
    return {
      what: `${what}, as a SASL listener does`,
      hint: "Set --sasl, --sasl-username and the variable KAFKA_SASL_PASSWORD",
    };
  }
  return { what };
}

function silent(chain: readonly ErrorFacts[]): boolean {
  return chain.some(({ message }) => /^connection timeout|not connected/i.test(message));
}

function unresponsive(at: Address, attempt: Attempt): Reason {
  if (at.isAdvertised) return unreachable(`${at.text} does not answer`, at, attempt);
  return {
    what: `${at.text} does not answer in time`,
    hint: "Check that it is a Kafka broker, and that no firewall blocks it",
  };
}

/** The address at which a connection failed. */
interface Address {
  readonly text: string;
  /** Whether the cluster advertised the address: it is not in `--bootstrap-server`. */
  readonly isAdvertised: boolean;
}

function addressOf(chain: readonly ErrorFacts[], { cluster: { config } }: Attempt): Address {
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
      ? `Set advertised.listeners to an address that this machine can reach: the cluster at ${given} advertises this one`
      : "Start Kafka (deno task kafka start), or check the address in --bootstrap-server",
  };
}
