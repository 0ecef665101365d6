import {
  changedOptions,
  RECORD_OPTIONS,
  type RecordOption,
  savedChoices,
} from "../../produce/record_options.ts";
import { UsageError } from "../../shared/error.ts";
import { type ProducerOptions, producerPlan } from "./producer_plan.ts";

/**
 * Returns the options with which a producer has saved its position. Options with few values that
 * have their default are replaced if the marks show another value.
 *
 * @param marks See `optionMarks()`.
 * @throws {UsageError} that names the options that differ.
 */
export function savedOptions(options: ProducerOptions, marks: string): ProducerOptions {
  const saved = savedChoices(marks).filter(([name, value]) =>
    value !== undefined && options[name] === RECORD_OPTIONS[name].values[0] &&
    !(name === "payload" && options.fields !== undefined)
  );
  const found = { ...options, ...Object.fromEntries(saved) };
  // Comparing options needs no registry.
  const { edits, format } = producerPlan({ ...found, dryRun: true });
  const changed = changedOptions(marks, { ...edits, format });
  if (changed.length > 0) throw mismatch(changed);
  return found;
}

function mismatch(changed: readonly RecordOption[]): UsageError {
  const flags = changed.map((name) => name === "payload" ? "--payload or --fields" : `--${name}`);
  return new UsageError(
    `Cannot verify: the producer uses other values of ${flags.join(", ")}`,
    {
      hint: "Use the producer's options. For a span from before they were changed, add " +
        "--ignore-position",
    },
  );
}
