import { getLogger } from "@logtape/logtape";
import { Registry } from "../../avro/registry.ts";
import { UsageError } from "../../shared/error.ts";
import { option, type OptionGroup, type Values } from "../option.ts";
import { httpUrl } from "../values.ts";

/** Options for the schema registry, the same in every program that uses Avro. */
export const registryOptions = {
  title: "Schema registry",
  options: {
    schemaRegistry: option({
      placeholder: "URL",
      env: "SCHEMA_REGISTRY_URL",
      help:
        "Schema registry with Confluent's API, for Avro. Credentials (user:password) are read only from SCHEMA_REGISTRY_AUTH.",
      parse: registryUrl,
    }),
  },
} satisfies OptionGroup;

const AUTH = "SCHEMA_REGISTRY_AUTH";

/**
 * Returns the registry that the options describe, or `undefined` if they name none. Logs a warning
 * if a password would be sent without TLS.
 *
 * @throws {UsageError} if `SCHEMA_REGISTRY_AUTH` is not `user:password`.
 */
export function openRegistry(
  { schemaRegistry: url }: Values<typeof registryOptions.options>,
  env: (name: string) => string | undefined = Deno.env.get,
): Registry | undefined {
  if (url === undefined) return undefined;
  const auth = env(AUTH) || undefined;
  // The text is a secret, so the message does not quote it.
  if (auth !== undefined && !/^[^:]+:/.test(auth)) {
    throw new UsageError(`Cannot use ${AUTH}: expected user:password`);
  }
  if (auth !== undefined && url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    getLogger(["wikitap", "avro"]).warn(
      "Schema registry without TLS: the password is readable on the network",
    );
  }
  return new Registry({ url, auth });
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function registryUrl(text: string): URL {
  if (/^https?:\/\/[^/?#]*@/i.test(text)) {
    throw new Error(`expected a URL without user name and password; set ${AUTH} instead`);
  }
  const url = httpUrl(text);
  if (url.search !== "" || url.hash !== "") {
    throw new Error("expected a URL without '?' and '#'");
  }
  return url;
}
