import { permissionHint, UserError } from "../shared/error.ts";
import { isOwnHost } from "./host_check.ts";
import { within } from "../shared/sleep.ts";

/** The address to listen on, and the options that set it, for messages. */
export interface ListenOptions {
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
  /** Address or name to listen on. */
  readonly hostname: string;
  /** The contents, for messages: `metrics`. */
  readonly what: string;
  /** The flags that set port and address. */
  readonly flags: { readonly port: string; readonly hostname: string };
  /** Returns the answer if the handler or a response's body fails. */
  readonly onError: (error: unknown) => Response;
  /** Closes the server and all connections at once when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Serves HTTP. On a loopback address, only requests for a name of this machine are accepted; others
 * get status 421.
 *
 * @throws {UserError} if the port is in use, or if listening on it fails or is denied.
 */
export function listen(
  { port, hostname, what, flags, onError, signal }: ListenOptions,
  handler: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    const options = { port, hostname, onListen: () => {}, onError };
    return Deno.serve(
      { ...options, ...signal === undefined ? {} : { signal } },
      (request) =>
        isOwnHost(request.headers.get("host"), hostname)
          ? handler(request)
          : textResponse(421, "Unknown host; use localhost"),
    );
  } catch (cause) {
    const failed = `Cannot serve ${what} on ${hostname}:${port}`;
    if (cause instanceof Deno.errors.AddrInUse) {
      throw new UserError(`${failed}: the port is in use`, {
        hint: `Choose another one with ${flags.port}; 0 lets the system choose`,
      });
    }
    if (cause instanceof Deno.errors.NotCapable) {
      throw new UserError(`${failed}: Deno denies it`, {
        hint: permissionHint(`--allow-net=${hostname}:${port}`),
      });
    }
    throw new UserError(failed, { hint: `Check ${flags.hostname} and ${flags.port}`, cause });
  }
}

/** How long clients may take to read the rest of their responses, in ms. */
const CLOSE_LIMIT = 1000;

/**
 * Closes the port, and waits until every client has read its current response. It waits for at most
 * 1 s, since a client may never read.
 */
export async function closeServer(server: Deno.HttpServer): Promise<void> {
  await within(CLOSE_LIMIT, server.shutdown());
}

/** Returns the URL of a server: `http://127.0.0.1:9464`, `http://[::1]:9464`. */
export function addressOf({ addr: { hostname, port } }: Deno.HttpServer<Deno.NetAddr>): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** Returns a response of plain text, unless `headers` has another type. Adds a final line feed. */
export function textResponse(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(text.endsWith("\n") ? text : `${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
}
