/** Steps on a file system that survive a crash of the machine once they have returned. */

/**
 * Creates a directory whose parent exists, unless it is there. Without permission for the parent
 * its name is on the disk a moment later only.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists && (await Deno.stat(path)).isDirectory) return;
    throw error;
  }
  try {
    await syncDirectory(parentOf(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}

/**
 * Creates a file with its whole text, only if there is none of that name: a hard link, which is
 * atomic, fails if the name is taken. Also on NFS, where the answer to a link that was made may be
 * lost: the text, which has to be unlike any other, tells then.
 *
 * @returns Whether the file is the caller's.
 */
export async function createOnce(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeTextFile(temporary, text, { createNew: true });
    await syncFile(temporary);
    try {
      await Deno.link(temporary, path);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      if (await Deno.readTextFile(path) !== text) return false;
    }
  } finally {
    await removeIfThere(temporary);
  }
  await syncDirectory(parentOf(path));
  return true;
}

/** Moves a file, unless that was done before. The directories still have to be synced. */
export async function moveOnce(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes a file, unless it is gone. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether there is a file or a directory of this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Appends bytes to a file that exists. */
export async function append(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { append: true });
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}

/** Puts the contents of a file on the disk. */
export async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  await file.sync();
}

/** Puts the names in a directory on the disk; Windows has no way to, and no need. */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

/** Lists the names in a directory; none if it does not exist. */
export async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(path)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

function parentOf(path: string): string {
  return path.replace(/[/\\]?[^/\\]+[/\\]*$/, "") || (path.startsWith("/") ? "/" : ".");
}
