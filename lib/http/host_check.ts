/**
 * Returns whether a request for `host` (the Host header) is meant for a server on `hostname`. A
 * foreign web page can let its own name resolve to 127.0.0.1 (DNS rebinding), and so read what is
 * served here. But the browser then still sends that name as the host.
 *
 * A server that is not on a loopback address was opened to others on purpose, under names that it
 * cannot know. It accepts all of them.
 */
export function isOwnHost(host: string | null, hostname: string): boolean {
  if (!isLoopback(hostname)) return true;
  const name = host?.replace(/:\d+$/, "").toLowerCase() ?? "";
  return name === hostname || isLoopback(name);
}

function isLoopback(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || /^127(\.\d{1,3}){3}$/.test(name) ||
    name === "::1" || name === "[::1]";
}
