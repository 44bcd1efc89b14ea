// The wire: the server's calls and the event stream. Paths are relative to this file (…/static/), so a prefix does no harm.
// The stream is read from fetch, because EventSource cannot send the Authorization header.

import { t } from "./strings.js";

const BASE = new URL("../api/", import.meta.url);

/** The server said no: its sentence, its code, and whether the same call may succeed later. */
export class ApiError extends Error {
  constructor(status, body) {
    const { code = "error", message, retryable, run_id: runId } = body?.error ?? {};
    super(message ?? t("unexpected", { status }));
    Object.assign(this, { status, code, runId, retryable: retryable ?? status >= 500 });
  }
}

/** The server was not reached, or the connection broke. */
export class Unreachable extends Error {
  constructor(cause) {
    super(t("failed"), { cause });
    this.retryable = true;
  }
}

async function call(path, { method = "GET", token, body, accept = "application/json", language, signal } = {}) {
  const headers = { Accept: accept };
  if (language) headers["Accept-Language"] = language;
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(new URL(path, BASE), {
      method, headers, signal, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit",
    });
  } catch (error) {
    throw new Unreachable(error);
  }
  if (!response.ok) throw new ApiError(response.status, await json(response));
  return response;
}

async function json(response) {
  try {
    return await response.json();
  } catch {
    return null; // a proxy's HTML page: the status says enough
  }
}

const STREAM = "text/event-stream";
const at = (id, rest = "") => `conversations/${encodeURIComponent(id)}${rest}`;

export const api = {
  create: async (language, country, investor) =>
    json(await call("conversations", { method: "POST", body: { language, country, investor } })),
  investor: async () => json(await call("investors", { method: "POST" })),
  profile: async (token, language) => json(await call("profile", { token, language })),
  consent: async (token, version, language) =>
    json(await call("profile/consent", { method: "PUT", token, language, body: { granted: true, version } })),
  eraseProfile: (token) => call("profile", { method: "DELETE", token }),
  read: async ({ id, token }) => json(await call(at(id), { token })),
  run: ({ id, token }, text, key, signal) =>
    call(at(id, "/runs"), { method: "POST", token, accept: STREAM, signal, body: { text, client_message_id: key } }),
  events: ({ id, token }, after, signal) => call(at(id, `/events?after=${after}`), { token, accept: STREAM, signal }),
  stop: ({ id, token }) => call(at(id, "/stop"), { method: "POST", token }),
};

const SILENCE_MS = 45_000; // the server pings every 15 s; three missed pings mean a dead connection

async function* chunks(response, abort) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let timer;
  try {
    for (;;) {
      timer = setTimeout(() => abort.abort(), SILENCE_MS);
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {}); // already broken: nothing is left to release
  }
}

function frameOf(lines) {
  const frame = { id: null, event: "message", data: "" };
  const data = [];
  for (const line of lines) {
    if (line.startsWith(":")) continue;
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "id") frame.id = value;
    else if (name === "event") frame.event = value;
  }
  frame.data = data.join("\n");
  return data.length ? frame : null;
}

/** Yields `{id, event, data}`; comments are skipped; an unfinished frame at the end is dropped. */
export async function* frames(response, abort) {
  let buffer = "";
  let lines = [];
  for await (const chunk of chunks(response, abort)) {
    buffer += chunk;
    // a lone CR at the end may be half of CRLF: it waits for the next chunk
    for (let at; (at = /\r\n|\n|\r(?!$)/.exec(buffer)); ) {
      const line = buffer.slice(0, at.index);
      buffer = buffer.slice(at.index + at[0].length);
      if (line) lines.push(line);
      else {
        const frame = frameOf(lines);
        lines = [];
        if (frame) yield frame;
      }
    }
  }
}
