/**
 * Serves the live page: the edits of a topic, in a browser.
 *
 *     deno task dashboard
 */
import { program, runMain } from "../lib/cli/program.ts";
import { DASHBOARD_GROUPS, serveDashboard } from "../lib/cli/programs/dashboard.ts";

export const main = program({
  usage: "deno task dashboard",
  summary: "Serves a live page of the edits in a topic: rates, the most active wikis, pages and " +
    "users, and the latest edits. Prints its URL, and runs until Ctrl-C.",
  examples: [
    ["deno task dashboard", "The page on http://127.0.0.1:8080/"],
    ["deno task dashboard --port 8090 --history 15m", "Another port, and a history of 15 minutes"],
  ],
  groups: DASHBOARD_GROUPS,
  run: serveDashboard,
});

if (import.meta.main) await runMain(main);
