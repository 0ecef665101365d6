import net from "node:net";
import tls from "node:tls";

/** What is learnt of TLS beside the error that kafkajs passes on. */
export interface TlsListener {
  /**
   * A handshake failed, or a connection soon after it.
   *
   * @param code Of OpenSSL or Node, such as `ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE`.
   */
  readonly onFailure: (code: string) => void;
  /** A broker's certificate that is not trusted expires, or expired, then: ms since the epoch. */
  readonly onExpiry: (expires: number) => void;
}

/** What kafkajs asks of a socket factory; `ssl` are options of `tls.connect()`. */
interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: tls.ConnectionOptions;
  readonly onConnect: () => void;
}

const KEEP_ALIVE = 60_000;

/** The one code of Deno for all chains that it does not trust, also for what has expired. */
const UNTRUSTED = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";

/**
 * Makes kafkajs's sockets. Beyond what its own factory does: small requests are sent at once, what
 * is learnt of TLS is told, and a connection that never comes about is closed (kafkajs only ends
 * it, which leaves a silent peer's socket open for good).
 *
 * @param options.limit ms a connection may take, TLS handshake included.
 */
export function socketFactory(
  options: { readonly limit: number; readonly tls: TlsListener },
): (request: SocketRequest) => net.Socket {
  let hasLooked = false;
  return ({ onConnect, ...request }) => {
    const connected = () => {
      clearTimeout(timer);
      onConnect();
    };
    const socket = request.ssl
      ? tls.connect(tlsOptions(request), connected)
      : net.connect({ host: request.host, port: request.port }, connected);
    const timer = destroyLater(socket, options.limit);
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (!request.ssl || code === undefined) return;
      options.tls.onFailure(code);
      if (code !== UNTRUSTED || hasLooked) return;
      hasLooked = true;
      lookAtCertificate(request, options);
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE);
    return socket;
  };
}

/**
 * Shakes hands once more without judging the certificate, to learn whether it has expired: Deno
 * neither says so nor shows a certificate that it refused. Nothing is sent, and it is done before
 * kafkajs has tried again.
 */
function lookAtCertificate(
  request: Omit<SocketRequest, "onConnect">,
  { limit, tls: { onExpiry } }: Parameters<typeof socketFactory>[0],
): void {
  const socket = tls.connect({ ...tlsOptions(request), rejectUnauthorized: false }, () => {
    const expires = Date.parse(socket.getPeerCertificate().valid_to);
    if (!Number.isNaN(expires)) onExpiry(expires);
    socket.destroy();
  });
  const timer = destroyLater(socket, limit);
  socket.on("close", () => clearTimeout(timer));
  socket.on("error", () => socket.destroy());
}

function tlsOptions({ host, port, ssl }: Omit<SocketRequest, "onConnect">): tls.ConnectionOptions {
  return { host, port, ...net.isIP(host) ? {} : { servername: host }, ...ssl };
}

function destroyLater(socket: net.Socket, limit: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(() => socket.destroy(), limit);
  Deno.unrefTimer(timer);
  return timer;
}
