import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { UserError } from "../../shared/error.ts";

/** A PEM file that was read. */
export interface PemFile {
  readonly file: string;
  readonly text: string;
}

/**
 * Checks the certificates of an authority before they are used: Deno's TLS takes what is not a
 * certificate without a word, and then trusts nobody.
 *
 * @throws {UserError} where the file holds no certificate, or one that cannot be read.
 */
export function checkAuthority(ca: PemFile): void {
  readCertificates(ca);
}

/**
 * Checks a client's certificate and key before they are used: with a key that is encrypted or of
 * another certificate, Deno's TLS sends none, and the broker's refusal says nothing of it.
 *
 * @param now ms since the epoch.
 * @throws {UserError} for what cannot be read, does not fit, or is not valid now.
 */
export function checkClientCertificate(cert: PemFile, key: PemFile, now = Date.now()): void {
  const [certificate] = readCertificates(cert);
  if (!certificate!.checkPrivateKey(readKey(key))) {
    throw new UserError(`The key in '${key.file}' is not the key of '${cert.file}'`);
  }
  if (Date.parse(certificate!.validTo) < now) {
    throw new UserError(`The certificate in '${cert.file}' expired on ${certificate!.validTo}`);
  }
}

function readCertificates({ file, text }: PemFile): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  if (blocks.length === 0) {
    throw new UserError(`'${file}' holds no certificate`, {
      hint: "PEM is needed: text with a line -----BEGIN CERTIFICATE-----",
    });
  }
  try {
    return blocks.map((block) => new X509Certificate(Buffer.from(block)));
  } catch (cause) {
    throw new UserError(`The certificate in '${file}' cannot be read`, { cause });
  }
}

function readKey({ file, text }: PemFile): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw new UserError(`The key in '${file}' is encrypted`, {
      hint: `A key without a passphrase is needed: openssl pkey -in ${file} -out FILE`,
    });
  }
  try {
    return createPrivateKey(text);
  } catch {
    // The cause is left out: it might quote the key.
    throw new UserError(`'${file}' holds no private key that can be read`, {
      hint: "PEM is needed: text with a line -----BEGIN PRIVATE KEY-----",
    });
  }
}
