import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../../lib/shared/error.ts";
import { checkAuthority, checkClientCertificate } from "../../../../lib/kafka/client/pem.ts";
import { createAuthority } from "../../../support/tools/certificates.ts";

const authority = createAuthority("Authority");
const client = authority.issue({ name: "client" });
const other = authority.issue({ name: "other" });
const cert = { file: "client.pem", text: client.cert };
const key = { file: "client.key", text: client.key };

Deno.test("checkAuthority() accepts several certificates, and text between them", () => {
  checkAuthority({ file: "ca.pem", text: authority.cert });
  checkAuthority({ file: "ca.pem", text: `First\n${authority.cert}Second\n${other.cert}` });
});

Deno.test("checkAuthority() throws UserError if a file has no certificate", () => {
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const check = (text: string) => () => checkAuthority({ file: "ca.pem", text });
  assertThrows(check(""), UserError, "from 'ca.pem': it has none, expected PEM");
  assertThrows(check(client.key), UserError, "from 'ca.pem': it has none, expected PEM");
  assertThrows(check(broken), UserError, "Cannot read a certificate from 'ca.pem': it is damaged");
  assertThrows(check(authority.cert + broken), UserError, "it is damaged");
});

Deno.test("checkClientCertificate() accepts a certificate with its key", () => {
  checkClientCertificate(cert, key);
});

Deno.test("checkClientCertificate() throws UserError for a foreign key", () => {
  assertThrows(
    () => checkClientCertificate(cert, { file: "other.key", text: other.key }),
    UserError,
    "Cannot use the key in 'other.key': it does not match the certificate in 'client.pem'",
  );
});

Deno.test("checkClientCertificate() does not quote a key that it cannot read", () => {
  const encrypted = client.key.replaceAll("PRIVATE", "ENCRYPTED PRIVATE");
  const check = (text: string) => () => checkClientCertificate(cert, { file: "client.key", text });
  assertThrows(check(encrypted), UserError, "Cannot use the key in 'client.key': it is encrypted");
  const cut = client.key.slice(0, 100);
  const error = assertThrows(check(cut), UserError, "from 'client.key': it has none, expected PEM");
  assertEquals(Deno.inspect(error).includes(cut.split("\n")[1]!.slice(0, 20)), false);
  assertThrows(check(client.cert), UserError, "from 'client.key': it has none, expected PEM");
});

Deno.test("checkClientCertificate() throws UserError for an expired certificate", () => {
  const later = Date.now() + 3 * 86_400_000;
  assertThrows(
    () => checkClientCertificate(cert, key, later),
    UserError,
    "Cannot use the certificate in 'client.pem': it expired on ",
  );
});
