import { assertEquals } from "@std/assert";
import { shell } from "../../../lib/local/process/shell.ts";

const TRY = 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d" && rmdir "$d"';

/** The reason to skip tests of full disks; `undefined` if this process can create disks. */
export const NO_DISK = (await shell(TRY)).code === 0
  ? undefined
  : "no right to mount a disk: run as root, outside of most containers";

/** Creates a tiny disk while `use` runs, for a user if one is given. */
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

/** Changes the size of a disk of `withDisk()`. */
export async function resizeDisk(path: string, size: string): Promise<void> {
  const { code, output } = await shell(`mount -o remount,size=${size} "$1"`, path);
  assertEquals(code, 0, output);
}
