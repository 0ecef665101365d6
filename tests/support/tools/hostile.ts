/**
 * Texts that a terminal, a page, a database, a log or a spreadsheet may mishandle, by their kind.
 * Titles, users and comments contain arbitrary input.
 */
export const HOSTILE: Readonly<Record<string, string>> = {
  "escape sequences": "\x1b[2J\x1b[31m\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b[?1049h",
  "C1 controls": "\x9b2J\x9d0;title\x9c\x90q\x85",
  "C0 controls": "\0\x01\b\b\b\x07\v\f\x0e\x7f",
  "line ends": "one\ntwo\r\nthree\rfour\x85five\u2028six\u2029seven",
  "a forged line of a log": "x\n12:00:00 error produce: all is lost",
  "overrides of direction": "\u202egnp.exe\u202c \u2066open \u202b\u2067 \u200e\u200f\u061c",
  "invisible characters": "ad\u2060m\ufeffi\u2063n\u{fff9}x\u{fffb}",
  "joiners, scripts and emoji":
    "נקאש ភាសា\u200bខ្មែរ می\u200cخواهم क्\u200dष 👩\u200d👩\u200d👧\u200d👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 ❤️ e\u0301",
  "wide characters": "維基百科".repeat(40),
  "marks without end": `e${"\u0301".repeat(400)}`,
  "half characters": "\ud83e a\udd8a \udd8a\ud83e",
  "no character": "\ufffd\uffff\ufdd0\u{10ffff}",
  "markup": `<script>alert(1)</script><img src=x onerror=alert(1)>"'></a><style>*{}</style>&lt;`,
  "SQL": `'; DROP TABLE edits; --"\\,{}$1 NULL \\N`,
  "placeholders": "{reason} {*} ${1+1} %s %d {{constructor}} __proto__",
  "JSON": `","type":"edit"}\\u0000\\"`,
  "a formula (=)": '=HYPERLINK("http://x";"y")',
  "a formula (+)": "+1+cmd|' /C calc'!A0",
  "a formula (-)": "-2+3",
  "a formula (@)": "@SUM(A1:A9)",
  "a formula (tab)": "\t=1+1",
  "a formula (CR)": "\r=1+1",
  "a comma": `a,"b",c`,
  "nothing": "",
  "blanks": "   ",
  "500 characters": "W".repeat(500),
  "100,000 characters": "wide維".repeat(25_000),
};
