/**
 * Splits `host:port`. An IPv6 host has brackets in the address (`[::1]:9092`), not in the result.
 */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = withoutBrackets(address.slice(0, colon));
  return { host, port: Number(address.slice(colon + 1)) };
}

/** Puts brackets around the IPv6 host of a `host:port` from an error of kafkajs. */
export function bracketed(address: string): string {
  const { host, port } = hostAndPort(address);
  return host.includes(":") ? `[${host}]:${port}` : address;
}

/** Removes the brackets of an IPv6 host, as sockets need it. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
