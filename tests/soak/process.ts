/** What a process takes at one moment, by `/proc`: Linux only. */
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
    memory: await residentBytes(pid),
    handles: targets.length,
    sockets: targets.filter((target) => target.startsWith("socket:")).length,
  };
}

export async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** In user and system mode together; the clock of `/proc` ticks 100 times a second. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** What the descriptors stand for; without those that are closed meanwhile. */
async function openFiles(pid: number): Promise<string[]> {
  const targets: string[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => undefined);
    if (target !== undefined) targets.push(target);
  }
  return targets;
}
