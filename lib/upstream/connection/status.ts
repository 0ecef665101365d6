import type { Cause } from "./failure.ts";

/** The meaning of an HTTP status other than 200. */
interface Meaning {
  readonly cause: Cause;
  readonly hint: string | undefined;
}

const CHECK_URL = "Check --stream-url";

/** The first row that matches decides. */
const MEANINGS: readonly (Meaning & { readonly matches: RegExp })[] = [
  { matches: /^204$/, cause: "http_204", hint: `The server asks clients to stop. ${CHECK_URL}` },
  { matches: /^3/, cause: "http_3xx", hint: CHECK_URL },
  {
    matches: /^400$/,
    cause: "http_400",
    hint: "The service could not read where to resume: check --since, or delete the saved " +
      "position with --reset-position",
  },
  {
    matches: /^403$/,
    cause: "http_4xx",
    hint: "Wikimedia asks for a contact in the User-Agent: set --contact (or WIKITAP_CONTACT) " +
      "to your mail address or web page",
  },
  { matches: /^404$/, cause: "http_404", hint: CHECK_URL },
  {
    matches: /^407$/,
    cause: "http_4xx",
    hint: "Put the proxy's user and password into HTTP_PROXY or HTTPS_PROXY: " +
      "http://USER:PASSWORD@HOST:PORT",
  },
  { matches: /^(408|425|429)$/, cause: "http_429", hint: undefined },
  { matches: /^4/, cause: "http_4xx", hint: CHECK_URL },
  { matches: /^5/, cause: "http_5xx", hint: undefined },
  { matches: /^/, cause: "not_event_stream", hint: CHECK_URL },
];

/** Returns what a status other than 200 means. */
export function meaningOf(status: number): Meaning {
  return MEANINGS.find(({ matches }) => matches.test(String(status)))!;
}
