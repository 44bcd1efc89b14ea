// One conversation with the server.
//
// Two readers of one log: the answer to a message streams on its own call; the tail follows everything and takes over when that
// stream breaks, and while a case is open. An event is applied once, by its number, whichever reader brings it first.

import { api, ApiError, frames, Unreachable } from "./wire.js";
import * as store from "./store.js";
import { t } from "./strings.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const SEND_TRIES = 4;

const key = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const isGone = (error) => error instanceof ApiError && [401, 403, 404].includes(error.status);

export class Conversation {
  #page;
  #self = null; // {id, token}
  #seen = new Set();
  #cursor = 0; // everything up to here has been seen
  #run = null; // {id, turn, text}
  #case = null;
  #owner = "bot";
  #tail = null;
  #post = null;
  #wake = null;
  #left = false;

  /** `page` draws: see app.js. */
  constructor(page) {
    this.#page = page;
  }

  get running() {
    return this.#run !== null;
  }

  get waiting() {
    return this.#owner === "person" || (this.#case !== null && this.#case.state !== "resolved");
  }

  get started() {
    return this.#self !== null;
  }

  /** Sends a text; a conversation is made with the first. `again` is the key of an attempt that never arrived. */
  async send(text, choices, again = null) {
    if (this.#run) return;
    if (!again) this.#page.user(text);
    this.#begin(null, text);
    const client = again ?? key();
    // until the server has it, the text is the draft that a reload finds
    store.save({ draft: text, ...choices }, true);
    try {
      if (!this.#self) {
        const { id, token } = await this.#create(choices);
        if (this.#left) return;
        this.#self = { id, token };
        store.save({ id, token });
      }
      await this.#deliver(text, client);
    } catch (error) {
      if (this.#left) return;
      this.#refused(error, text, client, choices);
    }
  }

  /** An investor who was erased elsewhere is nobody any more. */
  async #create({ language, country }) {
    const investor = store.investor();
    try {
      return await api.create(language, country, investor);
    } catch (error) {
      if (!investor || error.status !== 401) throw error;
      store.keepInvestor(null);
      return api.create(language, country);
    }
  }

  async #deliver(text, client) {
    for (let tries = 1; ; tries += 1) {
      this.#post = new AbortController();
      let response;
      try {
        response = await api.run(this.#self, text, client, this.#post.signal);
      } catch (error) {
        if (!(error instanceof Unreachable) || tries >= SEND_TRIES || this.#left) throw error;
        this.#page.connection(false);
        await this.#pause(tries);
        continue;
      }
      this.#page.connection(true);
      if (store.load()?.draft === text) store.save({ draft: "" });
      if (response.status === 202) {
        const { owner } = await response.json();
        this.#owner = owner ?? "person";
        const { turn } = this.#run;
        this.#end();
        this.#page.drop(turn);
        this.#page.stored();
        this.#follow();
        return;
      }
      await this.#consume(response, this.#post, false);
      if (this.#run && !this.#left) this.#follow();
      return;
    }
  }

  #refused(error, text, client, choices) {
    if (!(error instanceof ApiError || error instanceof Unreachable)) {
      this.#run?.turn.fail(t("broken"), null);
      this.#end();
      throw error;
    }
    this.#page.connection(true);
    const { turn } = this.#run;
    if (error.code === "run_active") {
      // nothing was stored: the text goes back to its field and the run that is active is followed
      this.#page.giveBack(text, turn, error.message);
      this.#run = null;
      this.#begin(error.runId, null);
      this.#follow();
      return;
    }
    // an attempt that never arrived keeps its key: if it did arrive after all, the server joins the same run
    const arrived = error instanceof ApiError;
    turn.fail(error.message, error.retryable ? () => {
      this.#page.drop(turn);
      this.send(text, choices, arrived ? key() : client);
    } : null);
    this.#end();
  }

  async stop() {
    if (!this.#self) {
      this.#run?.turn.note("stopped");
      this.leave();
      return;
    }
    try {
      await api.stop(this.#self);
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof Unreachable)) throw error;
      this.#page.failure(error.message);
    }
  }

  #begin(runId, text) {
    this.#run = { id: runId, turn: this.#page.turn(), text };
    this.#page.running(true);
  }

  #end() {
    if (!this.#run) return;
    this.#run.turn.settle();
    this.#page.settled(this.#run.turn);
    this.#run = null;
    store.save({ run: null });
    this.#page.running(false);
    if (!this.waiting) this.#tail?.abort();
  }

  async #consume(response, abort, tail) {
    try {
      for await (const frame of frames(response, abort)) {
        if (this.#left) return;
        if (tail) this.#page.connection(true);
        await this.#accept(frame, tail);
        if (abort.signal.aborted) return;
      }
    } catch (error) {
      // a broken connection is expected; anything else is a defect and must be heard of
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
  }

  async #accept({ id, data }, tail) {
    const seq = id === null || id === "" ? null : Number(id);
    if (seq !== null && (seq <= this.#cursor || this.#seen.has(seq))) return;
    const event = JSON.parse(data);
    if (seq !== null) {
      this.#seen.add(seq);
      // the run's stream lacks what is not the run's: only a next number moves the cursor, or one that nothing can precede
      if (tail || seq === this.#cursor + 1 || (event.type === "RUN_STARTED" && !this.waiting)) this.#cursor = Math.max(this.#cursor, seq);
    }
    await this.#apply(event, seq);
  }

  /** Tails the log while a run is unfinished or a person is expected. */
  async #follow() {
    if (this.#tail) return;
    let failures = 0;
    while (!this.#left && (this.#run || this.waiting)) {
      this.#tail = new AbortController();
      try {
        const response = await api.events(this.#self, this.#cursor, this.#tail.signal);
        failures = 0;
        this.#page.connection(true);
        await this.#consume(response, this.#tail, true);
      } catch (error) {
        if (this.#left) return;
        if (error instanceof ApiError && !error.retryable) {
          this.#run?.turn.fail(error.message, null);
          this.#owner = "bot";
          this.#case = null;
          this.#end();
          break;
        }
        if (!(error instanceof ApiError || error instanceof Unreachable)) throw error;
      }
      if (this.#left || !(this.#run || this.waiting)) break;
      failures += 1;
      if (failures > 1 || this.#run) this.#page.connection(false);
      await this.#pause(failures);
    }
    this.#tail = null;
    this.#page.connection(true);
  }

  /** Waits longer each time, less when the browser says that the network is back. */
  #pause(failures) {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)) * (0.75 + Math.random() / 2);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The network or the page is back: try at once. */
  wake() {
    this.#wake?.();
  }

  async #apply(event, seq) {
    const turn = this.#run?.turn;
    const at = typeof event.timestamp === "number" ? event.timestamp : Date.now();
    switch (event.type ?? "CUSTOM") {
      case "RUN_STARTED":
        if (!this.#run) this.#begin(event.runId, null);
        this.#run.id = event.runId;
        this.#run.turn.progress.begin(at);
        if (seq !== null) store.save({ run: { id: event.runId, from: seq - 1 } });
        break;
      case "STEP_STARTED": if (turn) this.#page.step(turn, event.stepName); break;
      case "STEP_FINISHED": turn?.progress.finish(event.stepName); break;
      case "TOOL_CALL_START": turn?.progress.tool(event.toolCallName); break;
      case "TEXT_MESSAGE_START":
        if (event.role === "user" || !turn) break;
        this.#page.claim(event.messageId, turn);
        turn.startText(event.messageId);
        break;
      case "TEXT_MESSAGE_CONTENT": turn?.append(event.messageId, event.delta); break;
      case "TEXT_MESSAGE_END": if (turn?.has(event.messageId)) turn.endText(event.messageId); break;
      case "MESSAGES_SNAPSHOT": this.#snapshot(event.messages); break;
      case "RUN_FINISHED":
        if (!turn) break;
        turn.progress.end(at);
        if (event.outcome?.type === "cancelled" || event.outcome === "cancelled") turn.note("stopped");
        this.#end();
        break;
      case "RUN_ERROR": {
        if (!turn) break;
        const { text } = this.#run;
        turn.fail(event.message, event.retryable && text ? () => this.#page.resend(text) : null);
        this.#end();
        break;
      }
      case "STATE_DELTA": this.#state(event.delta ?? []); break;
      case "CUSTOM": await this.#custom(event.name, event.value ?? {}, at); break;
      default: break; // tool details are for other clients
    }
    this.#page.grew();
  }

  #state(changes) {
    const spoken = changes.find(({ path }) => path === "/language")?.value;
    if (spoken) this.#page.spoken(spoken);
  }

  // the last assistant message of a late join is the one still being written
  #snapshot(messages) {
    const last = messages.findLast((message) => message.role === "assistant");
    const turn = this.#run?.turn;
    if (!last || !turn || typeof last.content !== "string") return;
    const elsewhere = this.#page.find(last.id);
    if (elsewhere && elsewhere !== turn && elsewhere.text === last.content) return;
    this.#page.claim(last.id, turn);
    turn.setText(last.id, last.content);
  }

  async #custom(name, value, at) {
    const turn = (value.message_id && this.#page.find(value.message_id)) || this.#run?.turn;
    switch (name.replace(/^ladrillo\./, "")) {
      case "facts": turn?.facts(value.facts ?? []); break;
      case "card": turn?.card(value); break;
      case "table": turn?.table(value); break;
      case "chart": turn?.chart(value); break;
      case "citations": turn?.citations(value.citations ?? []); break;
      case "suggestions": turn?.suggestions(value.suggestions ?? []); break;
      case "confidence": turn?.confidence(value); break;
      case "offer": turn?.offer(value); break;
      case "consent.request": turn?.consent(value); break;
      case "case.opened": this.#caseIs("open", value); break;
      case "case.claimed": this.#owner = "person"; this.#caseIs("claimed", value); break;
      case "case.returned": this.#owner = "bot"; this.#caseIs("returned", value); break;
      case "case.resolved": this.#owner = "bot"; this.#caseIs("resolved", value); break;
      case "operator.message": this.#page.person(value, new Date(at)); break;
      case "gap": await this.#reload(); break;
      default: break;
    }
  }

  #caseIs(state, { case: id, by, message }) {
    this.#case = { id: id ?? this.#case?.id ?? "", state };
    this.#page.case({ ...this.#case, by, message });
    if (this.waiting) this.#follow();
    else if (!this.#run) this.#tail?.abort();
  }

  /** Takes up what this tab remembers; false when the server no longer knows it. */
  async restore(remembered) {
    this.#self = { id: remembered.id, token: remembered.token };
    return this.#reload(remembered.run);
  }

  async #reload(run = store.load()?.run) {
    let state;
    for (let tries = 1; !state; tries += 1) {
      try {
        state = await api.read(this.#self);
      } catch (error) {
        if (isGone(error)) {
          this.leave();
          return false;
        }
        if (!(error instanceof ApiError || error instanceof Unreachable)) throw error;
        this.#page.connection(false);
        await this.#pause(tries);
      }
      if (this.#left) return true;
    }
    this.#page.connection(true);
    this.#seen.clear();
    this.#cursor = state.last_seq ?? 0;
    this.#owner = state.owner === "person" ? "person" : "bot";
    this.#run = null;
    this.#page.redraw(state);
    this.#page.running(false);
    if (state.case) this.#restoreCase(state.case);
    if (state.run && ["queued", "running"].includes(state.run.status)) {
      this.#begin(state.run.id, state.messages.findLast((message) => message.role === "user")?.text ?? null);
      // this tab saw the run begin: it is played again from there, with its steps and cards
      if (run?.id === state.run.id) this.#cursor = Math.min(this.#cursor, run.from);
    }
    this.#follow();
    return true;
  }

  #restoreCase(data) {
    const status = data.state ?? data.status ?? "open";
    const state = ["returned", "resolved"].includes(status) ? status : this.#owner === "person" ? "claimed" : "open";
    this.#case = { id: data.case ?? data.number ?? data.id ?? "", state };
    if (state !== "resolved") this.#page.case({ ...this.#case, by: data.by ?? data.assignee, message: data.message });
  }

  /** Stops listening; the run itself goes on. */
  leave() {
    this.#left = true;
    this.#post?.abort();
    this.#tail?.abort();
    this.#wake?.();
    if (this.#run) {
      this.#run.turn.settle();
      this.#run = null;
      this.#page.running(false);
    }
  }
}
