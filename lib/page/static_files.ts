import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplotJs from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import inter from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2" with {
  type: "bytes",
};
import chartJs from "./static/chart.js" with { type: "text" };
import connectionJs from "./static/connection.js" with { type: "text" };
import domJs from "./static/dom.js" with { type: "text" };
import feedJs from "./static/feed.js" with { type: "text" };
import formatJs from "./static/format.js" with { type: "text" };
import iconSvg from "./static/icon.svg" with { type: "text" };
import indexHtml from "./static/index.html" with { type: "text" };
import kafkaBrokersJs from "./static/kafka/brokers.js" with { type: "text" };
import kafkaGroupsJs from "./static/kafka/groups.js" with { type: "text" };
import kafkaPartitionsJs from "./static/kafka/partitions.js" with { type: "text" };
import kafkaCss from "./static/kafka/view.css" with { type: "text" };
import kafkaHtml from "./static/kafka/view.html" with { type: "text" };
import kafkaJs from "./static/kafka/view.js" with { type: "text" };
import pageCss from "./static/page.css" with { type: "text" };
import pageJs from "./static/page.js" with { type: "text" };
import statusJs from "./static/status.js" with { type: "text" };
import topsJs from "./static/tops.js" with { type: "text" };

/** A file of the page. */
export interface StaticFile {
  /** Its media type. */
  readonly type: string;
  /** Its text or bytes. */
  readonly content: string | Uint8Array<ArrayBuffer>;
}

const CSS = "text/css; charset=utf-8";
const JS = "text/javascript; charset=utf-8";

/**
 * The files of the page, by path. All of them are part of the program: a compiled one has no other
 * files, and nothing is loaded from other servers.
 */
export const staticFiles: ReadonlyMap<string, StaticFile> = new Map([
  ["/", { type: "text/html; charset=utf-8", content: indexHtml }],
  ["/kafka", { type: "text/html; charset=utf-8", content: kafkaHtml }],
  ["/kafka/view.css", { type: CSS, content: kafkaCss }],
  ["/kafka/view.js", { type: JS, content: kafkaJs }],
  ["/kafka/brokers.js", { type: JS, content: kafkaBrokersJs }],
  ["/kafka/groups.js", { type: JS, content: kafkaGroupsJs }],
  ["/kafka/partitions.js", { type: JS, content: kafkaPartitionsJs }],
  ["/page.css", { type: CSS, content: pageCss }],
  ["/uplot.css", { type: CSS, content: uplotCss }],
  ["/uplot.js", { type: JS, content: uplotJs }],
  ["/page.js", { type: JS, content: pageJs }],
  ["/chart.js", { type: JS, content: chartJs }],
  ["/connection.js", { type: JS, content: connectionJs }],
  ["/dom.js", { type: JS, content: domJs }],
  ["/feed.js", { type: JS, content: feedJs }],
  ["/format.js", { type: JS, content: formatJs }],
  ["/status.js", { type: JS, content: statusJs }],
  ["/tops.js", { type: JS, content: topsJs }],
  ["/icon.svg", { type: "image/svg+xml", content: iconSvg }],
  ["/inter.woff2", { type: "font/woff2", content: inter as Uint8Array<ArrayBuffer> }],
]);
