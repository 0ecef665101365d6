import { assertEquals } from "@std/assert";
import { proxyFor } from "../../../../lib/upstream/connection/proxy.ts";

const HTTPS = new URL("https://stream.wikimedia.org/v2/stream/recentchange");
const HTTP = new URL("http://127.0.0.1:8181/v2/stream/recentchange");

const proxy = (url: URL, variables: Record<string, string>) =>
  proxyFor(url, (name) => variables[name]);

Deno.test("proxyFor() names the variable of the scheme, without user and password", () => {
  const variables = { HTTP_PROXY: "http://me:secret@a:1", https_proxy: "b:2" };
  assertEquals(proxy(HTTP, variables), "http://a:1 (HTTP_PROXY)");
  assertEquals(proxy(HTTPS, variables), "b:2 (https_proxy)");
  assertEquals(proxy(HTTPS, { HTTP_PROXY: "http://a:1" }), undefined);
  assertEquals(proxy(HTTPS, { HTTPS_PROXY: "" }), undefined);
  assertEquals(proxy(HTTP, { HTTP_PROXY: "me:p@ss@a:1" }), "a:1 (HTTP_PROXY)");
});

Deno.test("proxyFor() prefers ALL_PROXY, as Deno does", () => {
  const variables = { HTTP_PROXY: "http://a:1", ALL_PROXY: "socks5://c:3" };
  assertEquals(proxy(HTTP, variables), "socks5://c:3 (ALL_PROXY)");
});

Deno.test("proxyFor() respects NO_PROXY", () => {
  const except = (url: URL, NO_PROXY: string) =>
    proxy(url, { ALL_PROXY: "http://a:1", NO_PROXY }) === undefined;
  for (const one of ["*", "wikimedia.org", ".wikimedia.org", "x, stream.Wikimedia.org"]) {
    assertEquals(except(HTTPS, one), true, one);
  }
  for (const one of ["", "media.org", "org.wikimedia", "127.0.0.0/8"]) {
    assertEquals(except(HTTPS, one), false, one);
  }
  for (const one of ["127.0.0.1", "127.0.0.0/8", "127.0.0.1/32", "0.0.0.0/0"]) {
    assertEquals(except(HTTP, one), true, one);
  }
  for (const one of ["127.0.0.2", "127.0.1.0/24", "127.0.0.1/x", "localhost"]) {
    assertEquals(except(HTTP, one), false, one);
  }
  assertEquals(except(new URL("http://[::1]:80/"), "::1"), true);
});
