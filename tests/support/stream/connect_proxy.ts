/** An HTTP proxy that tunnels: `CONNECT host:port`. */
export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  /** The addresses that clients requested, in order. */
  readonly targets: readonly string[];
}

/** @param refuse The status line that all clients get instead of a tunnel. */
export function startConnectProxy({ refuse }: { readonly refuse?: string } = {}): ConnectProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const targets: string[] = [];
  const tunnels = new Set<Promise<void>>();
  const serving = (async () => {
    for await (const client of listener) {
      const tunnel = serve(client, targets, refuse).catch(() => {});
      tunnels.add(tunnel);
      tunnel.finally(() => tunnels.delete(tunnel));
    }
  })();
  return {
    port: listener.addr.port,
    targets,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving.catch(() => {});
      await Promise.all(tunnels);
    },
  };
}

async function serve(client: Deno.Conn, targets: string[], refuse?: string): Promise<void> {
  using _client = client;
  const head = new Uint8Array(8192);
  let length = 0;
  while (!new TextDecoder().decode(head.subarray(0, length)).includes("\r\n\r\n")) {
    const count = await client.read(head.subarray(length));
    if (count === null) return;
    length += count;
  }
  const [, target = ""] = /^CONNECT (\S+)/.exec(new TextDecoder().decode(head)) ?? [];
  targets.push(target);
  const say = (text: string) => client.write(new TextEncoder().encode(`HTTP/1.1 ${text}\r\n\r\n`));
  if (refuse !== undefined) return void await say(`${refuse}\r\nContent-Length: 0`);
  const { hostname, port } = new URL(`http://${target}`);
  using server = await Deno.connect({ hostname, port: Number(port) });
  await say("200 Connected");
  await Promise.race([pass(client, server), pass(server, client)]);
}

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (let count; (count = await from.read(buffer).catch(() => null)) !== null;) {
    for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
  }
}
