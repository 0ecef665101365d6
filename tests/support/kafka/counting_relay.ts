import { freePort } from "../../../lib/local/process/ports.ts";
import type { NodeAddress, Properties } from "../../../lib/local/kafka/properties.ts";

/** Relays in front of the three brokers of a cluster. They count the requests of clients. */
export interface CountingRelays extends AsyncDisposable {
  /** The broker settings of the listener behind the relay, which advertises the relay. */
  readonly settings: (node: NodeAddress) => Properties;
  /** The addresses of the relays, for clients whose requests are counted. */
  readonly brokers: readonly string[];
  /** The API keys of all requests so far, in order. */
  readonly requests: readonly number[];
  /** The number of open connections. */
  readonly open: number;
}

/** Starts the relays. The brokers may start later. */
export function startCountingRelays(): CountingRelays {
  const requests: number[] = [];
  const relays = [1, 2, 3].map(() => startRelay(freePort(), (apiKey) => requests.push(apiKey)));
  return {
    settings: ({ id, port, controllerPort }) => {
      const { to, at } = relays[id - 1]!;
      const plain = `PLAINTEXT://127.0.0.1:${port}`;
      return {
        "listeners": `${plain},CONTROLLER://127.0.0.1:${controllerPort},COUNTED://127.0.0.1:${to}`,
        "advertised.listeners": `${plain},COUNTED://${at}`,
        "listener.security.protocol.map":
          "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,COUNTED:PLAINTEXT",
      };
    },
    brokers: relays.map(({ at }) => at),
    requests,
    get open() {
      return relays.reduce((sum, { open }) => sum + open.size, 0);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(relays.map((relay) => relay.stop()));
    },
  };
}

function startRelay(to: number, onRequest: (apiKey: number) => void) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Promise<void>>();
  const serving = (async () => {
    for await (const client of listener) {
      const passing = pass(client, to, onRequest);
      open.add(passing);
      passing.finally(() => open.delete(passing));
    }
  })();
  return {
    to,
    open,
    at: `127.0.0.1:${listener.addr.port}`,
    /** Stops the relays. Their clients must have disconnected. */
    stop: async () => {
      listener.close();
      await serving.catch(() => {});
      await Promise.all(open);
    },
  };
}

/** Relays one connection until either end closes it. */
async function pass(client: Deno.Conn, port: number, onRequest: (apiKey: number) => void) {
  try {
    using server = await Deno.connect({ hostname: "127.0.0.1", port });
    await Promise.all([
      client.readable.pipeThrough(requestCounter(onRequest)).pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  } catch {
    // Either end has closed it, or the broker does not run.
    try {
      client.close();
    } catch {
      // Closed before.
    }
  }
}

/** A request is its length in four bytes, and then its bytes, which begin with the API key. */
function requestCounter(onRequest: (apiKey: number) => void) {
  const head: number[] = [];
  let left = 0;
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length;) {
        if (left === 0) {
          head.push(chunk[at++]!);
          if (head.length < 6) continue;
          const view = new DataView(Uint8Array.from(head).buffer);
          left = view.getInt32(0) - 2;
          onRequest(view.getInt16(4));
          head.length = 0;
        } else {
          const skipped = Math.min(left, chunk.length - at);
          left -= skipped;
          at += skipped;
        }
      }
      controller.enqueue(chunk);
    },
  });
}
