import { assertEquals } from "@std/assert";
import { shell } from "../../../lib/local/process/shell.ts";

const TRY = 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d" && rmdir "$d"';

/** Why tests of full disks are skipped; `undefined` if this process may make disks. */
export const NO_DISK = (await shell(TRY)).code === 0
  ? undefined
  : "no right to mount a disk: run as root, outside of most containers";

/** Makes a tiny disk, of a user if one is given, for as long as `use` runs. */
export async function withDisk(
  size: string,
  use: (path: string) => Promise<void>,
  user = Deno.uid(),
): Promise<void> {
  const path = await Deno.makeTempDir();
  const mount = await shell(`mount -t tmpfs -o size=${size},uid=${user} tmpfs "$1"`, path);
  assertEquals(mount.code, 0, mount.output);
  try {
    await use(path);
  } finally {
    await shell('umount -l "$1"; rmdir "$1"', path);
  }
}

/** Gives a disk of `withDisk()` another size. */
export async function resizeDisk(path: string, size: string): Promise<void> {
  const { code, output } = await shell(`mount -o remount,size=${size} "$1"`, path);
  assertEquals(code, 0, output);
}
