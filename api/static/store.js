// What this tab remembers. Nothing is written before first use; a browser that refuses storage costs only the restore.

const KEY = "ladrillo";
/** The investor's token: the one thing kept beyond the tab, and only after a yes. */
const INVESTOR = "ladrillo.investor";
let memory = null;

export function load() {
  try {
    memory = JSON.parse(sessionStorage.getItem(KEY)) ?? null;
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof SyntaxError)) throw error;
  }
  return memory;
}

/** Merges `values` in; call with `first` true only when the person has sent something. */
export function save(values, first = false) {
  if (!memory && !first) return;
  memory = { ...memory, ...values };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(memory));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

export function forget() {
  memory = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

export function investor() {
  try {
    return localStorage.getItem(INVESTOR) ?? undefined;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/** `token` null forgets it. */
export function keepInvestor(token) {
  try {
    if (token) localStorage.setItem(INVESTOR, token);
    else localStorage.removeItem(INVESTOR);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
