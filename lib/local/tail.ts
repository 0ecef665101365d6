/** No more than this is read of a log's end, in bytes. */
const WINDOW = 64 * 1024;

/** The last `count` lines of a log, without Java's stack frames; none where there is no such file. */
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

/** The last `count` lines that say something: blank ones and `\tat …` frames are left out. */
export function lastLines(text: string, count: number): string[] {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(at .*|\.\.\. \d+ more)?$/.test(line));
  return lines.slice(-count);
}
