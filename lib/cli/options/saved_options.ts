import {
  changedOptions,
  type RecordOption,
  type RecordSettings,
} from "../../produce/record_options.ts";
import { UsageError } from "../../shared/error.ts";
import { type ProducerOptions, producerPlan } from "./producer_plan.ts";

/** The options with few values, the default first: their marks show which value was saved. */
const VALUES = {
  users: ["all", "human", "bot"],
  key: ["page", "domain", "user", "none"],
  payload: ["edit", "event"],
  format: ["json", "avro"],
  headers: ["none", "cloudevents"],
} as const;

type Guessable = keyof typeof VALUES;

/** The names of these options. */
export const GUESSABLE_OPTIONS = Object.keys(VALUES) as Guessable[];

/**
 * Returns the options with which a producer has saved its position. Options that have their default
 * are replaced if the marks show another value.
 *
 * @param marks See `optionMarks()`.
 * @throws {UsageError} that names the options that differ.
 */
export function savedOptions(options: ProducerOptions, marks: string): ProducerOptions {
  const settings = settingsOf(options);
  const saved = Object.entries(VALUES).flatMap(([name, values]) => {
    const isDefault = options[name as Guessable] === values[0];
    const isGuessable = isDefault && !(name === "payload" && options.fields !== undefined);
    const value = isGuessable
      ? values.find((value) => isSaved(marks, name as Guessable, withValue(settings, name, value)))
      : undefined;
    return value === undefined ? [] : [[name, value]];
  });
  const found = { ...options, ...Object.fromEntries(saved) };
  const changed = changedOptions(marks, settingsOf(found));
  if (changed.length > 0) throw mismatch(changed);
  return found;
}

function settingsOf(options: ProducerOptions): RecordSettings {
  // A registry is not needed to compare options.
  const { edits, format } = producerPlan({ ...options, dryRun: true });
  return { ...edits, format };
}

function withValue(settings: RecordSettings, name: string, value: string): RecordSettings {
  return name === "users"
    ? { ...settings, filter: { ...settings.filter, users: value as "all" } }
    : { ...settings, [name]: value };
}

function isSaved(marks: string, name: RecordOption, settings: RecordSettings): boolean {
  return !changedOptions(marks, settings).includes(name);
}

function mismatch(changed: readonly RecordOption[]): UsageError {
  const flags = changed.map((name) => name === "payload" ? "--payload or --fields" : `--${name}`);
  return new UsageError(
    `Cannot compare: the producer runs with other values of ${flags.join(", ")}`,
    {
      hint: "Give the producer's options. For a span from before they were changed, add " +
        "--ignore-position",
    },
  );
}
