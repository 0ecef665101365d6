/** Forwards bytes over TCP, until it is made silent. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Passes nothing on, and closes nothing, like a dead network. */
  silence(): void;
  /** The number of connections so far. */
  readonly accepted: number;
  /** Resolves when bytes have arrived since `silence()`. */
  untilSwallowed(): Promise<void>;
  /** Closes silent connections, and serves new ones again. */
  resume(): void;
  /** Serves new connections again, and leaves silent ones open, like a NAT that forgot them. */
  forget(): void;
}

/**
 * Listens on a port of 127.0.0.1 for a server at another one.
 *
 * @param to The server's port. Without it, the relay is silent from the start.
 */
export function startRelay(to?: number): Relay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  /** The connections that stay silent. */
  const forgotten = new Set<Deno.Conn>();
  let isSilent = to === undefined;
  let accepted = 0;
  let swallowed = Promise.withResolvers<void>();
  const closeAll = () => {
    for (const connection of open) connection.close();
    open.clear();
  };
  /** If one end closes, the other one is closed, too. */
  const pass = async (from: Deno.Conn, into: Deno.Conn) => {
    const buffer = new Uint8Array(65_536);
    const isLost = () => isSilent || forgotten.has(from);
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        for (let at = 0; at < count && !isLost();) {
          at += await into.write(buffer.subarray(at, count));
        }
        if (isLost()) swallowed.resolve();
      }
    } catch {
      // Closed by either end, or by the relay.
    }
    // On a dead network, neither end notices that the other one has closed.
    const ends = forgotten.has(from) ? [from] : [from, into];
    for (const end of ends) if (open.delete(end)) end.close();
  };
  const serving = (async () => {
    for await (const client of listener) {
      open.add(client);
      accepted++;
      if (isSilent || to === undefined) continue;
      const server = await Deno.connect({ hostname: "127.0.0.1", port: to });
      open.add(server);
      pass(client, server);
      pass(server, client);
    }
  })();
  return {
    port: listener.addr.port,
    silence: () => {
      swallowed = Promise.withResolvers();
      isSilent = true;
    },
    get accepted() {
      return accepted;
    },
    untilSwallowed: () => swallowed.promise,
    resume: () => {
      closeAll();
      isSilent = false;
    },
    forget: () => {
      for (const connection of open) forgotten.add(connection);
      isSilent = false;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving.catch(() => {});
      closeAll();
    },
  };
}
