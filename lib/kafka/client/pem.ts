import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { UserError } from "../../shared/error.ts";

/** The content of a PEM file. */
export interface PemFile {
  /** The path of the file, for error messages. */
  readonly file: string;
  /** The content of the file. */
  readonly text: string;
}

/**
 * Checks the certificates of an authority before they are used. Deno's TLS silently ignores any
 * other text, and then trusts no broker.
 *
 * @throws {UserError} if the file has no certificate, or one that cannot be read.
 */
export function checkAuthority(ca: PemFile): void {
  readCertificates(ca);
}

/**
 * Checks a client's certificate and key before they are used. If the key is encrypted, or belongs
 * to another certificate, Deno's TLS sends no certificate, and the broker's error gives no reason.
 *
 * @param now ms since 1970. Default: the clock.
 * @throws {UserError} if one cannot be read, they do not match, or the certificate has expired.
 */
export function checkClientCertificate(cert: PemFile, key: PemFile, now = Date.now()): void {
  const [certificate] = readCertificates(cert);
  if (!certificate!.checkPrivateKey(readKey(key))) {
    throw new UserError(
      `Cannot use the key in '${key.file}': it does not match the certificate in '${cert.file}'`,
      { hint: "Set --tls-key to the key of that certificate" },
    );
  }
  if (Date.parse(certificate!.validTo) < now) {
    throw new UserError(
      `Cannot use the certificate in '${cert.file}': it expired on ${certificate!.validTo}`,
      { hint: "Renew it" },
    );
  }
}

function readCertificates({ file, text }: PemFile): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  if (blocks.length === 0) {
    throw new UserError(`Cannot read a certificate from '${file}': it has none, expected PEM`, {
      hint: "Convert it to text with a line -----BEGIN CERTIFICATE-----",
    });
  }
  try {
    return blocks.map((block) => new X509Certificate(Buffer.from(block)));
  } catch (cause) {
    throw new UserError(`Cannot read a certificate from '${file}': it is damaged`, {
      hint: "Check it: openssl x509 -noout -text -in FILE",
      cause,
    });
  }
}

function readKey({ file, text }: PemFile): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw new UserError(`Cannot use the key in '${file}': it is encrypted`, {
      hint: `Remove the passphrase: openssl pkey -in ${file} -out FILE`,
    });
  }
  try {
    return createPrivateKey(text);
  } catch {
    // The cause is left out: it might quote the key.
    throw new UserError(`Cannot read a private key from '${file}': it has none, expected PEM`, {
      hint: "Convert it to text with a line -----BEGIN PRIVATE KEY-----",
    });
  }
}
