import config from "../../deno.json" with { type: "json" };

/** The version of all programs, as in `deno.json`. */
export const VERSION: string = config.version;

/**
 * Returns the User-Agent for the service: `name/version (contact) library/version`, as Wikimedia's
 * User-Agent policy requires.
 */
export function userAgent(contact: string | undefined): string {
  const inBrackets = contact === undefined ? "" : ` (${contact})`;
  return `wikitap/${VERSION}${inBrackets} Deno/${Deno.version.deno}`;
}
