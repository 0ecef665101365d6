// Reads logins from the environment. They are secrets, so no message quotes them.
import { getLogger } from "@logtape/logtape";
import { Registry } from "../../avro/registry.ts";
import { UsageError } from "../../shared/error.ts";
import { type DatabaseAddress, secretVariable } from "../../store/address.ts";
import type { Values } from "../option.ts";
import { REGISTRY_AUTH, type registryOptions } from "../options/registry.ts";

type Env = (name: string) => string | undefined;

/**
 * Returns the registry that the options describe, or `undefined` if they name none. Logs a warning
 * if a password would be sent without TLS.
 *
 * @throws {UsageError} if `SCHEMA_REGISTRY_AUTH` is not `user:password`.
 */
export function openRegistry(
  { schemaRegistry: url }: Values<typeof registryOptions.options>,
  env: Env = Deno.env.get,
): Registry | undefined {
  if (url === undefined) return undefined;
  const auth = env(REGISTRY_AUTH) || undefined;
  if (auth !== undefined && !/^[^:]+:/.test(auth)) {
    throw new UsageError(`Cannot use ${REGISTRY_AUTH}: expected user:password`);
  }
  if (auth !== undefined && isReadable(url)) {
    getLogger(["wikitap", "avro"]).warn(
      "Schema registry without TLS: the password is readable on the network",
    );
  }
  return new Registry({ url, auth });
}

/**
 * Returns the password or login of a database; `undefined` if there is none. Logs a warning if it
 * would be sent over HTTP without TLS.
 *
 * @throws {UsageError} if `OPENSEARCH_AUTH` has an unknown form.
 */
export function databaseSecret(
  address: DatabaseAddress,
  env: Env = Deno.env.get,
): string | undefined {
  const variable = secretVariable(address);
  const secret = variable === undefined ? undefined : env(variable) || undefined;
  if (secret === undefined || address.kind !== "opensearch") return secret;
  if (!/^(?:ApiKey|Bearer) [\x21-\x7e]+$|^[^:\r\n]+:[^\r\n]*$/.test(secret)) {
    throw new UsageError(
      "Cannot use OPENSEARCH_AUTH: expected user:password, 'ApiKey KEY' or 'Bearer TOKEN'",
    );
  }
  if (isReadable(new URL(address.url))) {
    getLogger(["wikitap", "store"]).warn(
      "OpenSearch without TLS: the login is readable on the network",
    );
  }
  return secret;
}

/** Returns whether requests to a URL leave this machine without TLS. */
function isReadable({ protocol, hostname }: URL): boolean {
  return protocol === "http:" && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
