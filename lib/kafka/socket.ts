import net from "node:net";
import tls from "node:tls";

/** What a TLS handshake failed with; kafkajs passes on only a part of it. */
export interface TlsFailure {
  /** Code of OpenSSL or Node, such as `ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE`. */
  readonly code: string;
  /** When the certificate that the broker showed expires, if it showed one: ms since the epoch. */
  readonly expires: number | undefined;
}

/** What kafkajs asks of a socket factory; `ssl` are options of `tls.connect()`. */
interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: tls.ConnectionOptions;
  readonly onConnect: () => void;
}

const KEEP_ALIVE = 60_000;

/**
 * Makes kafkajs's sockets. Beyond what its own factory does: small requests are sent at once, the
 * failure of a TLS handshake is reported with all that is known of it, and a connection that never
 * comes about is closed (kafkajs only ends it, which leaves a silent peer's socket open for good).
 *
 * @param options.limit ms a connection may take, TLS handshake included.
 */
export function socketFactory(
  options: { readonly limit: number; readonly onTlsFailure: (failure: TlsFailure) => void },
): (request: SocketRequest) => net.Socket {
  return ({ host, port, ssl, onConnect }) => {
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
    const timer = setTimeout(() => socket.destroy(), options.limit);
    Deno.unrefTimer(timer);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (socket instanceof tls.TLSSocket && error.code !== undefined) {
        options.onTlsFailure({ code: error.code, expires: expiryOf(socket) });
      }
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE);
    return socket;
  };
}

function expiryOf(socket: tls.TLSSocket): number | undefined {
  const expires = Date.parse(socket.getPeerCertificate()?.valid_to ?? "");
  return Number.isNaN(expires) ? undefined : expires;
}
