/**
 * Runs the producer through histories on a simulated network, clock, service and Kafka, each of
 * which follows from its seed alone.
 *
 *     deno task simulate
 */
import { flag, option, type OptionGroup, type Values } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { duration, integer, listOf, oneOf } from "../../lib/cli/values.ts";
import { ExitCode } from "../../lib/shared/error.ts";
import { writeOutput } from "../../lib/terminal/output.ts";
import { runHistory } from "../../tests/simulation/history.ts";
import { runParallel } from "../../tests/simulation/parallel.ts";
import { type Cuts, FAULT_NAMES, Plan } from "../../tests/simulation/plan.ts";
import { outcomeText, runsText, smallestText } from "../../tests/simulation/report.ts";
import { shrink } from "../../tests/simulation/shrink.ts";
import { inTask } from "../../tests/simulation/world/scheduler.ts";

const faults = listOf(oneOf(...FAULT_NAMES));

const simulationOptions = {
  title: "Simulation",
  options: {
    seed: option({
      placeholder: "N",
      help: "Runs the one history of this seed.",
      parse: integer(0, Number.MAX_SAFE_INTEGER),
      defaultText: "many histories, of other seeds",
    }),
    trace: flag("Prints the history of --seed as a timeline."),
    runs: option({
      placeholder: "N",
      help: "Histories to run, on all cores. Ctrl-C ends the run, and prints its results.",
      parse: integer(1, 1_000_000_000),
      defaultText: "1000, or as many as --seconds allows",
    }),
    seconds: option({
      placeholder: "DURATION",
      help: "Starts no history after this time.",
      parse: duration,
    }),
    from: option({
      placeholder: "N",
      help: "The first seed; the others follow it.",
      parse: integer(0, Number.MAX_SAFE_INTEGER),
      defaultText: "a random one, which is printed",
    }),
    jobs: option({
      placeholder: "N",
      help: "Threads.",
      parse: integer(1, 1024),
      defaultText: "one for each core",
    }),
    without: option({ placeholder: "FAULTS", help: "Faults to leave out.", parse: faults }),
    only: option({ placeholder: "FAULTS", help: "Leaves out all other faults.", parse: faults }),
    events: option({
      placeholder: "N",
      help: "Maximum number of events per history.",
      parse: integer(1, 1_000_000),
    }),
    store: flag("Runs members of store instead of producers."),
    mutants: flag("Puts each known bug into a copy of the program, and checks that it is found."),
  },
} satisfies OptionGroup;

type Options = Values<typeof simulationOptions.options>;

export const main = program({
  usage: "deno task simulate",
  summary: "Runs the producer's own code in virtual time, with a simulated upstream, Kafka and " +
    "processes, through faults drawn from a seed, and checks that every edit is published once " +
    "and in order. A failing history is reduced, and the command that repeats it is printed.",
  examples: [
    ["deno task simulate --runs 100000", "Many histories, on all cores"],
    ["deno task simulate --seed 17 --trace", "One of them, as a timeline"],
    ["deno task simulate --mutants", "Checks that known bugs are found"],
  ],
  groups: [simulationOptions],
  async run(options, stop) {
    if (options.mutants) {
      const { runMutants } = await import("../../tests/simulation/mutants/run.ts");
      return await runMutants() ? ExitCode.done : ExitCode.failure;
    }
    const isGood = options.seed === undefined
      ? await runMany(options, stop)
      : await runOne(options);
    return isGood ? ExitCode.done : ExitCode.failure;
  },
});

async function runOne({ seed, trace, ...options }: Options): Promise<boolean> {
  const plan = new Plan(seed!, cutsOf(options));
  const outcome = await inTask(() => runHistory(plan, { traces: trace }));
  writeOutput(outcomeText(seed!, outcome));
  return outcome.failures.length === 0;
}

async function runMany(
  options: Omit<Options, "seed" | "trace">,
  stop: AbortSignal,
): Promise<boolean> {
  const { from = crypto.getRandomValues(new Uint32Array(1))[0]!, seconds = Infinity } = options;
  const { jobs = navigator.hardwareConcurrency } = options;
  const runs = options.runs ?? (seconds === Infinity ? 1000 : Infinity);
  const cuts = cutsOf(options);
  writeOutput(`seeds from ${from} on\n`);
  const done = await runParallel({ from, runs, limit: seconds, cuts, jobs, stop });
  writeOutput(runsText(done));
  const [first] = done.failed;
  if (first === undefined) return true;
  writeOutput(smallestText(await inTask(() => shrink(first.seed, cuts))));
  return false;
}

function cutsOf({ without = [], only, events = Infinity, store }: Partial<Options>): Cuts {
  const others = only && FAULT_NAMES.filter((fault) => !only.includes(fault));
  const program = store ? "store" : "producer";
  return { without: [...without, ...others ?? []], events, program };
}

if (import.meta.main) await runMain(main);
