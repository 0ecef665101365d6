import { lockFile } from "../../../lib/local/process/lock.ts";
import { isFree } from "../../../lib/local/process/ports.ts";

/**
 * Reserves the default ports for tests of commands that use them. Waits until no other file of this
 * kind uses them, keeps them until this file ends, and returns those of `ports` that other programs
 * use. Call it at the top of the file.
 */
export async function busyDefaultPorts(ports: readonly number[]): Promise<number[]> {
  const folder = Deno.env.get("TMPDIR") ?? "/tmp";
  await lockFile(`${folder}/wikitap-test-ports.lock`);
  return ports.filter((port) => !isFree(port));
}
