// A line chart in SVG with its table twin. Drawn again when its width changes, so that text keeps its size on a phone.

import { bars } from "./bars.js";
import { h, s } from "./dom.js";
import { localeOf, number, period } from "./format.js";
import { dataTable } from "./data.js";
import { language, say, t } from "./strings.js";

const HEIGHT = 230;
const PAD = { top: 12, right: 12, bottom: 24, left: 58 };
const CLOSE = 64; // px between ticks at least

const at = (x) => Date.parse(String(x).length === 4 ? `${x}-01-01` : x);

// the first of a month stands for the month, or the quarter, that it begins
const when = (x) => period(String(x).replace(/^(\d{4}-\d{2})-01$/, "$1"), language());

function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const out = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) out.push(value);
  return out;
}

function years(low, high, room) {
  const first = new Date(low).getUTCFullYear();
  const last = new Date(high).getUTCFullYear();
  const every = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, Math.floor(room / CLOSE))));
  const out = [];
  for (let year = first; year <= last; year += 1) {
    const time = Date.UTC(year, 0, 1);
    if (time >= low && time <= high && (year - first) % every === 0) out.push([time, String(year)]);
  }
  return out;
}

function draw(svg, data, width, country) {
  const locale = localeOf(language(), country);
  const points = data.series.flatMap((series) => series.points.map((point) => [at(point.x), point.y]));
  const bands = data.series.flatMap((series) => (series.band ?? []).flatMap((band) => [[at(band.x), band.low], [at(band.x), band.high]]));
  const all = [...points, ...bands];
  const [x0, x1] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))];
  let [y0, y1] = [Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))];
  const air = (y1 - y0 || Math.abs(y1) || 1) * 0.08;
  [y0, y1] = [y0 - air, y1 + air];
  const x = (value) => PAD.left + ((value - x0) / (x1 - x0 || 1)) * (width - PAD.left - PAD.right);
  const y = (value) => HEIGHT - PAD.bottom - ((value - y0) / (y1 - y0)) * (HEIGHT - PAD.top - PAD.bottom);
  const path = (pairs) => pairs.map(([px, py], index) => `${index ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("");
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const label = (value) => (Math.abs(value) >= 10_000 ? compact.format(value) : number(value, locale, 2));
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.replaceChildren(
    s("g", { class: "grid" }, ticks(y0, y1, 4).map((value) => [
      s("line", { x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
      s("text", { x: PAD.left - 8, y: y(value) + 4, "text-anchor": "end" }, label(value))])),
    s("g", { class: "grid" }, years(x0, x1, width).map(([time, name]) => s("text", { x: x(time), y: HEIGHT - 6, "text-anchor": "middle" }, name))),
    ...data.series.flatMap((series, index) => {
      const pairs = series.points.map((point) => [at(point.x), point.y]);
      const band = series.band ?? [];
      const edge = [...band.map((each) => [at(each.x), each.high]), ...band.toReversed().map((each) => [at(each.x), each.low])];
      const [endX, endY] = pairs.at(-1) ?? [x0, y0];
      return [
        band.length ? s("path", { class: `band s${index % 4}`, d: `${path(edge)}Z` }) : null,
        s("path", { class: `line s${index % 4}`, d: path(pairs) }),
        s("circle", { class: `dot s${index % 4}`, cx: x(endX), cy: y(endY), r: 3.5 }),
      ];
    }));
  return { x, y };
}

function twin(data) {
  const columns = [{ key: "x", label: t("date") }];
  const rows = new Map();
  const cell = (x, key, value) => rows.set(x, { ...(rows.get(x) ?? { x: when(x) }), [key]: value });
  data.series.forEach((series, index) => {
    columns.push({ key: `y${index}`, label: series.name, align: "right" });
    for (const point of series.points) cell(point.x, `y${index}`, point.label ?? String(point.y));
    if (!series.band?.length) return;
    columns.push({ key: `l${index}`, label: t("low", { name: series.name }), align: "right" }, { key: `h${index}`, label: t("high", { name: series.name }), align: "right" });
    for (const band of series.band) {
      cell(band.x, `l${index}`, number(band.low, localeOf(language())));
      cell(band.x, `h${index}`, number(band.high, localeOf(language())));
    }
  });
  return dataTable({ columns, rows: [...rows].sort(([a], [b]) => at(a) - at(b)).map(([, row]) => row) });
}

/** A figure element with the chart, what the pointer is over, and a switch to the table. */
export function chart(data, country) {
  if (data.kind === "columns" || data.kind === "ranges") return bars(data);
  const series = data.series.filter((each) => each.points?.length);
  if (!series.length) return null;
  const shape = { ...data, series };
  const svg = s("svg", { class: "plot", role: "img", height: HEIGHT, "aria-label": [data.title, ...series.map((each) => `${each.name}: ${each.points.at(-1).label ?? each.points.at(-1).y}`)].join(". ") });
  const readout = h("p", { class: "readout", "aria-hidden": "true" });
  const picture = h("div", { class: "picture" }, svg, readout);
  const table = twin(shape);
  table.hidden = true;
  const toggle = say(h("button", { type: "button", class: "quiet small", "aria-pressed": "false" }), "asTable");
  toggle.addEventListener("click", () => {
    table.hidden = !table.hidden;
    picture.hidden = !table.hidden;
    toggle.setAttribute("aria-pressed", String(!table.hidden));
    say(toggle, table.hidden ? "asTable" : "asChart");
  });
  let scale = null;
  const cursor = s("line", { class: "cursor" });
  const read = (event) => {
    const box = svg.getBoundingClientRect();
    const wanted = (event.clientX - box.left);
    const nearest = series[0].points.concat(...series.slice(1).map((each) => each.points))
      .reduce((best, point) => (Math.abs(scale.x(at(point.x)) - wanted) < Math.abs(scale.x(at(best.x)) - wanted) ? point : best));
    const values = series.map((each) => [each, each.points.find((point) => point.x === nearest.x)]).filter(([, point]) => point)
      .map(([each, point]) => `${series.length > 1 ? `${each.name} ` : ""}${point.label ?? point.y}`);
    readout.textContent = `${when(nearest.x)} · ${values.join(" · ")}`;
    for (const [name, value] of Object.entries({ x1: scale.x(at(nearest.x)), x2: scale.x(at(nearest.x)), y1: PAD.top, y2: HEIGHT - PAD.bottom })) cursor.setAttribute(name, value);
    svg.append(cursor);
  };
  svg.addEventListener("pointermove", (event) => scale && read(event));
  svg.addEventListener("pointerleave", () => {
    cursor.remove();
    readout.textContent = "";
  });
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width > 80) scale = draw(svg, shape, width, country);
  }).observe(picture);
  const legend = series.length > 1 ? h("ul", { class: "legend" }, series.map((each, index) => h("li", { class: `s${index % 4}` }, each.name))) : null;
  return h("figure", { class: "chart" },
    h("figcaption", {}, h("span", {}, h("b", {}, data.title ?? ""), data.unit ? h("small", {}, data.unit) : null), toggle), legend, picture, table);
}
