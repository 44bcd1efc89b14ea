// What this tab remembers. Nothing is written before first use; a browser that refuses storage costs only the restore.

const KEY = "ladrillo";
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
