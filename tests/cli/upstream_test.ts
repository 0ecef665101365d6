/** Tests permissions, certificates and proxies on the way to the service. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { serveEvents } from "../../lib/replay/service/server.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { type Ended, startProgram } from "../support/programs/program.ts";
import { startConnectProxy } from "../support/stream/connect_proxy.ts";
import { freePort } from "../../lib/local/process/ports.ts";
import { createAuthority } from "../support/tools/certificates.ts";
import { testFolder } from "../support/tools/folder.ts";

const START = Date.UTC(2026, 0, 1);
const log = syntheticLog({ start: START, count: 100 });
const ARGS = ["--dry-run", "--since", String(START - 1000), "--events-to-produce", "5"];

interface Run {
  readonly net: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Waits for this line of the log, and then stops the program. Default: it runs to its end. */
  readonly untilLog?: string;
}

/** Runs the producer on a stream with the permissions of its task, except for the network. */
async function produceFrom(
  url: string,
  { net, flags = [], env = {}, untilLog }: Run,
): Promise<Ended> {
  const permissions = ["-P=producer", `--allow-net=${net}`, ...flags];
  const args = [...ARGS, "--stream-url", url];
  await using program = startProgram("main.ts", args, {
    permissions,
    env: { ...NO_PROXIES, ...env },
  });
  if (untilLog !== undefined) {
    await program.untilLog(untilLog);
    program.kill("SIGTERM");
  }
  return await program.ended;
}

const NO_PROXIES = Object.fromEntries(
  ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]
    .flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, ""]),
);

const authority = createAuthority("wikitap-test");
const tls = authority.issue({ name: "localhost", hosts: ["127.0.0.1"] });

Deno.test("start names the host of a redirect that Deno denies", async () => {
  const elsewhere = `127.0.0.1:${freePort()}`;
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(null, { status: 302, headers: { location: `http://${elsewhere}/login` } }),
  );
  const own = `127.0.0.1:${server.addr.port}`;
  try {
    const { code, stderr } = await produceFrom(`http://${own}/v2/stream/recentchange`, {
      net: [own],
    });
    assertEquals(code, 1);
    assertStringIncludes(
      stderr,
      `error: Cannot follow the redirect from http://${own} to '${elsewhere}': ` +
        "Deno denies the connection\n",
    );
    assertStringIncludes(stderr, `--allow-net=${elsewhere},…`);
  } finally {
    await server.shutdown();
  }
});

Deno.test("start retries after a redirect once the stream was readable", async () => {
  const elsewhere = `127.0.0.1:${freePort()}`;
  const plain = serveEvents({ log, pace: "at-once" });
  let requests = 0;
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async ({ headers }) => {
      if (++requests > 1) {
        return new Response(null, { status: 302, headers: { location: `http://${elsewhere}/` } });
      }
      const response = await fetch(plain.url, { headers });
      const reader = response.body!.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      const frames = new TextDecoder().decode(value).split("\n\n").slice(0, 3).join("\n\n");
      return new Response(`${frames}\n\n`, { headers: response.headers });
    },
  );
  const own = `127.0.0.1:${server.addr.port}`;
  try {
    const { code, stderr } = await produceFrom(`http://${own}/v2/stream/recentchange`, {
      net: [own],
      untilLog: "retrying",
    });
    assertEquals(code, 0, stderr);
    assertEquals(stderr.match(/ warn /g)?.length, 1, stderr);
    assertStringIncludes(stderr, `'${elsewhere}'`);
  } finally {
    await server.shutdown();
    await plain.stop();
  }
});

Deno.test("start trusts only the certificate authority of --cert", async () => {
  await using folder = await testFolder();
  const file = `${folder.path}/ca.pem`;
  await Deno.writeTextFile(file, authority.cert);
  const server = serveEvents({ log, pace: "at-once", tls });
  const net = [new URL(server.url).host];
  try {
    const trusted = await produceFrom(server.url, { net, flags: [`--cert=${file}`] });
    assertEquals(trusted.code, 0, trusted.stderr);
    assertEquals(trusted.stdout.trimEnd().split("\n").length, 5);
    const unknown = await produceFrom(server.url, { net });
    assertEquals(unknown.code, 1);
    assertMatch(unknown.stderr, /^error: Cannot reach https:\/\/127\.0\.0\.1:\d+$/m);
    assertStringIncludes(unknown.stderr, "invalid peer certificate: UnknownIssuer");
    assertStringIncludes(unknown.stderr, "deno run --cert FILE");
  } finally {
    await server.stop();
  }
});

Deno.test("start uses HTTPS_PROXY, except for hosts of NO_PROXY", async () => {
  await using folder = await testFolder();
  const file = `${folder.path}/ca.pem`;
  await Deno.writeTextFile(file, authority.cert);
  const server = serveEvents({ log, pace: "at-once", tls });
  await using proxy = startConnectProxy();
  const { host } = new URL(server.url);
  const flags = [`--cert=${file}`];
  try {
    // Deno itself would look for a new version, through the same proxy.
    const env = { DENO_NO_UPDATE_CHECK: "1", HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    const through = await produceFrom(server.url, { net: [host], flags, env });
    assertEquals(through.code, 0, through.stderr);
    assertEquals(proxy.targets, [host]);
    const around = await produceFrom(server.url, {
      net: [host],
      flags,
      env: { ...env, NO_PROXY: "127.0.0.1" },
    });
    assertEquals(around.code, 0, around.stderr);
    assertEquals(proxy.targets, [host]);
  } finally {
    await server.stop();
  }
});

Deno.test("start names the proxy that cannot be reached, without its password", async () => {
  const server = serveEvents({ log, pace: "at-once" });
  const proxy = `127.0.0.1:${freePort()}`;
  try {
    const { code, stderr } = await produceFrom(server.url, {
      net: [new URL(server.url).host],
      env: { HTTP_PROXY: `http://me:hush@${proxy}` },
      untilLog: "retrying",
    });
    assertEquals(code, 0, stderr);
    assertStringIncludes(
      stderr,
      `Cannot reach ${new URL(server.url).origin} through the proxy http://${proxy} (HTTP_PROXY): `,
    );
    assertEquals(stderr.includes("hush"), false);
  } finally {
    await server.stop();
  }
});

Deno.test("start exits with 1 if a proxy requires a password", async () => {
  const server = serveEvents({ log, pace: "at-once", tls });
  await using proxy = startConnectProxy({ refuse: "407 Proxy Authentication Required" });
  try {
    const { code, stderr } = await produceFrom(server.url, {
      net: [new URL(server.url).host],
      env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` },
    });
    assertEquals(code, 1);
    assertStringIncludes(stderr, `through the proxy http://127.0.0.1:${proxy.port} (HTTPS_PROXY)`);
    assertStringIncludes(stderr, "the proxy's user and password");
  } finally {
    await server.stop();
  }
});
