// Builds DOM nodes. The only way this page makes elements: no markup string is ever parsed.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

/** An HTML element: `h("p", {class: "x", onclick: f}, "text", child)`. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function s(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

export function icon(path, size = 18) {
  return s("svg", { viewBox: "0 0 20 20", width: size, height: size, "aria-hidden": "true" }, s("path", { d: path }));
}

export const ICONS = {
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  done: "M4 10.5l4 4 8-9",
  arrow: "M4 10h12M11 5l5 5-5 5",
  retry: "M15.5 10a5.5 5.5 0 1 1-1.8-4.1M14 2.8v3.4h-3.4",
  close: "M5 5l10 10M15 5L5 15",
  person: "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.8 17c.6-3.4 3-5 6.2-5s5.6 1.6 6.2 5",
};

let last = 0;
/** An id for an aria reference, unique in the page. */
export function uid(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}
