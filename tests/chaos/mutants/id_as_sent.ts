/**
 * A producer with the mistake of every known client: it resumes from the last id, and so skips
 * events whose Kafka timestamps go back.
 */
import { main } from "../../../main.ts";
import { runMain } from "../../../lib/cli/program.ts";
import { resumeWith } from "./resume_with.ts";

let lastId: string | undefined;

resumeWith({
  lastEventId: (asked) => lastId ?? asked,
  onId: (id) => lastId = id,
});
await runMain(main);
