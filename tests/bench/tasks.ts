import config from "../../deno.json" with { type: "json" };

/** Returns V8's flags in a task of `deno.json`: one argument, or none. */
export function v8Flags(task: keyof typeof config.tasks): string[] {
  return config.tasks[task].command.match(/--v8-flags=\S+/g) ?? [];
}
