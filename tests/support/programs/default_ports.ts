import { lockFile } from "../../../lib/local/process/lock.ts";
import { isFree } from "../../../lib/local/process/ports.ts";

/**
 * For tests of commands that use their default ports: waits until no other file of this kind uses
 * any, keeps them for this file until it ends, and returns which of `ports` other programs use.
 * Call it at the top of the file.
 */
export async function busyDefaultPorts(ports: readonly number[]): Promise<number[]> {
  const folder = Deno.env.get("TMPDIR") ?? "/tmp";
  await lockFile(`${folder}/wikitap-test-ports.lock`);
  return ports.filter((port) => !isFree(port));
}
