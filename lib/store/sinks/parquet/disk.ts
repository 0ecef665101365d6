// Steps on a file system that survive a crash of the machine after they have returned.

/**
 * Creates a directory whose parent exists, unless it exists. Without permission for the parent,
 * its name is written to the disk a moment later.
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
 * Creates a file with its whole text, only if no file has that name: a hard link is atomic, and
 * fails if the name is taken. On NFS the confirmation of a successful link may be lost. Then the
 * text, which must be unique, shows whose file it is.
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

/** Moves a file, unless it was moved before. The directories still have to be synced. */
export async function moveOnce(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes a file, if it exists. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Returns whether a file or a directory exists. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Appends bytes to an existing file. */
export async function append(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { append: true });
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}

/** Writes the contents of a file to the disk. */
export async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  await file.sync();
}

/** Writes the names in a directory to the disk. Windows cannot, and need not. */
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
