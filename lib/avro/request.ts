import { deniedHost, NamedError, permissionHint, UserError } from "../shared/error.ts";

/** The error if there was no answer, or one that asks to retry later. */
export class RegistryAway extends NamedError {}

/** Maximum time for a request and its answer, in ms. */
const TIMEOUT = 5000;
/** Maximum size of an answer, in bytes: a schema of thousands of fields. */
const MAX_BYTES = 4 * 1024 * 1024;

const MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";

/**
 * Sends one request to a registry, on a connection of its own. A pooled HTTP/2 connection that is
 * dead would carry every later attempt, too.
 *
 * @returns Status and JSON of the answer; `undefined` for a body that is not JSON, or larger than 4
 * MiB.
 * @throws {RegistryAway} if there is no answer within 5 s, or one with the status 429 or 5xx.
 * @throws {UserError} if Deno denies the connection.
 */
export async function requestJson(
  address: string,
  {
    method,
    auth,
    body,
    signal,
    fetch = globalThis.fetch,
    createClient = () => Deno.createHttpClient({}),
  }: {
    readonly method: string;
    readonly auth?: string | undefined;
    readonly body?: unknown;
    readonly signal?: AbortSignal | undefined;
    readonly fetch?: typeof globalThis.fetch | undefined;
    readonly createClient?: () => Deno.HttpClient;
  },
): Promise<{ status: number; body: unknown }> {
  const timeout = AbortSignal.timeout(TIMEOUT);
  using client = createClient();
  try {
    const response = await fetch(address, {
      method,
      headers: {
        accept: `${MEDIA_TYPE}, application/json`,
        ...body === undefined ? {} : { "content-type": MEDIA_TYPE },
        ...auth === undefined ? {} : { authorization: basic(auth) },
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      client,
    });
    const { status } = response;
    const answer = await readJson(response);
    if (status === 429 || status >= 500) throw new RegistryAway(`It answered ${status}`);
    return { status, body: answer };
  } catch (cause) {
    if (cause instanceof RegistryAway) throw cause;
    if (cause instanceof Deno.errors.NotCapable) throw notAllowed(new URL(address), cause);
    throw new RegistryAway(
      timeout.aborted ? `No answer within ${TIMEOUT / 1000} s` : "No connection",
      { cause },
    );
  }
}

function notAllowed({ hostname, port, protocol }: URL, cause: Error): UserError {
  const host = deniedHost(cause) ?? `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  return new UserError(`Cannot reach the schema registry: Deno denies the connection to ${host}`, {
    hint: permissionHint(`--allow-net=${host}`),
  });
}

function basic(auth: string): string {
  return `Basic ${new TextEncoder().encode(auth).toBase64()}`;
}

async function readJson(response: Response): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_BYTES) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(await new Blob(parts as BlobPart[]).text());
  } catch {
    return undefined;
  }
}
