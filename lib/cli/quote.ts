/** Of a text from the command line, the most that is shown. */
const LONGEST = 100;

/**
 * `text` in quotes, for an error: cut after 100 characters, and without what may be a password:
 * `user:password@`, whatever is before the `@` of a web address, and `password=…`.
 */
export function quote(text: string): string {
  const harmless = text.replace(USER_INFO, "$1…@").replaceAll(PARAMETER, "$1…");
  const short = harmless.length > LONGEST ? `${harmless.slice(0, LONGEST)}…` : harmless;
  return `'${short.replaceAll("\n", ", ")}'`;
}

/** Up to the last `@`, since a password that was not escaped may hold one. */
const USER_INFO = /(https?:\/\/|:(?!\/\/))[^]*@/i;
const PARAMETER = /(password=)[^\s&]+/gi;
