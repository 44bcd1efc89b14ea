// What goes on around a conversation: notices above it, its end kept in view, its sentences spoken to screen readers.

import { h, icon, ICONS } from "./dom.js";
import { say } from "./strings.js";

const ICON = { case: ICONS.person, offline: ICONS.close, reconnecting: ICONS.retry, lost: ICONS.close };

/** One line a notice, above the conversation: offline, reconnecting, the state of the case. */
export class Notices {
  #root;
  #shown = new Map();

  constructor(root) {
    this.#root = root;
  }

  #put(name, ...content) {
    const node = h("div", { class: `notice ${name}` }, icon(ICON[name], 18), h("p", {}, ...content));
    if (this.#shown.has(name)) this.#shown.get(name).replaceWith(node);
    else this.#root.append(node);
    this.#shown.set(name, node);
    return node;
  }

  /** `name` is offline, reconnecting or lost: also the key of its sentence. */
  show(name) {
    if (!this.#shown.has(name)) this.#put(name, say(h("span"), name));
  }

  hide(name) {
    this.#shown.get(name)?.remove();
    this.#shown.delete(name);
  }

  /** `state` is open, claimed, returned or resolved. */
  case({ id, state, by, message }) {
    const told = by ? say(h("span"), `case_${state}`, { by }) : state === "claimed" ? null : say(h("span"), `case_${state}`);
    const node = this.#put("case", say(h("b"), "case", { id }), " ", message ? h("span", {}, message) : told ?? say(h("span"), "person"));
    node.dataset.state = state;
    if (state !== "resolved") return;
    const close = h("button", { type: "button", class: "close", onclick: () => this.hide("case") }, icon(ICONS.close, 16));
    node.append(say(close, "dismiss", {}, "aria-label"));
  }

  clear() {
    for (const name of ["case", "reconnecting", "lost"]) this.hide(name);
  }
}

const NEAR = 64; // px from the end that still count as "at the end"

/** Keeps the end in view, but only for a reader who is already there. */
export class Scroll {
  #box;
  #button;
  #stuck = false;

  constructor(box, button) {
    this.#box = box;
    this.#button = button;
    box.addEventListener("scroll", () => this.#look(), { passive: true });
    button.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#stuck && this.follow()).observe(box);
  }

  get #left() {
    return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight;
  }

  #look() {
    this.#stuck = this.#left < NEAR;
    if (this.#stuck) this.#button.hidden = true;
  }

  follow() {
    if (this.#stuck) this.#box.scrollTop = this.#box.scrollHeight;
    else this.#button.hidden = this.#left < NEAR;
  }

  toEnd() {
    this.#stuck = true;
    this.#button.hidden = true;
    this.follow();
  }

  toStart() {
    this.#stuck = false;
    this.#button.hidden = true;
    this.#box.scrollTop = 0;
  }
}

const END = /[.!?…:](?=\s)|\n/g;
const KEEP = 12;

/** Says an answer a sentence at a time; the visible text, which changes with every token, is no live region. */
export class Speaker {
  #region;
  #rest = "";

  constructor(region) {
    this.#region = region;
  }

  feed(delta) {
    this.#rest += delta;
    let cut = 0;
    for (const match of this.#rest.matchAll(END)) cut = match.index + match[0].length;
    if (cut) {
      this.say(this.#rest.slice(0, cut));
      this.#rest = this.#rest.slice(cut);
    }
  }

  flush() {
    this.say(this.#rest);
    this.#rest = "";
  }

  say(text) {
    const plain = text.replace(/\]\([^)]*\)/g, "").replace(/[*_`#|>[\]]+/g, " ").replace(/\s+/g, " ").trim();
    if (!/[\p{L}\p{N}]/u.test(plain)) return;
    const line = document.createElement("p");
    line.textContent = plain;
    this.#region.append(line);
    while (this.#region.childElementCount > KEEP) this.#region.firstElementChild.remove();
  }
}
