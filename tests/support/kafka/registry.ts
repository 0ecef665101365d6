import { startRegistry } from "../../../lib/local/registry/registry.ts";
import { fetchedRegistry } from "../../../lib/local/registry/distribution.ts";
import { fileFolder } from "../tools/folder.ts";

/** The variable in which `deno task test` names its registry. */
export const TEST_REGISTRY = "WIKITAP_TEST_REGISTRY";

/**
 * Returns the URL of a real schema registry for all tests of a file, or `undefined` if none was
 * fetched. Only `deno task test --registry` and `deno task registry start` fetch it (140 MB). Call
 * it at the top of the file, like `testKafka()`.
 */
export async function testRegistry(): Promise<string | undefined> {
  const given = Deno.env.get(TEST_REGISTRY);
  if (given) return given;
  if (await fetchedRegistry() === undefined) return undefined;
  const { url } = await startRegistry({ directory: await fileFolder(), port: 0 });
  return url;
}

/** Why tests that need a registry are skipped; `undefined` if one was fetched. */
export async function noRegistry(): Promise<string | undefined> {
  const jar = await fetchedRegistry();
  return jar === undefined ? "no schema registry: deno task test --registry" : undefined;
}

/** A proxy in front of a registry, which can be closed and can require a login. */
export interface RegistryDoor extends AsyncDisposable {
  readonly url: string;
  /** While it is true, every request gets 503. */
  isShut: boolean;
}

/** @param auth The required `user:password`. */
export function registryDoor(registry: string, auth?: string): RegistryDoor {
  const door = { isShut: false };
  const wanted = auth === undefined ? null : `Basic ${btoa(auth)}`;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (door.isShut) return new Response("shut", { status: 503 });
    if (wanted !== null && request.headers.get("authorization") !== wanted) {
      return Response.json({ error_code: 401, message: "Unauthorized" }, { status: 401 });
    }
    const { pathname } = new URL(request.url);
    const { method, body, headers } = request;
    const type = headers.get("content-type");
    return fetch(`${registry}${pathname}`, {
      method,
      body,
      headers: type === null ? {} : { "content-type": type },
    });
  });
  return Object.assign(door, {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}

/** Returns the subjects of a registry with this prefix. */
export async function subjectsOf(registry: string, prefix: string): Promise<string[]> {
  const subjects: string[] = await (await fetch(`${registry}/subjects`)).json();
  return subjects.filter((subject) => subject.startsWith(prefix)).sort();
}
