// Figures of an answer become buttons that say where they come from, and [1] markers become links to their document.
//
// A figure is found by the exact string the server says it was shown as, never inside a longer number or word.
// The panel is a native popover, so Esc, a click elsewhere and the return of focus are the browser's own.

import { h, icon, ICONS } from "./dom.js";
import { figure, localeOf, period } from "./format.js";
import { has, language, say, t } from "./strings.js";

const GAP = 8;
const panel = () => document.getElementById("source");

function place(anchor) {
  const box = panel();
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const left = Math.min(Math.max(GAP, at.left - 2 * GAP), innerWidth - width - GAP);
  const below = at.bottom + GAP;
  const top = below + height + GAP <= innerHeight ? below : Math.max(GAP, at.top - height - GAP);
  // through the CSSOM: a strict style policy refuses style attributes, not this
  box.style.setProperty("--left", `${left}px`);
  box.style.setProperty("--top", `${top}px`);
}

let owner = null;

/** Shows `content` (nodes) under a title, tied to the button that asked. */
export function explain(anchor, title, ...content) {
  const box = panel();
  // asked from inside the panel itself (its demo badge): it stays where it is and still belongs to the figure
  const from = box.contains(anchor) ? owner : anchor;
  if (box.matches(":popover-open")) box.hidePopover();
  const close = say(h("button", { type: "button", class: "close", onclick: closeSource }, icon(ICONS.close, 16)), "dismiss", {}, "aria-label");
  title.id = "source-title";
  box.replaceChildren(h("div", { class: "head" }, title, close), ...content);
  owner = from;
  from.setAttribute("aria-expanded", "true");
  from.focus({ preventScroll: true });
  box.showPopover();
  place(from);
  close.focus({ preventScroll: true });
}

panel().addEventListener("beforetoggle", (event) => {
  if (event.newState === "closed") owner?.setAttribute("aria-expanded", "false");
});

export function closeSource() {
  if (panel().matches(":popover-open")) panel().hidePopover();
}

export function demoBadge() {
  const badge = h("button", { type: "button", class: "demo", "aria-expanded": "false", "aria-haspopup": "dialog" });
  say(badge, "demo");
  badge.addEventListener("click", () => explain(badge, say(h("h2"), "demoTitle"), say(h("p"), "demoBody")));
  return badge;
}

const BLOCK = "p,li,td,th,h3,h4,blockquote,dd,span,caption";
const SKIP = "a,button,code";
const SPACE = "[\\s\\u00a0\\u202f]";

/** Stretches of text that read as one, each with its text nodes in order. */
function runs(root) {
  const found = new Map();
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest(SKIP)) continue;
    const block = node.parentElement.closest(BLOCK) ?? root;
    if (!found.has(block)) found.set(block, []);
    found.get(block).push(node);
  }
  return found.values();
}

function locate(nodes, offset, end) {
  for (const node of nodes) {
    if (offset < node.length || (end && offset === node.length)) return [node, offset];
    offset -= node.length;
  }
  return null;
}

/** A line may break beside a button where text would not: one box holds it with what it touches. */
function keepTogether(button) {
  const { previousSibling: before, nextSibling: after } = button;
  const opening = /[^ \n\t]{1,12}$/.exec(before?.data ?? "")?.[0].length ?? 0;
  const closing = /^[^ \n\t]{1,12}(?=[ \n\t]|$)|^[.,;:!?)»]+/.exec(after?.data ?? "")?.[0].length ?? 0;
  if (!opening && !closing) return;
  const box = h("span", { class: "together" });
  button.before(box);
  if (opening) box.append(before.splitText(before.length - opening));
  box.append(button);
  if (closing) {
    after.splitText(closing);
    box.append(after);
  }
}

