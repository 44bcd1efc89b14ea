// The dialog on being remembered: what is agreed to, what is kept, and its erasure. The token is kept only after a yes.

import { h } from "./dom.js";
import { period } from "./format.js";
import { language, say } from "./strings.js";
import * as store from "./store.js";
import { api, ApiError } from "./wire.js";

const button = (kind, key, onclick) => say(h("button", { type: "button", class: kind, onclick }), key);

/** The kept token with its profile, or a new one that nothing keeps yet. */
async function profile() {
  const kept = store.investor();
  try {
    if (kept) return { token: kept, data: await api.profile(kept, language()) };
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    store.keepInvestor(null); // erased elsewhere
  }
  const { token } = await api.investor();
  return { token, data: await api.profile(token, language()) };
}

function remembered(data) {
  if (!data.preferences.length) return say(h("p"), "memoryNothing");
  return h("dl", {}, data.preferences.map((one) => [h("dt", {}, one.label),
    h("dd", {}, one.shown, say(h("small"), "memorySince", { date: period(one.at, language()) }))]));
}

function draw(dialog, { token, data }) {
  const { granted, text } = data.consent;
  const body = dialog.querySelector(".body");
  const act = (work) => async (event) => {
    event.target.disabled = true;
    try {
      await work();
    } catch (error) {
      event.target.disabled = false;
      dialog.querySelector("[role=alert]").textContent = error.message;
    }
  };
  const agree = act(async () => {
    const found = await api.consent(token, data.consent_text.version, language());
    store.keepInvestor(token);
    draw(dialog, { token, data: found });
  });
  const erase = act(async () => {
    await api.eraseProfile(token);
    store.keepInvestor(null);
    dialog.dataset.token = "";
    body.replaceChildren(say(h("p"), "memoryErased"), row(button("primary", "dismiss", () => dialog.close())));
    body.querySelector("button").focus();
  });
  const row = (...buttons) => h("div", { class: "row" }, buttons);
  dialog.dataset.token = granted ? "" : token;
  if (granted) {
    body.replaceChildren(remembered(data), say(h("p", { class: "small-print" }), "memoryNext"),
      h("details", {}, say(h("summary"), "memoryAgreed"), h("p", {}, text)),
      row(button("quiet", "memoryErase", erase), button("primary", "dismiss", () => dialog.close())));
  } else {
    body.replaceChildren(h("blockquote", {}, data.consent_text[language()]),
      row(button("quiet", "refuse", () => dialog.close()), button("primary", "accept", agree)));
  }
  dialog.querySelector("h2").focus(); // not a button: consent is not given by a key pressed twice
}

/** Opens the dialog; a refusal leaves nothing behind, here or on the server. */
export async function openMemory() {
  const title = say(h("h2", { id: "memory-title", tabindex: "-1" }), "memory");
  const dialog = h("dialog", { class: "ask memory", "aria-labelledby": "memory-title" }, title,
    h("div", { class: "body" }, say(h("p"), "memoryLoading")), h("p", { role: "alert" }));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.dataset.token && dialog.dataset.token !== store.investor()) api.eraseProfile(dialog.dataset.token).catch(() => {});
  });
  document.body.append(dialog);
  dialog.showModal();
  try {
    const found = await profile();
    if (dialog.open) draw(dialog, found);
    else if (found.token !== store.investor()) await api.eraseProfile(found.token);
  } catch (error) {
    dialog.querySelector(".body").replaceChildren(button("quiet", "dismiss", () => dialog.close()));
    dialog.querySelector("[role=alert]").textContent = error.message;
  }
}
