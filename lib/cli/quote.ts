/** Maximum number of characters that an error quotes. */
const LONGEST = 100;

/**
 * Quotes `text` for an error. Cuts it after 100 characters, and removes possible passwords:
 * everything before the `@` of a URL, and the value of `password=…`.
 */
export function quote(text: string): string {
  const safe = text.replace(USER_INFO, "$1…@").replaceAll(PARAMETER, "$1…");
  const short = safe.length > LONGEST ? `${safe.slice(0, LONGEST)}…` : safe;
  return `'${short.replaceAll("\n", ", ")}'`;
}

/** Up to the last `@`, since an unescaped password may contain one. */
const USER_INFO = /(https?:\/\/|:(?!\/\/))[^]*@/i;
const PARAMETER = /(password=)[^\s&]+/gi;
