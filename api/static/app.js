// The chat page: ties the parts together. Nothing is stored and nothing is asked of the server before the first message.

import { h } from "./dom.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { Notices, Scroll, Speaker } from "./around.js";
import { closeSource } from "./figures.js";
import { Transcript } from "./transcript.js";
import * as store from "./store.js";
import { bindPage, browserLanguage, language, say, setLanguage } from "./strings.js";
import { browserCountry, welcome } from "./welcome.js";

const $ = (id) => document.getElementById(id);
const remembered = store.load();
/** The language of the conversation's last answer: what the page follows where the reader chose none. */
let spoken = null;
const choices = { language: remembered?.language ?? "auto", country: remembered?.country ?? browserCountry() };

const notices = new Notices($("notices"));
const scroll = new Scroll($("scroller"), $("latest"));
const speaker = new Speaker($("speech"));
const transcript = new Transcript($("transcript"), speaker, (text) => send(text));
const composer = new Composer({ send: (text) => send(text), stop: () => conversation.stop() });

/** What a conversation may do to the page. */
const page = {
  user(text) {
    showTranscript();
    transcript.user(text);
    scroll.toEnd();
  },
  turn() {
    const turn = transcript.turn();
    scroll.follow();
    return turn;
  },
  step(turn, name) {
    const sentence = turn.progress.start(name);
    if (sentence && !name.includes(":")) speaker.say(sentence);
  },
  settled(turn) {
    turn.close();
    scroll.follow();
  },
  drop: (turn) => transcript.drop(turn),
  stored() {
    transcript.event(say(h("span"), "sent"));
    scroll.follow();
  },
  giveBack(text, turn, message) {
    turn.fail(message, null);
    composer.giveBack(text);
  },
  find: (id) => transcript.find(id),
  /** A message that is being replayed belongs to the live turn, not to its restored copy. */
  claim(id, turn) {
    const other = transcript.find(id);
    if (other && other !== turn) transcript.drop(other);
  },
  person(message, at) {
    transcript.person(message, at);
    scroll.follow();
  },
  case(data) {
    notices.case(data);
    scroll.follow();
  },
  spoken(language) {
    spoken = language;
    followLanguage();
  },
  redraw({ messages, country }) {
    transcript.country = country ?? null;
    transcript.clear();
    showTranscript();
    this.spoken(messages.findLast((message) => message.details?.language)?.details.language ?? spoken);
    for (const message of messages) {
      try {
        transcript.restore(message);
      } catch (error) {
        reportError(error); // nor one message the others
      }
    }
    scroll.toEnd();
  },
  running: (value) => (composer.running = value),
  connection: (well) => (well ? notices.hide("reconnecting") : notices.show("reconnecting")),
  failure(message) {
    transcript.event(message);
    composer.running = conversation.running;
    scroll.follow();
  },
  resend: (text) => send(text),
  grew: () => scroll.follow(),
};

let conversation = new Conversation(page);

function send(text) {
  if (conversation.running) {
    composer.giveBack(text);
    return;
  }
  closeSource();
  transcript.country = choices.country;
  notices.hide("lost");
  conversation.send(text, choices);
  composer.focus();
}

function showTranscript() {
  $("welcome").hidden = true;
  $("transcript").hidden = $("talk").hidden = false;
  $("new").hidden = false;
  document.body.classList.add("talking");
}

function showWelcome() {
  transcript.clear();
  $("transcript").hidden = $("talk").hidden = true;
  $("new").hidden = true;
  document.body.classList.remove("talking");
  welcome($("welcome"), {
    english: language() === "en",
    choose: (country) => (choices.country = country),
    ask: (text) => send(text),
  });
  $("welcome").hidden = false;
  scroll.toStart();
  composer.focus();
}

function chooseLanguage(choice) {
  choices.language = choice;
  store.save({ language: choice });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === choice));
  }
  followLanguage();
}

function followLanguage() {
  const wanted = choices.language === "auto" ? (spoken ?? browserLanguage()) : choices.language;
  if (wanted !== language()) setLanguage(wanted);
}

function startOver() {
  conversation.leave();
  conversation = new Conversation(page);
  store.forget();
  notices.clear();
  choices.country = browserCountry();
  spoken = null;
  followLanguage();
  showWelcome();
}

/** Asks first where leaving would lose a reply on its way. */
function leave() {
  if (!conversation.running && !conversation.waiting) {
    startOver();
    return;
  }
  const button = (key, kind, value) => say(h("button", { class: kind, value }), key);
  const dialog = h("dialog", { class: "ask" }, say(h("h2"), "leaveTitle"), say(h("p"), "leaveBody"),
    h("form", { method: "dialog" }, button("leaveNo", "quiet", ""), button("leaveYes", "primary", "yes")));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "yes") startOver();
  });
  document.body.append(dialog);
  dialog.showModal();
}

async function restore() {
  composer.fill(remembered.draft ?? "");
  document.body.classList.add("talking");
  if (await conversation.restore(remembered)) return;
  startOver();
  notices.show("lost");
}

function network() {
  if (navigator.onLine) {
    notices.hide("offline");
    conversation.wake();
  } else notices.show("offline");
}

// iOS lays its keyboard over the page: what is left of the window is the page's height
function fitKeyboard() {
  const { height, offsetTop } = visualViewport;
  const covered = innerHeight - height > 80 && visualViewport.scale === 1;
  document.documentElement.style.setProperty("--height", covered ? `${height}px` : "100dvh");
  if (covered && offsetTop) scrollTo(0, 0);
}

bindPage();
chooseLanguage(choices.language);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => chooseLanguage(button.dataset.language));
}
$("new").addEventListener("click", leave);
$("memory").addEventListener("click", () => import("./memory.js").then(({ openMemory }) => openMemory()));
document.querySelector(".brand").addEventListener("click", (event) => {
  event.preventDefault();
  if (conversation.started || conversation.running) leave();
});
addEventListener("online", network);
addEventListener("offline", network);
document.addEventListener("visibilitychange", () => document.hidden || conversation.wake());
window.visualViewport?.addEventListener("resize", fitKeyboard);
network();
if (remembered?.id) restore();
else {
  showWelcome();
  composer.fill(remembered?.draft ?? "");
}
document.body.classList.add("ready");
