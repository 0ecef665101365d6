import { writeOutput } from "../../../lib/terminal/output.ts";
import { runHistory } from "../history.ts";
import { type Cuts, Plan, UNCUT } from "../plan.ts";
import { inTask } from "../world/scheduler.ts";
import type { Found } from "./hunt.ts";
import { type Mutant, MUTANTS } from "./mutants.ts";

/** The time within which a mutant must be found, in ms, on one core. */
const LIMIT = 60_000;
const ROOT = new URL("../../../", import.meta.url).pathname;
/** The files that a copy of the program needs to run the simulation. */
const PARTS = ["deno.json", "deno.lock", "lib", "tests/deno.lock", "tests/simulation", "vendor"];

/**
 * Searches a failing history for each mutant. A seed that also fails without the mistake does not
 * count.
 *
 * @param name Part of a name, to run only some.
 * @returns Whether all were found.
 */
export async function runMutants(name = "", from = 1): Promise<boolean> {
  let isGood = true;
  for (const mutant of MUTANTS.filter((mutant) => mutant.name.includes(name))) {
    const { seed, kind, runs, ms } = await huntIn(mutant, from);
    isGood &&= seed !== undefined;
    const what = seed === undefined
      ? `nothing in ${runs} histories`
      : `${kind} with seed ${seed}, after ${runs} histories`;
    const seconds = (ms / 1000).toFixed(1).padStart(5);
    const verdict = seed === undefined ? "WRONG" : "ok   ";
    writeOutput(`${verdict}  ${seconds} s  ${mutant.name}: ${what}\n`);
  }
  return isGood;
}

async function huntIn(mutant: Mutant, from: number): Promise<Found> {
  const { always = [], program = "producer", client } = mutant;
  const cuts = { without: [], always, program, ...client === undefined ? {} : { client } };
  const folder = await Deno.makeTempDir({ prefix: "wikitap-mutant-" });
  try {
    for (const part of PARTS) await copy(`${ROOT}${part}`, `${folder}/${part}`);
    await mutate(`${folder}/${mutant.file}`, mutant);
    const all = { runs: 0, ms: 0 };
    while (true) {
      const { runs, ms, ...found } = await hunt(folder, from + all.runs, LIMIT - all.ms, cuts);
      all.runs += runs;
      all.ms += ms;
      if (found.seed === undefined) return all;
      const plan = new Plan(found.seed, { ...UNCUT, ...cuts });
      const { failures } = await inTask(() => runHistory(plan));
      if (failures.length === 0) return { ...found, ...all };
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs histories with the program in a folder. */
async function hunt(
  folder: string,
  from: number,
  limit: number,
  cuts: Partial<Cuts>,
): Promise<Found> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", "--no-check", "--frozen", "--lock=tests/deno.lock"],
      ...["tests/simulation/mutants/hunt.ts", String(from), String(limit), JSON.stringify(cuts)],
    ],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (text === "") throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

async function mutate(file: string, { name, find, replace }: Mutant): Promise<void> {
  const text = await Deno.readTextFile(file);
  const times = text.split(find).length - 1;
  if (times !== 1) {
    throw new Error(`Cannot make the mutant '${name}': its text is ${times} times in ${file}`);
  }
  await Deno.writeTextFile(file, text.replace(find, () => replace));
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}
