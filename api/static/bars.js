// Columns (a value for each name) and ranges (low, middle and high for each name) as rows of bars, with their table twin.

import { h } from "./dom.js";
import { localeOf, number } from "./format.js";
import { dataTable } from "./data.js";
import { language, say, t } from "./strings.js";

const percent = (value) => `${Math.max(0, Math.min(100, value)).toFixed(2)}%`;

function row(point, band, scale) {
  const [from, to] = band ? [band.low, band.high] : [Math.min(0, point.y), Math.max(0, point.y)];
  const bar = h("span", { class: point.y < 0 && !band ? "fill below" : "fill" });
  bar.style.left = percent(scale(from));
  bar.style.width = percent(scale(to) - scale(from));
  const track = h("span", { class: "track" }, bar);
  if (band) {
    const middle = h("span", { class: "middle" });
    middle.style.left = percent(scale(point.y));
    track.append(middle);
  }
  return h("li", {}, h("span", { class: "name" }, point.x), track, h("span", { class: "end" }, band ? `${number(band.low, localeOf(language()), 1)} – ${number(band.high, localeOf(language()), 1)}` : point.label));
}

function twin(data) {
  const [series] = data.series;
  const columns = [{ key: "x", label: "" }, { key: "y", label: series.name, align: "right" }];
  if (series.band) columns.push({ key: "low", label: t("low", { name: series.name }), align: "right" }, { key: "high", label: t("high", { name: series.name }), align: "right" });
  const ends = new Map((series.band ?? []).map((each) => [each.x, each]));
  const shown = (value) => (value === undefined ? "" : number(value, localeOf(language()), 1));
  return dataTable({ columns, rows: series.points.map((point) => ({ x: point.x, y: point.label, low: shown(ends.get(point.x)?.low), high: shown(ends.get(point.x)?.high) })) });
}

/** A figure with one bar a point and a switch to the table; null where there is nothing to draw. */
export function bars(data) {
  const [series] = data.series;
  if (!series?.points?.length) return null;
  const ends = new Map((series.band ?? []).map((each) => [each.x, each]));
  const all = series.points.flatMap((point) => (ends.has(point.x) ? [ends.get(point.x).low, ends.get(point.x).high] : [0, point.y]));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const scale = (value) => ((value - low) / (high - low || 1)) * 100;
  const list = h("ol", { class: `bars ${data.kind}`, "aria-hidden": "true" }, series.points.map((point) => row(point, ends.get(point.x), scale)));
  const table = twin(data);
  table.hidden = true;
  const toggle = say(h("button", { type: "button", class: "quiet small", "aria-pressed": "false" }), "asTable");
  toggle.addEventListener("click", () => {
    table.hidden = !table.hidden;
    list.hidden = !table.hidden;
    toggle.setAttribute("aria-pressed", String(!table.hidden));
    say(toggle, table.hidden ? "asTable" : "asChart");
  });
  return h("figure", { class: "chart" }, h("figcaption", {}, h("span", {}, h("b", {}, data.title ?? ""), data.unit ? h("small", {}, data.unit) : null), toggle), list, table);
}
