/** No more than this is read of a log's end, in bytes. */
const WINDOW = 64 * 1024;

/** The last `count` lines of a log that say something, see `lastLines()`; none where there is no such file. */
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
 * The last `count` lines that say something. Blank and indented ones are left out: those are Java's
 * stack frames, and the list of all settings that Kafka writes at start.
 */
export function lastLines(text: string, count: number): string[] {
  return text.split(/\r?\n/).filter((line) => /^\S/.test(line)).slice(-count);
}
