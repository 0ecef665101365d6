import { writeOutput } from "../../../lib/terminal/output.ts";
import type { Found } from "./hunt.ts";
import { type Mutant, MUTANTS } from "./mutants.ts";

/** The time within which a mutant must be found, in ms, on one core. */
const LIMIT = 60_000;
const ROOT = new URL("../../../", import.meta.url).pathname;
/** The files that a copy of the program needs to run the simulation. */
const PARTS = ["deno.json", "deno.lock", "lib", "tests/deno.lock", "tests/simulation", "vendor"];

/**
 * Hunts each mutant, and the program itself, in which nothing may be found.
 *
 * @param name Part of a name, to hunt only some.
 * @returns Whether all were found, and nothing in the program.
 */
export async function runMutants(name = "", from = 1, without = ""): Promise<boolean> {
  const hunted = MUTANTS.filter((mutant) => mutant.name.includes(name));
  let isGood = true;
  for (const mutant of [undefined, ...hunted]) {
    const found = await huntIn(mutant, from, without);
    const isRight = (found.seed !== undefined) === (mutant !== undefined);
    isGood &&= isRight;
    const what = found.seed === undefined
      ? `nothing in ${found.runs} histories`
      : `${found.kind} with seed ${found.seed}, after ${found.runs} histories`;
    const seconds = (found.ms / 1000).toFixed(1).padStart(5);
    writeOutput(
      `${isRight ? "ok    " : "WRONG "} ${seconds} s  ${mutant?.name ?? "the program"}: ${what}\n`,
    );
  }
  return isGood;
}

async function huntIn(
  mutant: Mutant | undefined,
  from: number,
  without: string,
): Promise<Found> {
  const folder = await Deno.makeTempDir({ prefix: "wikitap-mutant-" });
  try {
    for (const part of PARTS) await copy(`${ROOT}${part}`, `${folder}/${part}`);
    if (mutant !== undefined) await mutate(`${folder}/${mutant.file}`, mutant);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "-A", "--no-check", "--frozen", "--lock=tests/deno.lock"],
        ...["tests/simulation/mutants/hunt.ts", String(from), String(LIMIT), without],
      ],
      cwd: folder,
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder().decode(stdout);
    if (text === "") throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
