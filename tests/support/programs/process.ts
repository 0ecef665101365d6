/** The resources of a process at one moment, from `/proc` (Linux only). */
export interface Usage {
  /** Memory in RAM, in bytes. */
  readonly memory: number;
  /** Open file descriptors, including sockets. */
  readonly handles: number;
  readonly sockets: number;
}

/** @throws {Deno.errors.NotFound} if there is no such process. */
export async function usageOf(pid: number): Promise<Usage> {
  const targets = await openFiles(pid);
  return {
    memory: residentBytes(pid),
    handles: targets.length,
    sockets: targets.filter((target) => target.startsWith("socket:")).length,
  };
}

/**
 * Returns the memory in RAM, from `/proc`; 0 for a zombie.
 *
 * @throws {Deno.errors.NotFound} if there is no such process.
 */
export function residentBytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/**
 * Returns the memory of each process below this one, like `residentBytes()`; none without `/proc`.
 */
export function residentBytesBelow(pid: number): number[] {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).match(/\d+/g) ?? [];
    return children.map(Number).flatMap((child) => [
      residentBytes(child),
      ...residentBytesBelow(child),
    ]);
  } catch {
    return []; // it has just ended, or there is no /proc
  }
}

/**
 * Returns the CPU seconds, user and system together, that a shell's `times` reports for its
 * children: the last two figures, such as `0m1.23s`.
 */
export function childSeconds(times: string): number {
  return [...times.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2)
    .reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** User and system time together. The clock of `/proc` has 100 ticks per second. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** Returns the targets of the descriptors, except those that are closed meanwhile. */
async function openFiles(pid: number): Promise<string[]> {
  const targets: string[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => undefined);
    if (target !== undefined) targets.push(target);
  }
  return targets;
}
