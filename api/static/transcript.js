// The conversation as it reads.

import { h, icon, ICONS } from "./dom.js";
import { clock, longDay } from "./format.js";
import { MarkdownStream } from "./markdown.js";
import { language, say, t } from "./strings.js";
import { copyButton, Turn } from "./turn.js";

export class Transcript {
  #root;
  #speaker;
  #act;
  #turns = [];
  #people = new Set();
  #day = null;

  constructor(root, speaker, act) {
    this.#root = root;
    this.#speaker = speaker;
    this.#act = act;
    this.country = null;
  }

  clear() {
    this.#root.replaceChildren();
    this.#turns = [];
    this.#people.clear();
    this.#day = null;
  }

  #add(node, at) {
    const day = at.toDateString();
    if (this.#day && this.#day !== day) this.#root.append(h("p", { class: "day" }, longDay(at, language())));
    this.#day = day;
    this.#root.append(node);
  }

  #retire() {
    for (const turn of this.#turns) turn.retire();
  }

  /** What the person wrote, word for word; returns a handle to mark or remove it. */
  user(text, at = new Date()) {
    this.#retire();
    const bubble = h("div", { class: "bubble" }, text);
    const node = h("article", { class: "user" }, bubble, h("footer", {}, h("time", { datetime: at.toISOString() }, clock(at, language()))));
    say(node, "you", {}, "aria-label");
    this.#add(node, at);
    return node;
  }

  turn({ live = true, at = new Date() } = {}) {
    const turn = new Turn({ act: this.#act, speaker: live ? this.#speaker : null, country: this.country, live });
    this.#turns.push(turn);
    this.#add(turn.node, at);
    return turn;
  }

  drop(turn) {
    turn.node.remove();
    this.#turns = this.#turns.filter((each) => each !== turn);
  }

  find(messageId) {
    return this.#turns.find((turn) => turn.has(messageId));
  }

  /** A colleague's reply, visibly not the bot; the same message twice is shown once. */
  person({ message_id: id, author, text }, at = new Date(), aloud = true) {
    if (id && this.#people.has(id)) return;
    this.#people.add(id);
    const name = author || "";
    const initials = name.split(/\s+/).map((word) => word[0] ?? "").slice(0, 2).join("").toUpperCase();
    const prose = h("div", { class: "prose" });
    new MarkdownStream(prose).set(text);
    const node = h("article", { class: "colleague" },
      h("header", {}, h("span", { class: "initials", "aria-hidden": "true" }, initials || icon(ICONS.person, 18)),
        h("span", {}, name ? h("b", {}, name) : say(h("b"), "someone"), say(h("small"), "person"))),
      prose, h("footer", {}, h("time", { datetime: at.toISOString() }, clock(at, language())), copyButton(() => text)));
    say(node, "messageFrom", { name }, "aria-label");
    this.#add(node, at);
    if (aloud) this.#speaker.say(`${name || t("someone")}: ${text}`);
  }

  event(...content) {
    this.#root.append(h("p", { class: "event" }, ...content));
  }

  restore({ id, role, author, text, created_at: created, details }) {
    const at = created ? new Date(created) : new Date();
    if (role === "user") return void this.user(text, at);
    if (role === "operator") return void this.person({ message_id: id, author, text }, at, false);
    this.#retire();
    const turn = this.turn({ live: false, at });
    turn.setText(id, text);
    turn.endText(id);
    const { facts, cards, tables, charts, citations, suggestions, confidence, offer, "consent.request": consent } = details ?? {};
    tables?.forEach((each) => turn.table(each));
    charts?.forEach((each) => turn.chart(each));
    cards?.forEach((each) => turn.card(each));
    if (citations?.length) turn.citations(citations);
    if (facts?.length) turn.facts(facts);
    if (confidence) turn.confidence(confidence);
    if (offer) turn.offer(offer);
    if (consent) turn.consent(consent);
    if (suggestions?.length) turn.suggestions(suggestions);
    turn.close(at);
  }
}
