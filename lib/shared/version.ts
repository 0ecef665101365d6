import config from "../../deno.json" with { type: "json" };

/** The version of all programs, as in `deno.json`. */
export const VERSION: string = config.version;

/**
 * How wikitap names itself to the service: `name/version (contact) library/version`, as Wikimedia's
 * User-Agent policy asks for.
 */
export function userAgent(contact: string | undefined): string {
  const inBrackets = contact === undefined ? "" : ` (${contact})`;
  return `wikitap/${VERSION}${inBrackets} Deno/${Deno.version.deno}`;
}
