import { option, type OptionGroup } from "../option.ts";
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

/** The environment variable of the login. */
export const REGISTRY_AUTH = "SCHEMA_REGISTRY_AUTH";

function registryUrl(text: string): URL {
  if (/^https?:\/\/[^/?#]*@/i.test(text)) {
    throw new Error(`expected a URL without user name and password; set ${REGISTRY_AUTH} instead`);
  }
  const url = httpUrl(text);
  if (url.search !== "" || url.hash !== "") {
    throw new Error("expected a URL without '?' and '#'");
  }
  return url;
}
