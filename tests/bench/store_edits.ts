import type { Edit } from "../../lib/edits/message/edit.ts";
import { fraction } from "../../lib/replay/random.ts";

const WIKIS = ["wikidata", "en.wikipedia", "de.wikipedia", "fr.wikipedia", "ja.wikipedia"];

/**
 * Returns an edit as in a large topic: few wikis, many pages, a few busy users, 25 a second. Titles
 * and users are spread over their index, as in Wikipedia, which makes inserts slow.
 */
export function editLike(number: number): Edit {
  const draw = (salt: number) => fraction(1, salt, number);
  const skewed = (salt: number, most: number) => Math.floor(draw(salt) ** 2 * most);
  const old = Math.floor(draw(1) * 60_000);
  return {
    id: 1_900_000_000 + number,
    domain: `${WIKIS[skewed(2, WIKIS.length)]}.org`,
    namespace: "main namespace",
    title: `${scramble(skewed(3, 400_000))} in the annals of`,
    timestamp: new Date(Date.UTC(2026, 0, 1) + number * 40).toISOString(),
    user_name: `${scramble(skewed(4, 30_000))} editor`,
    user_type: draw(5) < 0.45 ? "bot" : "human",
    old_length: old,
    new_length: Math.max(0, old + Math.floor(draw(6) * 500) - 200),
  };
}

/** Maps consecutive numbers to texts that are far apart in the alphabet. */
function scramble(number: number): string {
  return (Math.imul(number, 0x9e3779b1) >>> 0).toString(36);
}
