// A small markdown renderer that builds DOM nodes.
//
// The stream keeps only the last block open: a delta draws that block again and leaves the finished ones alone, because
// the splitter reads from left to right and only the last block can still change.

import { h } from "./dom.js";

const ITEM = /^( *)([-*+•]|\d{1,3}[.)])(?: +|$)/;
const KINDS = [
  ["heading", /^#{1,6} /],
  ["table", /^ *\|/],
  ["quote", /^ *>/],
  ["rule", /^ *(?:-{3,}|\*{3,}|_{3,}) *$/],
  ["list", ITEM],
];

function kindOf(line) {
  return KINDS.find(([, pattern]) => pattern.test(line))?.[0] ?? "paragraph";
}

/** Blocks of `text` as `{kind, start, lines}`; `start` is the offset in `text`. */
export function split(text) {
  const blocks = [];
  let offset = 0;
  let blank = true;
  for (const line of text.split("\n")) {
    const start = offset;
    offset += line.length + 1;
    const open = blocks.at(-1);
    if (!line.trim()) {
      blank = true;
      continue;
    }
    const kind = kindOf(line);
    const indented = /^ {2,}/.test(line);
    if (open?.kind === "list" && ((kind === "list" && (indented || ordered(line) === ordered(open.lines[0]))) || indented || (!blank && kind === "paragraph"))) {
      open.lines.push(line);
    } else if (open && !blank && open.kind === kind && kind !== "heading" && kind !== "rule") {
      open.lines.push(line);
    } else {
      blocks.push({ kind, start, lines: [line] });
    }
    blank = false;
  }
  return blocks;
}

function ordered(line) {
  return /\d/.test(ITEM.exec(line)?.[2] ?? "");
}

function list({ lines }, open) {
  const first = ITEM.exec(lines[0]);
  const base = first[1].length;
  const items = [];
  for (const line of lines) {
    const match = ITEM.exec(line);
    if (match && match[1].length <= base + 1) items.push([line.slice(match[0].length)]);
    else items.at(-1).push(line.replace(/^ {1,4}/, ""));
  }
  const numbered = ordered(lines[0]);
  const start = parseInt(first[2], 10);
  return h(numbered ? "ol" : "ul", numbered && start !== 1 ? { start } : {}, items.map((item, index) => {
    const still = open && index === items.length - 1;
    const blocks = split(item.join("\n"));
    return h("li", {}, blocks.map((block, at) =>
      at === 0 && block.kind === "paragraph" ? inline(block.lines.join("\n"), still) : build(block, still)));
  }));
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
const isRule = (row) => row.every((cell) => /^:?-+:?$/.test(cell));

function table({ lines }) {
  const rows = lines.map(cells);
  const rule = rows.findIndex(isRule);
  const align = (rule >= 0 ? rows[rule] : []).map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "end") : "start"));
  const head = rule === 0 ? [] : rows.slice(0, Math.max(rule, 1));
  const body = rows.slice(rule >= 0 ? rule + 1 : 1);
  // without a declared alignment, a column of figures reads best at the right
  const side = (column) => (align[column] && align[column] !== "start" ? align[column]
    : body.length && column > 0 && body.every((row) => /\d/.test(row[column] ?? "0")) ? "end" : "start");
  const row = (tag) => (data) => h("tr", {}, data.map((cell, column) => h(tag, { class: side(column), ...(tag === "th" ? { scope: "col" } : {}) }, inline(cell))));
  return h("div", { class: "wide", tabindex: "0" }, h("table", {}, h("thead", {}, head.map(row("th"))), h("tbody", {}, body.map(row("td")))));
}

function build(block, open) {
  const text = () => block.lines.join("\n");
  switch (block.kind) {
    case "heading": return h(block.lines[0].startsWith("###") ? "h4" : "h3", {}, inline(block.lines[0].replace(/^#+ +/, ""), open));
    case "table": return table(block);
    case "quote": return h("blockquote", {}, split(block.lines.map((line) => line.replace(/^ *> ?/, "")).join("\n")).map((inner) => build(inner, open)));
    case "rule": return h("hr");
    case "list": return list(block, open);
    default: return h("p", {}, inline(text(), open));
  }
}

/** An address a link may have, or null: http, https and mailto only. */
export function safeUrl(address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url && ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
}

function link(label, address) {
  const href = safeUrl(address);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, label) : label;
}

const MARK = /\\([\\`*_[\]()#|>~+.!-])|`([^`\n]+)`|\[([^\]\n]{1,300})\]\(\s*<?([^\s()<>]+)>?(?:\s+"[^"\n]*")?\s*\)|(https?:\/\/[^\s<>"|]+)|(\*\*|__|\*|_)(?=\S)|\n/g;
const WORD = /[\p{L}\p{N}]/u;

function closing(text, mark, from) {
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1)) {
    if (at === from || /\s/.test(text[at - 1]) || text[at - 1] === "\\") continue;
    if (mark.length === 1 && (text[at + 1] === mark || text[at - 1] === mark)) continue;
    if (mark[0] === "_" && WORD.test(text[at + mark.length] ?? "")) continue;
    return at;
  }
  return -1;
}

/** Nodes and strings of one run of text. With `open`, bold that has not been closed yet is already bold. */
export function inline(text, open = false) {
  const out = [];
  let from = 0;
  MARK.lastIndex = 0;
  for (let match; (match = MARK.exec(text)); ) {
    const [whole, escaped, code, label, address, bare, mark] = match;
    let node = null;
    let end = match.index + whole.length;
    if (escaped) node = escaped;
    else if (code) node = h("code", {}, code);
    else if (label) node = link(inlineInside(label), address);
    else if (bare) {
      const url = bare.replace(/[.,;:!?)\]*_]+$/, "");
      end = match.index + url.length;
      node = link(url, url);
    } else if (whole === "\n") node = h("br");
    else {
      if (mark[0] === "_" && WORD.test(text[match.index - 1] ?? "")) continue;
      const close = closing(text, mark, end);
      const inside = close >= 0 ? text.slice(end, close) : open && mark.length === 2 ? text.slice(end).replace(/\*$/, "") : null;
      if (inside === null) continue;
      node = h(mark.length === 2 ? "strong" : "em", {}, inlineInside(inside));
      end = close >= 0 ? close + mark.length : text.length;
    }
    if (match.index > from) out.push(text.slice(from, match.index));
    out.push(...[node].flat());
    from = MARK.lastIndex = end;
  }
  if (from < text.length) out.push(text.slice(from));
  return out;
}

// the pattern is shared and keeps its position: an inner run saves and restores it
function inlineInside(text) {
  const at = MARK.lastIndex;
  const nodes = inline(text);
  MARK.lastIndex = at;
  return nodes;
}

/** Text that arrives in pieces, drawn into `root`. */
export class MarkdownStream {
  #root;
  #from = 0;
  #node = null;

  constructor(root) {
    this.#root = root;
    this.text = "";
  }

  append(delta) {
    this.text += delta;
    this.#draw(true);
  }

  set(text, open = false) {
    this.#root.replaceChildren();
    this.#from = 0;
    this.#node = null;
    this.text = text;
    this.#draw(open);
  }

  #draw(open) {
    const blocks = split(this.text.slice(this.#from));
    if (!blocks.length) return;
    blocks.forEach((block, index) => {
      const node = build(block, open && index === blocks.length - 1);
      if (index === 0 && this.#node) this.#node.replaceWith(node);
      else this.#root.append(node);
      this.#node = node;
    });
    this.#from += blocks.at(-1).start;
  }
}
