import net from "node:net";
import tls from "node:tls";
import { withoutBrackets } from "./address.ts";

/** A request of kafkajs to its socket factory; `ssl` are options of `tls.connect()`. */
interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: tls.ConnectionOptions;
  readonly onConnect: () => void;
}

/** Silence after which the operating system probes a connection. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Returns a factory of sockets for kafkajs. Unlike kafkajs's own factory, it sends small requests
 * at once and reports the codes of TLS failures. It also destroys a connection that is never
 * established. kafkajs only ends it, so the socket to a silent peer would stay open.
 *
 * @param options.limit Time to connect, including the TLS handshake, in ms.
 * @param options.onTlsFailure Called with the code of a failed handshake, or of a failure soon
 * after it: OpenSSL's or Node's, such as `ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE`.
 */
export function socketFactory(
  { limit, onTlsFailure }: {
    readonly limit: number;
    readonly onTlsFailure: (code: string) => void;
  },
): (request: SocketRequest) => net.Socket {
  return ({ host: given, port, ssl, onConnect }) => {
    const host = withoutBrackets(given);
    const connected = () => {
      clearTimeout(timer);
      onConnect();
    };
    const socket = ssl
      ? tls.connect(
        { host, port, ...net.isIP(host) ? {} : { servername: host }, ...ssl },
        connected,
      )
      : net.connect({ host, port }, connected);
    const timer = setTimeout(() => socket.destroy(), limit);
    Deno.unrefTimer(timer);
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (ssl && code !== undefined) onTlsFailure(code);
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return socket;
  };
}
