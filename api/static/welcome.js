// The first screen: what Ladrillo does and questions to try, in the words of each country.

import { h, icon, ICONS } from "./dom.js";
import { say } from "./strings.js";

const PLACES = [
  { tab: "Colombia", lang: "es-CO", country: "CO", questions: [
    ["yield", "¿Qué rentabilidad me deja un apartamento de 450 millones en Chapinero si lo arriendo en 2,3 millones?"],
    ["search", "Busco apartamento de 2 habitaciones en Medellín por menos de 500 millones"],
    ["value", "¿Cuánto vale un apartamento de 80 m² y 3 habitaciones en Usaquén?"],
    ["trend", "¿Cómo se ha movido el precio de la vivienda en Bogotá?"]] },
  { tab: "España", lang: "es-ES", country: "ES", questions: [
    ["value", "¿Cuánto vale un piso de 90 m² y 3 habitaciones en la Vila de Gràcia?"],
    ["search", "Busco pisos con ascensor y terraza en Valencia por menos de 250.000 €"],
    ["yield", "¿Qué rentabilidad da un piso de 200.000 € alquilado a 900 € al mes?"],
    ["trend", "¿Cómo ha evolucionado el precio de la vivienda en Cataluña?"]] },
  { tab: "México", lang: "es-MX", country: "MX", questions: [
    ["compare", "Compara un depa de 5.9 millones en la Roma Norte, renta 28,000, con uno de 4.1 en la Narvarte, renta 21,000"],
    ["value", "¿Cuánto vale un departamento de 80 m² en la Roma Norte?"],
    ["loan", "¿Qué mensualidad queda por 2.5 millones al 10.5 % a 20 años?"],
    ["search", "Quiero comprar en Querétaro con 3 millones de pesos, ¿qué hay?"]] },
  { tab: "English", lang: "en", country: null, questions: [
    ["compare", "Compare a 2-bed in Roma Norte at MXN 5.9M with one in Narvarte at 4.1M, rents 28k and 21k"],
    ["value", "What is a 90 m² flat with 3 bedrooms in Gràcia, Barcelona worth?"],
    ["yield", "What does a €200,000 flat in Valencia yield if it rents for €900 a month?"],
    ["trend", "How have house prices moved in Catalonia?"]] },
];

/** The country whose Spanish the browser speaks, or null where it does not say. */
export function browserCountry() {
  const tag = (navigator.languages ?? [navigator.language]).find((each) => /^es-(CO|ES|MX)$/i.test(each));
  return tag ? tag.slice(3).toUpperCase() : null;
}

/** Draws the welcome into `root`. `choose(country)` on a tab, `ask(text)` on a question. */
export function welcome(root, { english, choose, ask }) {
  const panels = [];
  const tabs = PLACES.map((place, index) => {
    const questions = h("ul", { class: "questions" }, place.questions.map(([kind, text]) => h("li", {}, h("button", { type: "button", class: "question", onclick: () => {
        choose(place.country);
        ask(text);
      } }, say(h("small"), kind), h("span", {}, text), icon(ICONS.arrow, 16)))));
    const panel = h("div", { role: "tabpanel", id: `questions-${index}`, "aria-labelledby": `tab-${index}`, lang: place.lang }, questions);
    panels.push(panel);
    return h("button", { type: "button", role: "tab", id: `tab-${index}`, "aria-controls": panel.id, lang: place.lang }, place.tab);
  });
  const select = (index, chosen) => {
    tabs.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === index));
      tab.tabIndex = at === index ? 0 : -1;
      panels[at].hidden = at !== index;
    });
    if (chosen) choose(PLACES[index].country);
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => select(index, true));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (index + step + tabs.length) % tabs.length;
      select(next, true);
      tabs[next].focus();
    });
  });
  const row = h("div", { class: "tabs", role: "tablist" }, tabs);
  say(row, "examples", {}, "aria-label");
  root.replaceChildren(say(h("h1"), "headline"), say(h("p", { class: "intro" }), "intro"), row, ...panels);
  const country = browserCountry();
  select(Math.max(0, PLACES.findIndex((place) => (english ? place.country === null : place.country === country))), false);
}
