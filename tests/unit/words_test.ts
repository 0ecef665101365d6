/** Checks the words of code and pages, and the docstrings of exported symbols. */
import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../support/tools/readme.ts";

/** Phrases that are not used in code, comments, messages and pages; and what to write instead. */
const BANNED: Readonly<Record<string, string>> = {
  "/\\*\\*(?:\\s+\\*)? (?:What|Whoever) ": "a third-person verb: Returns, Logs, Retries",
  "told|tells": "report, log, name, return: only people tell",
  "nobody|whoever": "the reader, the client, the user, no process",
  "in words": "omit",
  "so many": "the number, with its unit",
  "at the (?:most|least)": "at most, at least",
  "anew": "again",
  "whatever": "any, everything, regardless of",
  "in hand": "pending, in flight",
  "in the midst": "during",
  "doubled": "duplicated",
  "where (?:there (?:is|are|was|were)|(?:it|one) has)": "if",
  "for ever": "forever",
  "learnt": "discovered, learned",
  "licences?(?!_test|\\.ts)": "license",
  "colour\\w*|behaviour\\w*|neighbour\\w*|favour\\w*|centres?": "American spelling",
  "(?:recogn|initial|serial|normal|organ|sanit|summar|minim|maxim|optim)is(?:e|ed|es|ing|ation)\\b":
    "American spelling: -ize",
  "cancelled|cancelling|labelled|travelled|modelled": "American spelling: one l",
  "wait(?:s|ed|ing)? out": "retry, wait for",
  "\\b(?:come|comes|came) through\\b": "is thrown unchanged",
  "\\b(?:go|goes|going|went) on\\b": "continue, resume",
  "in charge": "leads, coordinates",
  "now and then": "sometimes",
  "\\b(?:failures?|errors?) that pass(?:es)?\\b": "temporary",
  "lasting (?:failures?|errors?)": "permanent",
  "\\b(?:is|are|was|were) no (?:edits?|JSON|UTF-8|number)\\b": "is not a, are not",
  "anybody|somebody": "name the actor",
  "of one's own": "its own",
  "left behind": "abandoned",
  "put(?:s)? out of": "removed from",
  "harmless": "safe",
  "put aside": "stored as bad records",
};

/** This file has the phrases; `licences` is the name of a task. */
const ALLOWED = /^tests\/unit\/words_test\.ts$|task licences|"licences"|-P=licences/;

function* files(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory && !/^(\.git|\.local|node_modules|dist)$/.test(name)) {
      yield* files(`${folder}${name}/`);
    } else if (/\.(ts|md|js|css|html|yml|service)$|^Containerfile$/.test(name)) {
      yield `${folder}${name}`;
    }
  }
}

Deno.test("code and pages have no banned phrase", () => {
  const phrases = Object.entries(BANNED).map(([phrase, better]) =>
    [new RegExp(/^\w/.test(phrase) ? `\\b(?:${phrase})\\b` : phrase, "gi"), better] as const
  );
  const found = [...files("")].flatMap((file) => {
    const text = Deno.readTextFileSync(new URL(file, ROOT));
    return phrases.flatMap(([phrase, better]) =>
      [...text.matchAll(phrase)].map(({ 0: words, index }) => {
        const line = text.slice(0, index).split("\n").length;
        return { at: `${file}:${line}`, line: text.split("\n")[line - 1]!, words, better };
      })
    );
  });
  const wrong = found.filter(({ at, line }) =>
    !ALLOWED.test(at.split(":")[0]!) && !ALLOWED.test(line)
  );
  assertEquals(wrong.map(({ at, words, better }) => `${at}: '${words}', better: ${better}`), []);
});

Deno.test("test names have at most 70 characters", () => {
  const names = [...files("tests/")].filter((file) => file.endsWith("_test.ts")).flatMap((file) => {
    const text = Deno.readTextFileSync(new URL(file, ROOT));
    const calls = /\b(?:(?:Deno\.test(?:\.\w+)?|\w*Test|test|eachText)\(|name:)\s*(["`])(.*?)\1/g;
    return [...text.matchAll(calls)].map(([, , name]) => `${file}: ${name}`);
  });
  assert(names.length > 1000, `only ${names.length} names`);
  const tooLong = names.filter((name) =>
    name.slice(name.indexOf(": ") + 2).replace(/\$\{[^}]*\}/g, "").length > 70
  );
  assertEquals(tooLong, []);
});

Deno.test("exported symbols of lib/ have docstrings", async () => {
  const all = [...files("lib/")].filter((file) => file.endsWith(".ts"));
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...all],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  // Other rules of `deno doc --lint` are for packages whose modules are read on their own.
  const missing = /^error\[missing-jsdoc\].*\n +--> .*?(lib\/\S+)$/gm;
  const found = [...new TextDecoder().decode(stderr).matchAll(missing)].map(([, at]) => at!)
    // A constructor creates an object of its class: its docstring is for what that does not say.
    .filter((at) => !lineAt(at).includes("constructor("));
  assertEquals(found, []);
});

/** Returns the line at `file:line:column`. */
function lineAt(place: string): string {
  const [file = "", line] = place.split(":");
  return Deno.readTextFileSync(new URL(file, ROOT)).split("\n")[Number(line) - 1]!;
}
