// One answer of Ladrillo on the page: its progress, its words as they stream, and what comes with them.
//
// The parts have fixed places, whatever order they arrive in, so that nothing on the screen jumps.

import { h, icon, ICONS, uid } from "./dom.js";
import { clock } from "./format.js";
import { demoBadge, linkCitations, linkFigures } from "./figures.js";
import { card, cardRow, citationList, confidenceLine, dataTable } from "./data.js";
import { MarkdownStream } from "./markdown.js";
import { Progress } from "./progress.js";
import { language, say, t } from "./strings.js";

const PLACES = ["progress", "words", "charts", "tables", "cards", "offer", "consent", "citations", "error", "meta", "suggestions"];

export function copyButton(text) {
  const label = say(h("span"), "copy");
  const button = h("button", { type: "button", class: "quiet small" }, icon(ICONS.copy, 15), label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      say(label, "copied");
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
      say(label, "notCopied"); // no permission, or a page without https
    }
  });
  return button;
}

export class Turn {
  #messages = new Map();
  #facts = new Map();
  #citations = [];
  #prefix = `${uid("cite")}-`;
  #cards = new Map();
  #demo = false;
  #place = {};

  /** `act` sends a text; `speaker` says sentences aloud; both may be absent in a restored message. */
  constructor({ act, speaker, country, live = true }) {
    this.act = act;
    this.speaker = speaker;
    this.country = country;
    this.node = h("article", { class: "turn", "data-live": live });
    say(this.node, "answer", {}, "aria-label");
    for (const name of PLACES) {
      this.#place[name] = h("div", { class: name });
      this.node.append(this.#place[name]);
    }
    this.progress = live ? new Progress() : null;
    if (live) this.#place.progress.append(this.progress.node);
  }

  get text() {
    return [...this.#messages.values()].map(({ stream }) => stream.text).join("\n\n");
  }

  has(id) {
    return this.#messages.has(id);
  }

  #message(id) {
    if (!this.#messages.has(id)) {
      const prose = h("div", { class: "prose" });
      this.#place.words.append(prose);
      this.#messages.set(id, { prose, stream: new MarkdownStream(prose), kept: false });
    }
    return this.#messages.get(id);
  }

  /** A message starts; one that a snapshot has just filled goes on where it is. */
  startText(id) {
    const message = this.#message(id);
    if (!message.kept) message.stream.set("");
    message.kept = false;
    message.prose.classList.add("streaming");
  }

  append(id, delta) {
    this.#message(id).stream.append(delta);
    this.speaker?.feed(delta);
  }

  setText(id, text) {
    const message = this.#message(id);
    message.stream.set(text, true);
    message.kept = true;
  }

  endText(id) {
    const message = this.#message(id);
    message.prose.classList.remove("streaming");
    this.speaker?.flush();
    this.#link(message);
  }

  #link(message) {
    message.stream.set(message.stream.text);
    linkFigures(message.prose, this.#facts, this.country);
    linkCitations(message.prose, this.#citations, this.#prefix, (event, n) => this.#openCitation(event, n));
  }

  #relink() {
    for (const message of this.#messages.values()) {
      if (!message.prose.classList.contains("streaming")) this.#link(message);
    }
  }

  facts(list) {
    for (const fact of list) this.#facts.set(fact.id, fact);
    this.#relink();
    for (const table of this.#place.tables.children) linkFigures(table, this.#facts, this.country);
    for (const [id, node] of this.#cards) this.#linkCard(id, node);
    if (list.some((fact) => fact.source?.demo)) this.#markDemo();
  }

  // only the facts about this very property: "3" in a card is not the "3" of the answer
  #linkCard(id, node) {
    const own = new Map([...this.#facts].filter(([, fact]) => fact.entity_id && fact.entity_id === id));
    if (own.size) linkFigures(node, own, this.country);
  }

  card(data) {
    let row = this.#place.cards.firstElementChild;
    if (!row) this.#place.cards.append((row = cardRow()));
    const id = String(data.id);
    const node = card(data);
    if (this.#cards.has(id)) this.#cards.get(id).replaceWith(node);
    else row.append(node);
    this.#cards.set(id, node);
    this.#linkCard(id, node);
    if (data.demo) this.#markDemo();
  }

  table(data) {
    const node = dataTable(data);
    this.#place.tables.append(node);
    linkFigures(node, this.#facts, this.country);
  }

  chart(data) {
    // fetched with the first chart: most answers have none. The place keeps their order
    const place = h("div");
    this.#place.charts.append(place);
    import("./chart.js").then(({ chart }) => { const node = chart(data, this.country); if (node) place.replaceWith(node); else place.remove(); }).catch(() => place.remove());
  }

  citations(list) {
    this.#citations = list;
    this.#place.citations.replaceChildren(...(list.length ? [citationList(list, this.#prefix)] : []));
    this.#relink();
    if (list.some((citation) => citation.demo)) this.#markDemo();
  }

  #openCitation(event, n) {
    event.preventDefault();
    this.#place.citations.firstElementChild.open = true;
    const target = document.getElementById(`${this.#prefix}${n}`);
    target?.scrollIntoView({ block: "nearest" });
    target?.focus({ preventScroll: true });
  }

  #markDemo() {
    if (this.#demo) return;
    this.#demo = true;
    this.#meta().prepend(demoBadge());
  }

  #meta() {
    let meta = this.#place.meta.firstElementChild;
    if (!meta) this.#place.meta.append((meta = h("div", { class: "metaline" })));
    return meta;
  }

  confidence(data) {
    if (!["high", "medium", "low"].includes(data.level)) return;
    this.#meta().querySelector(".confidence")?.remove();
    this.#meta().append(confidenceLine(data));
  }

  offer({ message }) {
    const button = h("button", { type: "button", class: "primary" }, icon(ICONS.person, 18), say(h("span"), "talk"));
    button.addEventListener("click", () => this.act(t("talkText")));
    this.#place.offer.replaceChildren(h("div", { class: "panel person" }, message ? h("p", {}, message) : null, button));
  }

  consent({ text }) {
    const answer = (key, label, kind) => {
      const button = say(h("button", { type: "button", class: kind }), label);
      button.addEventListener("click", () => {
        for (const each of this.#place.consent.querySelectorAll("button")) each.disabled = true;
        this.act(t(key));
      });
      return button;
    };
    const title = say(h("h3", { id: uid("consent") }), "consent");
    this.#place.consent.replaceChildren(h("div", { class: "panel", role: "group", "aria-labelledby": title.id }, title, h("p", {}, text),
      h("div", { class: "choices" }, answer("acceptText", "accept", "primary"), answer("refuseText", "refuse", "quiet"))));
  }

  suggestions(list) {
    const chips = list.map((text) => h("li", {}, h("button", { type: "button", class: "chip", onclick: () => this.act(text) }, text)));
    const row = h("ul", { class: "chips" }, chips);
    say(row, "suggestions", {}, "aria-label");
    this.#place.suggestions.replaceChildren(row);
  }

  /** A later message makes offers and suggestions of this one stale. */
  retire() {
    this.#place.suggestions.replaceChildren();
    for (const button of this.node.querySelectorAll(".offer button, .consent button")) button.disabled = true;
  }

  /** The sentence of an error, with a retry where one can help. */
  fail(message, retry) {
    this.settle();
    const again = retry && h("button", { type: "button", class: "quiet", onclick: () => {
      this.#place.error.replaceChildren();
      retry();
    } }, icon(ICONS.retry, 16), say(h("span"), "retry"));
    this.#place.error.replaceChildren(h("div", { class: "panel error", role: "alert" }, h("p", {}, message), again));
  }

  note(key) {
    this.#place.error.replaceChildren(say(h("p", { class: "note" }), key));
  }

  /** Ends what was still moving. `at` is in ms. */
  settle(at = Date.now()) {
    this.progress?.end(at);
    for (const [id, { prose }] of this.#messages) if (prose.classList.contains("streaming")) this.endText(id);
    this.node.removeAttribute("data-live");
  }

  close(at = new Date()) {
    if (!this.text) return;
    const meta = this.#meta();
    meta.querySelector(".stamp")?.remove();
    meta.append(h("span", { class: "stamp" }, h("time", { datetime: at.toISOString() }, clock(at, language())), copyButton(() => this.text)));
  }
}
