/** The resources of a process at one moment, by `/proc`: Linux only. */
export interface Usage {
  /** Memory in RAM, in bytes. */
  readonly memory: number;
  /** Open file descriptors, sockets among them. */
  readonly handles: number;
  readonly sockets: number;
}

/** @throws {Deno.errors.NotFound} when there is no such process. */
export async function usageOf(pid: number): Promise<Usage> {
  const targets = await openFiles(pid);
  return {
    memory: residentBytes(pid),
    handles: targets.length,
    sockets: targets.filter((target) => target.startsWith("socket:")).length,
  };
}

/**
 * Memory in RAM, by `/proc`; 0 of a zombie.
 *
 * @throws {Deno.errors.NotFound} when there is no such process.
 */
export function residentBytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** As `residentBytes()`, of each process below this one; none where `/proc` does not tell. */
export function residentBytesBelow(pid: number): number[] {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).match(/\d+/g) ?? [];
    return children.map(Number).flatMap((child) => [
      residentBytes(child),
      ...residentBytesBelow(child),
    ]);
  } catch {
    return []; // just ended, or no /proc
  }
}

/**
 * The seconds of the processor, in user and system mode together, that a shell's `times` reports of
 * its children: the last two figures, as `0m1.23s`.
 */
export function childSeconds(times: string): number {
  return [...times.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2)
    .reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** In user and system mode together; the clock of `/proc` ticks 100 times a second. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** The targets of the descriptors, without those that are closed meanwhile. */
async function openFiles(pid: number): Promise<string[]> {
  const targets: string[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => undefined);
    if (target !== undefined) targets.push(target);
  }
  return targets;
}
