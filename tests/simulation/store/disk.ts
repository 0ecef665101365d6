import type { Random } from "../world/random.ts";
import { useFiles } from "../world/virtual_globals.ts";
import type { World } from "../world/world.ts";

interface File {
  bytes: Uint8Array;
}

/**
 * A directory that several machines have mounted, with the operations of Deno that the program
 * uses. Each is atomic, but its answer is late, and its machine may die before. As on NFS, the
 * answer to a link may get lost, and the link is then tried again.
 */
export class Disk {
  readonly files = new Map<string, File>();
  readonly #folders = new Set(["", "/"]);
  readonly #world: World;
  readonly #random: Random;

  /** @param onLink Called with the name that a file got, and its text. */
  constructor(world: World, random: Random, onLink: (path: string, text: string) => void) {
    this.#world = world;
    this.#random = random;
    const { files } = this;
    const set = (path: string, file: File) => {
      if (!this.#folders.has(parentOf(path))) throw failure("NotFound", path);
      files.set(path, file);
    };
    useFiles({
      mkdir: (path) => this.#do(() => this.#makeFolder(String(path))),
      stat: (path) =>
        this.#do(() => {
          const isDirectory = this.#folders.has(String(path));
          if (!isDirectory) this.#find(path);
          return { isDirectory } as Deno.FileInfo;
        }),
      readTextFile: (path) => this.#do(() => decoder.decode(this.#find(path).bytes)),
      writeTextFile: (path, text) =>
        this.#do(() => {
          if (files.has(String(path))) throw failure("AlreadyExists", String(path));
          set(String(path), { bytes: encoder.encode(String(text)) });
        }),
      link: (from, to) =>
        this.#do(() => {
          const isRepeated = this.#world.draws("lost answer", this.#random);
          const file = this.#find(from);
          const isTaken = files.has(to);
          if (!isTaken) {
            set(to, file);
            onLink(to, decoder.decode(file.bytes));
          }
          if (isTaken || isRepeated) throw failure("AlreadyExists", to);
        }),
      rename: (from, to) =>
        this.#do(() => {
          set(String(to), this.#find(from));
          files.delete(String(from));
        }),
      remove: (path) =>
        this.#do(() => {
          this.#find(path);
          files.delete(String(path));
        }),
      open: (path, { createNew = false } = {}) =>
        this.#do(() => {
          if (createNew) {
            if (files.has(String(path))) throw failure("AlreadyExists", String(path));
            set(String(path), { bytes: new Uint8Array() });
          }
          const isFolder = this.#folders.has(String(path));
          return this.#opened(isFolder ? { bytes: new Uint8Array() } : this.#find(path));
        }),
      readDir: (path) => this.#list(String(path)),
    });
  }

  /** Files in a folder and the ones below it, whose names match. */
  matching(pattern: RegExp): [path: string, bytes: Uint8Array][] {
    return [...this.files].filter(([path]) => pattern.test(path))
      .map(([path, { bytes }]) => [path, bytes]);
  }

  #makeFolder(path: string): void {
    if (this.#folders.has(path)) throw failure("AlreadyExists", path);
    this.#folders.add(path);
  }

  #find(path: string | URL): File {
    const file = this.files.get(String(path));
    if (file === undefined) throw failure("NotFound", String(path));
    return file;
  }

  #opened(file: File): Deno.FsFile {
    const write = (bytes: Uint8Array) =>
      this.#do(() => {
        const all = new Uint8Array(file.bytes.length + bytes.length);
        all.set(file.bytes);
        all.set(bytes, file.bytes.length);
        file.bytes = all;
        return bytes.length;
      });
    const close = () => {};
    const sync = () => this.#do(() => {});
    return { write, sync, close, [Symbol.dispose]: close } as unknown as Deno.FsFile;
  }

  async *#list(folder: string): AsyncGenerator<Deno.DirEntry> {
    const names = await this.#do(() => {
      if (!this.#folders.has(folder)) throw failure("NotFound", folder);
      const all = [...this.files.keys(), ...this.#folders];
      return all.filter((path) => parentOf(path) === folder)
        .map((path) => path.slice(folder.length + 1));
    });
    for (const name of names) yield { name } as Deno.DirEntry;
  }

  /** Does something a moment later, even if its machine is dead by then. */
  #do<T>(work: () => T): Promise<T> {
    const { scheduler } = this.#world;
    const machine = scheduler.current!;
    return new Promise((resolve, reject) => {
      if (!machine.calls()) return;
      const isSlow = this.#world.draws("slow request", this.#random);
      const wait = isSlow ? this.#random.magnitude(5, 30_000) : this.#random.between(0.02, 0.5);
      scheduler.outside(wait, () => {
        let settle: () => void;
        try {
          const result = work();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        scheduler.after(0.02, settle, machine);
      });
    });
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const CODES = { NotFound: "ENOENT", AlreadyExists: "EEXIST" } as const;

/** Returns Deno's error, with the code of the system. */
function failure(name: keyof typeof CODES, path: string): Error {
  return Object.assign(new Deno.errors[name](path), { code: CODES[name] });
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
