/** The number of bytes that are read from a log's end. */
const WINDOW = 64 * 1024;

/** Returns the last `count` lines of a log (see `lastLines()`); none if the file does not exist. */
export async function tail(path: string, count: number): Promise<string[]> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - WINDOW), Deno.SeekMode.Start);
    return lastLines(await new Response(file.readable).text(), count);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Returns the last `count` informative lines. Blank and indented lines are left out: those are
 * Java's stack frames, and the list of all settings that Kafka writes at its start.
 */
export function lastLines(text: string, count: number): string[] {
  return text.split(/\r?\n/).filter((line) => /^\S/.test(line)).slice(-count);
}
