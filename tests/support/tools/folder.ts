/** A folder that is removed with its contents when it is disposed of. */
export interface TestFolder extends AsyncDisposable {
  /** The path, without links. */
  readonly path: string;
}

/**
 * Creates an empty folder for all tests of a file. A process that outlives the file's processes
 * removes it after they have ended.
 */
export async function fileFolder(): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: "wikitap-test-" });
  globalThis.addEventListener("unload", () => {
    const args = ["-c", 'sleep 2; rm -rf "$1"', "sh", path];
    // Deno ends other children when it ends.
    new Deno.Command("sh", { args, detached: true, stdin: "null" }).spawn().unref();
  });
  return path;
}

/** Creates an empty folder for a test. */
export async function testFolder(): Promise<TestFolder> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "wikitap-test-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
