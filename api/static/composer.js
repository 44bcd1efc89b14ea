// Where one writes; the draft survives a reload once something has been sent.

import { save } from "./store.js";
import { number } from "./format.js";
import { language, say } from "./strings.js";

const MAX = 20_000; // characters the server accepts in one message
const NEAR = 18_000;

export class Composer {
  #form = document.getElementById("composer");
  #field = document.getElementById("message");
  #send = document.getElementById("send");
  #stop = document.getElementById("stop");
  #limit = document.getElementById("limit");
  #fine = document.getElementById("fine");
  #running = false;

  constructor({ send, stop }) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit(send);
    });
    this.#field.addEventListener("input", () => {
      this.#look();
      save({ draft: this.#field.value });
    });
    this.#stop.addEventListener("click", () => {
      this.#stop.disabled = true;
      stop();
    });
  }

  #submit(send) {
    const text = this.#field.value.trim();
    if (!text || this.#length(text) > MAX) return;
    if (this.#running) {
      this.#tell("wait");
      return;
    }
    this.fill("");
    send(text);
  }

  // characters as the server counts them: an emoji is one
  #length(text) {
    return text.length < NEAR ? text.length : [...text].length;
  }

  #tell(key, vars) {
    this.#fine.hidden = Boolean(key);
    if (key) say(this.#limit, key, vars);
    else {
      say(this.#limit, "wait");
      this.#limit.textContent = "";
      this.#limit.removeAttribute("data-said");
    }
  }

  #look() {
    const field = this.#field;
    if (!CSS.supports("field-sizing", "content")) {
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight}px`;
    }
    const n = this.#length(field.value.trim());
    const write = (value) => number(value, language() === "en" ? "en" : "es-CO");
    const over = n > MAX;
    this.#form.classList.toggle("over", over);
    field.setAttribute("aria-invalid", String(over));
    if (over) this.#tell("tooLong", { n: write(n), max: write(MAX), over: write(n - MAX) });
    else if (n >= NEAR) this.#tell("nearLimit", { left: write(MAX - n) });
    else this.#tell(null);
    this.#send.disabled = !n || over;
  }

  fill(text) {
    this.#field.value = text;
    this.#look();
    save({ draft: text });
  }

  giveBack(text) {
    if (!this.#field.value.trim()) this.fill(text);
  }

  focus() {
    // on a touch screen the keyboard would cover the page unasked
    if (matchMedia("(hover: hover)").matches) this.#field.focus({ preventScroll: true });
  }

  set running(value) {
    this.#running = value;
    const had = document.activeElement === this.#stop;
    this.#send.hidden = value;
    this.#stop.hidden = !value;
    this.#stop.disabled = false;
    if (!value) {
      this.#look();
      if (had) this.focus();
    }
  }
}
