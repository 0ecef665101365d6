/**
 * A producer that keeps one time for all upstream topics, and so skips events of a topic if another
 * one is ahead.
 */
import { main } from "../../../main.ts";
import { runMain } from "../../../lib/cli/program.ts";
import { resumeWith } from "./resume_with.ts";

resumeWith({
  lastEventId: (asked) => {
    const entries: { timestamp: number }[] = JSON.parse(asked);
    const timestamp = Math.max(...entries.map(({ timestamp }) => timestamp));
    return JSON.stringify(entries.map((entry) => ({ ...entry, timestamp })));
  },
});
await runMain(main);
