/** Splits `host:port`; an IPv6 address comes in brackets, `[::1]:9092`, and goes without. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = withoutBrackets(address.slice(0, colon));
  return { host, port: Number(address.slice(colon + 1)) };
}

/** Returns the `host:port` that kafkajs puts in its errors as a URL has it: IPv6 in brackets. */
export function bracketed(address: string): string {
  const { host, port } = hostAndPort(address);
  return host.includes(":") ? `[${host}]:${port}` : address;
}

/** A host as sockets take it. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
