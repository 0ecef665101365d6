/** Reads an environment variable. Returns `undefined` if it is unset, or if that is denied. */
export type ReadVariable = (name: string) => string | undefined;

/** The variables by which Deno chooses a proxy. */
export const PROXY_VARIABLES = [
  "ALL_PROXY",
  "all_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
  "NO_PROXY",
  "no_proxy",
] as const;

/**
 * Returns the proxy that Deno's `fetch` uses for a URL, for messages: `http://proxy:3128
 * (HTTPS_PROXY)`, without user and password; `undefined` if there is none.
 *
 * Deno itself chooses it outside of JavaScript, by the same variables in the same order
 * (`ext/fetch/proxy.rs`).
 */
export function proxyFor(url: URL, read: ReadVariable = readIfPermitted): string | undefined {
  const scheme = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const names = ["ALL_PROXY", scheme].flatMap((name) => [name, name.toLowerCase()]);
  const name = names.find((name) => (read(name) ?? "") !== "");
  if (name === undefined) return undefined;
  const exceptions = read("NO_PROXY") ?? read("no_proxy") ?? "";
  if (isException(url.hostname, exceptions)) return undefined;
  return `${withoutCredentials(read(name)!)} (${name})`;
}

/** Returns whether `NO_PROXY` names a host: by `*`, a domain, an address or an address range. */
function isException(hostname: string, exceptions: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return exceptions.split(",").map((one) => one.trim().toLowerCase()).some((one) => {
    if (one === "") return false;
    if (one === "*" || one === host) return true;
    const [network, bits] = one.split("/");
    if (bits !== undefined) return isInRange(host, network!, Number(bits));
    return host.endsWith(one.startsWith(".") ? one : `.${one}`);
  });
}

/** IPv4 only. */
function isInRange(host: string, network: string, bits: number): boolean {
  const [address, start] = [ipv4(host), ipv4(network)];
  if (address === undefined || start === undefined || !(bits >= 0 && bits <= 32)) return false;
  const size = 2 ** (32 - bits);
  return Math.floor(address / size) === Math.floor(start / size);
}

function ipv4(text: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function withoutCredentials(proxy: string): string {
  return proxy.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/i, "$1");
}

/** Never prompts for a permission: without it, messages name no proxy. */
function readIfPermitted(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}
