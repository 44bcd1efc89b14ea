// What comes with an answer besides words: property cards, tables, cited documents.

import { h, uid } from "./dom.js";
import { period } from "./format.js";
import { demoBadge } from "./figures.js";
import { language, say } from "./strings.js";
import { safeUrl } from "./markdown.js";

const text = (value) => (value === null || value === undefined ? "" : String(value));

/** A table whose cells the server has already written out. */
export function dataTable({ title, columns, rows }) {
  const side = (column) => ({ right: "end", end: "end", center: "center" })[column.align] ?? "start";
  const head = h("tr", {}, columns.map((column) => h("th", { scope: "col", class: side(column) }, text(column.label))));
  const body = rows.map((row) => h("tr", {}, columns.map((column, index) =>
    h(index === 0 ? "th" : "td", { class: side(column), ...(index === 0 ? { scope: "row" } : {}) }, text(row[column.key]) || "–"))));
  const caption = title ? h("caption", { id: uid("caption") }, title) : null;
  return h("div", { class: "wide", tabindex: "0", role: "group", "aria-labelledby": caption?.id },
    h("table", {}, caption, h("thead", {}, head), h("tbody", {}, body)));
}

export function card(data) {
  const specs = [data.area, data.bedrooms, data.price_per_m2].map(text).filter(Boolean);
  const source = typeof data.source === "object" && data.source ? data.source.label || data.source.ref : text(data.source);
  const seen = data.observed_on ? say(h("span"), "observed", { date: period(data.observed_on, language()) }) : null;
  return h("li", { class: "card", "data-id": data.id },
    h("article", {},
      h("header", {}, data.position ? h("span", { class: "number" }, text(data.position)) : null,
        data.kind === "project" ? say(h("span", { class: "kind" }), "project") : null,
        data.demo ? demoBadge() : null),
      h("p", { class: "price" }, h("span", {}, text(data.price))),
      h("h3", {}, text(data.title)),
      h("p", { class: "place" }, text(data.place)),
      specs.length ? h("ul", { class: "specs" }, specs.map((spec) => h("li", {}, h("span", {}, spec)))) : null,
      data.features?.length ? h("p", { class: "features" }, data.features.join(" · ")) : null,
      h("footer", {}, source ? h("span", {}, source) : null, seen)));
}

export function cardRow() {
  const row = h("ul", { class: "cards", tabindex: "0" });
  say(row, "listings", {}, "aria-label");
  return row;
}

/** The documents an answer cites; `prefix` makes their anchors unique. */
export function citationList(citations, prefix) {
  const summary = h("summary", {}, say(h("span"), "citations"), h("b", {}, String(citations.length)));
  return h("details", { class: "citations" }, summary, h("ol", {}, citations.map((citation) => {
    const address = safeUrl(text(citation.source));
    const source = address ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, new URL(address).hostname) : text(citation.source);
    const meta = [source, citation.published_on ? period(citation.published_on, language()) : ""].filter(Boolean);
    return h("li", { id: `${prefix}${citation.n}`, value: citation.n, tabindex: "-1" },
      h("p", { class: "title" }, text(citation.title), citation.demo ? demoBadge() : null),
      h("p", { class: "meta" }, meta.flatMap((part, index) => (index ? [" · ", part] : [part]))),
      citation.passage ? h("blockquote", {}, citation.passage) : null);
  })));
}

/** How sure, in three bricks, with its reasons behind a disclosure. */
export function confidenceLine({ level, reasons = [] }) {
  const bricks = h("span", { class: `gauge ${level}`, "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  const label = say(h("span"), `confidence_${level}`);
  if (!reasons.length) return h("p", { class: "confidence" }, bricks, label);
  return h("details", { class: "confidence" }, h("summary", {}, bricks, label), h("ul", {}, reasons.map((reason) => h("li", {}, reason))));
}
