// The progress of a turn: a course of bricks, one laid for each step; its tools behind a disclosure.

import { h } from "./dom.js";
import { number } from "./format.js";
import { has, language, say, t } from "./strings.js";

/** "comparison:2" -> the sentence of "comparison". */
function keyOf(step) {
  const key = `step_${step.split(":")[0]}`;
  return has(key) ? key : "step_start";
}

export class Progress {
  #steps = new Map();
  #course = h("span", { class: "course", "aria-hidden": "true" });
  #now = say(h("span", { class: "now" }), "step_start");
  #list = h("ol");
  #began = null;

  constructor() {
    this.node = h("details", { class: "progress running" }, h("summary", {}, this.#course, this.#now), this.#list);
    this.#brick("active");
  }

  #brick(state) {
    const brick = h("i", { class: state });
    this.#course.append(brick);
    return brick;
  }

  begin(at) {
    this.#began ??= at;
  }

  /** A step starts; returns its sentence. */
  start(name) {
    if (this.#steps.has(name)) return null;
    const waiting = this.#steps.size === 0 ? this.#course.firstElementChild : null;
    const brick = waiting ?? this.#brick("active");
    const tools = h("ul");
    const item = h("li", { class: "active" }, say(h("span"), keyOf(name)), tools);
    this.#list.append(item);
    this.#steps.set(name, { name, brick, item, tools, open: true });
    this.#title();
    return t(keyOf(name));
  }

  finish(name) {
    const step = this.#steps.get(name);
    if (!step) return;
    step.open = false;
    step.brick.className = "done";
    step.item.className = "done";
    this.#title();
  }

  /** A tool of the step that started last and is still open. */
  tool(name) {
    const step = [...this.#steps.values()].findLast((each) => each.open);
    step?.tools.append(h("li", {}, name.replaceAll("_", " ")));
  }

  #title() {
    const open = [...this.#steps.values()].filter((each) => each.open);
    const last = open.at(-1) ?? [...this.#steps.values()].at(-1);
    if (last) say(this.#now, keyOf(last.name));
  }

  /** The turn is over: the line becomes a summary. */
  end(at) {
    if (!this.node.classList.contains("running")) return;
    for (const { name, open } of [...this.#steps.values()]) if (open) this.finish(name);
    this.node.classList.remove("running");
    const n = this.#steps.size;
    if (!n) {
      this.node.hidden = true;
      return;
    }
    say(this.#now, n === 1 ? "oneStep" : "steps", { n });
    const spent = this.#began !== null && at - this.#began > 50 ? (at - this.#began) / 1000 : 0;
    if (spent) this.#now.after(h("span", { class: "spent" }, t("seconds", { n: number(spent, language() === "en" ? "en" : "es-CO", 1, 1) })));
  }
}
