import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { Buffer } from "node:buffer";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs certificates. */
export interface Authority extends Certificate {
  readonly issue: (request: Request) => Certificate;
}

/** The contents of a certificate. */
interface Request {
  /** Common name of the subject. */
  readonly name: string;
  /** The host names. */
  readonly hosts?: readonly string[];
  /** Days until it expires; negative if it has expired. Default 1. */
  readonly days?: number;
}

/** Creates a certificate authority with keys on the curve P-256. Everything is valid for a day. */
export function createAuthority(name: string): Authority {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const extension = [[OID.basicConstraints, der(SEQUENCE, BOOLEAN_TRUE)] as const];
  const cert = certificate({
    subject: name,
    issuer: name,
    days: 1,
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    extensions: extension,
  });
  return {
    cert,
    key: pem(keys.privateKey),
    issue: ({ name: subject, hosts = [], days = 1 }) => {
      const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const cert = certificate({
        subject,
        issuer: name,
        days,
        publicKey: own.publicKey,
        signer: keys.privateKey,
        extensions: hosts.length === 0 ? [] : [[OID.subjectAltName, altNames(hosts)]],
      });
      return { cert, key: pem(own.privateKey) };
    },
  };
}

/** X.509 v3 (RFC 5280), signed with ECDSA and SHA-256. */
function certificate({ subject, issuer, days, publicKey, signer, extensions }: {
  readonly subject: string;
  readonly issuer: string;
  readonly days: number;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly (readonly [oid: Uint8Array, value: Uint8Array])[];
}): string {
  const algorithm = der(SEQUENCE, OID.ecdsaWithSha256);
  const serial = crypto.getRandomValues(new Uint8Array(8)).with(0, 1);
  const list = extensions.map(([oid, value]) => der(SEQUENCE, oid, der(OCTET_STRING, value)));
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Uint8Array.of(2))),
    der(INTEGER, serial),
    algorithm,
    distinguishedName(issuer),
    der(SEQUENCE, time(Math.min(days, 0) - 1), time(days)),
    distinguishedName(subject),
    publicKey.export({ format: "der", type: "spki" }),
    ...list.length === 0 ? [] : [der(0xa3, der(SEQUENCE, ...list))],
  );
  const signature = sign("sha256", body, signer);
  const whole = der(SEQUENCE, body, algorithm, der(BIT_STRING, Uint8Array.of(0), signature));
  const lines = Buffer.from(whole).toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function pem(key: KeyObject): string {
  return String(key.export({ format: "pem", type: "pkcs8" }));
}

function distinguishedName(name: string): Uint8Array {
  return der(SEQUENCE, der(SET, der(SEQUENCE, OID.commonName, der(UTF8_STRING, utf8(name)))));
}

function time(days: number): Uint8Array {
  const digits = new Date(Date.now() + days * 86_400_000).toISOString().replace(/\D/g, "");
  return der(UTC_TIME, utf8(`${digits.slice(2, 14)}Z`));
}

function altNames(hosts: readonly string[]): Uint8Array {
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host)
      ? der(0x87, Uint8Array.from(host.split(".").map(Number)))
      : der(0x82, utf8(host))
  );
  return der(SEQUENCE, ...names);
}

const [INTEGER, BIT_STRING, OCTET_STRING, UTF8_STRING] = [2, 3, 4, 0x0c] as const;
const [UTC_TIME, SEQUENCE, SET] = [0x17, 0x30, 0x31] as const;
const BOOLEAN_TRUE = Uint8Array.of(1, 1, 0xff);

/** Object identifiers, encoded. */
const OID = {
  commonName: Uint8Array.of(6, 3, 0x55, 4, 3),
  subjectAltName: Uint8Array.of(6, 3, 0x55, 0x1d, 17),
  basicConstraints: Uint8Array.of(6, 3, 0x55, 0x1d, 19),
  ecdsaWithSha256: Uint8Array.of(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2),
} as const;

/** One element of DER: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 128
    ? [tag, length]
    : length < 256
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from(header), content]);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
