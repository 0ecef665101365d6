import { getLogger } from "@logtape/logtape";
import { Registry } from "../../avro/registry.ts";
import { UsageError } from "../../shared/error.ts";
import { option, type OptionGroup, type Values } from "../option.ts";
import { httpUrl } from "../values.ts";

/** Where the schemas of Avro values are; the same in every program. */
export const registryOptions = {
  title: "Schema registry",
  options: {
    schemaRegistry: option({
      placeholder: "URL",
      env: "SCHEMA_REGISTRY_URL",
      help:
        "A registry with Confluent's API, for values in Avro. Who asks comes from the environment variable SCHEMA_REGISTRY_AUTH (user:password), and from nowhere else.",
      parse: registryUrl,
    }),
  },
} satisfies OptionGroup;

const AUTH = "SCHEMA_REGISTRY_AUTH";

/**
 * The registry that the flags describe, or `undefined` where they name none. Warns of a password
 * that travels without TLS.
 *
 * @throws {UsageError} for a `SCHEMA_REGISTRY_AUTH` that is not `user:password`.
 */
export function openRegistry(
  { schemaRegistry: url }: Values<typeof registryOptions.options>,
  env: (name: string) => string | undefined = Deno.env.get,
): Registry | undefined {
  if (url === undefined) return undefined;
  const auth = env(AUTH) || undefined;
  // The text itself is a secret, and stays out of the message.
  if (auth !== undefined && !/^[^:]+:/.test(auth)) {
    throw new UsageError(`${AUTH} is not of the form user:password`);
  }
  if (auth !== undefined && url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    getLogger(["wikitap", "avro"]).warn(
      "A schema registry without TLS: whoever listens on the network can learn the password",
    );
  }
  return new Registry({ url, auth });
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function registryUrl(text: string): URL {
  if (/^https?:\/\/[^/?#]*@/i.test(text)) {
    throw new Error(`expected a URL without a user name and password, which ${AUTH} takes`);
  }
  const url = httpUrl(text);
  if (url.search !== "" || url.hash !== "") {
    throw new Error("expected a URL without '?' and '#'");
  }
  return url;
}
