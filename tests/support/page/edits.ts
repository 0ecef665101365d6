import type { PageEdit } from "../../../lib/page/wire.ts";

/** Returns an edit with defaults for the fields that a test does not set. */
export function pageEdit(edit: Partial<PageEdit> = {}): PageEdit {
  return {
    time: 1_700_000_000_000,
    domain: "en.wikipedia.org",
    namespace: "main namespace",
    title: "Glacier",
    user: "Tomte",
    isBot: false,
    delta: 10,
    isNew: false,
    ...edit,
  };
}
