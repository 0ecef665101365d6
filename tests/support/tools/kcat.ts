/**
 * Runs kcat, a reader of Kafka that shares no code with this project.
 *
 * @returns The lines that it prints.
 * @throws {Error} with its output if it fails.
 */
export async function kcat(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await new Deno.Command("kcat", { args }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`kcat ${args.join(" ")}: ${decoder.decode(stderr)}`);
  const text = decoder.decode(stdout);
  return text === "" ? [] : text.trimEnd().split("\n");
}

/** Why tests that need kcat are skipped; `undefined` if there is one. */
export const NO_KCAT = await kcat("-V").then(
  () => undefined,
  () => "no kcat: apt-get install kcat",
);