/** Replaces every match of `pattern` in `root` by `make(text)`, also where a match spans bold and plain text. */
function wrap(root, pattern, make) {
  for (const nodes of runs(root)) {
    const text = nodes.map((node) => node.data).join("");
    for (const match of [...text.matchAll(pattern)].reverse()) {
      const wrapper = make(match);
      const start = locate(nodes, match.index);
      const end = locate(nodes, match.index + match[0].length, true);
      if (!wrapper || !start || !end) continue;
      const range = document.createRange();
      range.setStart(...start);
      range.setEnd(...end);
      const content = range.extractContents();
      if (!wrapper.hasChildNodes()) wrapper.append(content);
      range.insertNode(wrapper);
      keepTogether(wrapper);
    }
  }
}

const escape = (text) => text.trim().replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/[\s\u00a0\u202f]+/g, `${SPACE}*`);
const flat = (text) => text.replace(/[\s\u00a0\u202f]+/g, "");

function nameOf(fact) {
  return fact.label || fact.key.replaceAll("_", " ");
}

function row(key, ...value) {
  return value.some(Boolean) ? [say(h("dt"), key), h("dd", {}, ...value)] : [];
}

function describe(fact, shown, known, country) {
  const locale = localeOf(language(), country, fact.currency);
  const write = (value) => figure(value, fact, locale);
  const { source } = fact;
  const inputs = (fact.inputs ?? []).map((ref) => known.get(ref)).filter(Boolean);
  const bounded = typeof fact.low === "number" && typeof fact.high === "number";
  return h("article", {},
    h("p", { class: "amount" }, shown || write(fact.value), source.demo ? demoBadge() : null),
    h("dl", {},
      row("about", fact.entity),
      row("interval", bounded && `${write(fact.low)} – ${write(fact.high)}`, bounded && fact.level ? h("small", {}, t("level", { n: Math.round(fact.level * 100) })) : null),
      row("asOf", fact.as_of ? period(fact.as_of, language()) : ""),
      row("formula", fact.formula ? h("code", {}, fact.formula) : null),
      row("inputs", inputs.length ? h("ul", {}, inputs.map((input) =>
        h("li", {}, `${nameOf(input)}: `, h("b", {}, input.shown_as?.[0] ?? figure(input.value, input, localeOf(language(), country, input.currency)))))) : null),
      row("source", source.label || source.ref, has(`kind_${source.kind}`) ? h("small", {}, t(`kind_${source.kind}`)) : null),
      row("attribution", source.attribution)));
}

/** Makes each shown figure in `root` open its facts. `facts` is a map of id to fact. */
export function linkFigures(root, facts, country) {
  const shown = new Map();
  for (const fact of facts.values()) {
    for (const text of fact.shown_as ?? []) {
      if (!flat(text)) continue;
      if (!shown.has(flat(text))) shown.set(flat(text), { text, facts: [] });
      shown.get(flat(text)).facts.push(fact);
    }
  }
  if (!shown.size) return;
  const longest = [...shown.values()].map(({ text }) => text).sort((a, b) => b.length - a.length).map(escape).join("|");
  const pattern = new RegExp(`(?<![\\p{L}\\d$€])(?<!\\d[.,])(?:${longest})(?![\\p{L}\\d²ªº]|[.,]\\d|\\.[ªº])`, "gu");
  wrap(root, pattern, ([text]) => {
    const group = shown.get(flat(text));
    if (!group) return null;
    const button = h("button", { type: "button", class: "figure", "aria-expanded": "false", "aria-haspopup": "dialog" });
    say(button, "figure", { value: text }, "title");
    button.addEventListener("click", () => {
      const [first, ...others] = group.facts;
      explain(button, h("h2", {}, nameOf(first)), describe(first, text, facts, country),
        ...others.flatMap((fact) => [h("h3", {}, nameOf(fact)), describe(fact, text, facts, country)]));
    });
    return button;
  });
}

/** Makes [n] a link to the citation with that number. */
export function linkCitations(root, citations, prefix, open) {
  wrap(root, /\[(\d{1,2})\]/g, ([, n]) => {
    const citation = citations.find((each) => String(each.n) === n);
    if (!citation) return null;
    return say(h("a", { class: "cite", href: `#${prefix}${n}`, title: citation.title, onclick: (event) => open(event, n) }, n), "citation", { n }, "aria-label");
  });
}
