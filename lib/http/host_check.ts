/**
 * Whether a request for `host` (the Host header) is meant for a server on `hostname`. A web page
 * from elsewhere can have its own name lead to 127.0.0.1 (DNS rebinding) and so read what is served
 * here; but the browser then still says that name.
 *
 * A server that is not on a loopback address was opened to others on purpose, under names that it
 * cannot know: it answers to all of them.
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
