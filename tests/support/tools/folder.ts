/** A folder that is removed, with all in it, when it is disposed of. */
export interface TestFolder extends AsyncDisposable {
  /** Without links. */
  readonly path: string;
}

/**
 * Makes an empty folder for all tests of a file, for what lives as long as they do: it is removed
 * when the file's processes have ended, by one that outlives them.
 */
export async function fileFolder(): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: "wikitap-test-" });
  globalThis.addEventListener("unload", () => {
    const args = ["-c", 'sleep 2; rm -rf "$1"', "sh", path];
    // Deno ends other children with itself.
    new Deno.Command("sh", { args, detached: true, stdin: "null" }).spawn().unref();
  });
  return path;
}

/** Makes an empty folder for a test. */
export async function testFolder(): Promise<TestFolder> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "wikitap-test-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
