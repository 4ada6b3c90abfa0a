// Builds elements from values. Text always becomes a text node, so nothing that a message says can turn into markup.

const SVG = "http://www.w3.org/2000/svg";

function put(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "style") Object.assign(node.style, value);
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : value);
}

/** Appends texts and nodes, in lists of any depth; nothing for null and false. */
export function fill(node, ...kids) {
  node.append(...kids.flat(Infinity).filter((kid) => kid !== null && kid !== undefined && kid !== false));
}

export function h(tag, props = {}, ...kids) {
  const node = document.createElement(tag);
  const { value, ...rest } = props || {};
  for (const [name, item] of Object.entries(rest)) put(node, name, item);
  fill(node, ...kids);
  // A select takes its value only once its options exist.
  put(node, "value", value);
  return node;
}

const PATHS = {
  hash: "M6.2 2 4.8 14M11.2 2 9.8 14M2.5 5.6h11.3M2.2 10.4h11.3",
  lock: "M3.5 7.2h9v6.6h-9zM5.4 7.2V4.9a2.6 2.6 0 0 1 5.2 0v2.3",
  close: "m3.5 3.5 9 9M12.5 3.5l-9 9",
  send: "M2.2 2.6 14 8 2.2 13.4l1.5-5.4zM3.7 8h5.1",
  home: "M2.4 7.3 8 2.4l5.6 4.9v6.3H9.8V9.9H6.2v3.7H2.4z",
  reply: "M2.4 3h11.2v7.6H7.4L4.3 13.4v-2.8H2.4z",
  globe: "M8 1.9a6.1 6.1 0 1 0 0 12.2A6.1 6.1 0 0 0 8 1.9zM1.9 8h12.2M8 1.9c-3.6 3.9-3.6 8.3 0 12.2M8 1.9c3.6 3.9 3.6 8.3 0 12.2",
  phone: "M3.2 2.4 5.6 2l1.5 3.3-1.6 1.3a8 8 0 0 0 3.9 3.9l1.3-1.6 3.3 1.5-.4 2.4c-.1.6-.6 1-1.2 1C6.8 13.6 2.4 9.2 2.2 3.6c0-.6.4-1.1 1-1.2z",
  eye: "M1.6 8S3.9 3.6 8 3.6 14.4 8 14.4 8 12.1 12.4 8 12.4 1.6 8 1.6 8zM8 6.1a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8z",
  dots: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  check: "m3 8.5 3.2 3.2L13 4.6",
  people: "M6 7.6a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8zM1.8 13.3c0-2.5 1.7-4 4.2-4s4.2 1.5 4.2 4M10.8 3.1a2.3 2.3 0 0 1 0 4.3M11.8 9.5c1.5.5 2.4 1.8 2.4 3.8",
  bolt: "M8.9 1.8 3.6 9h3.7l-.6 5.2L12.4 7H8.5z",
};

export function icon(name, size = 16) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, item] of Object.entries({ viewBox: "0 0 16 16", width: size, height: size, class: `icon icon-${name}`, "aria-hidden": "true" })) svg.setAttribute(key, item);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Changes a list in place: a row whose content is the same keeps its node, so focus, scroll and open menus survive. */
export function reconcile(host, rows, draw) {
  const old = new Map([...host.children].filter((node) => node.dataset.key).map((node) => [node.dataset.key, node]));
  let before = host.firstElementChild;
  for (const row of rows) {
    let node = old.get(row.key);
    old.delete(row.key);
    if (!node || node.__same !== row.same) {
      const fresh = draw(row, node);
      fresh.dataset.key = row.key;
      fresh.__same = row.same;
      if (node) {
        if (before === node) before = fresh;
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    if (node === before) before = before.nextElementSibling;
    else host.insertBefore(node, before);
  }
  for (const gone of old.values()) gone.remove();
}

export function avatar(person, size = "") {
  if (!person || person.bot) {
    const badge = h("span", { class: `avatar bot ${size}`, "aria-hidden": "true" });
    badge.append(icon("check", size === "small" ? 14 : 22));
    return badge;
  }
  const face = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, person.initials || (person.name || "?").slice(0, 1));
  face.style.background = person.color || "#616061";
  return face;
}

let toastTimer = 0;

/** Says one sentence at the bottom of the window; the region is announced by screen readers. */
export function toast(text, kind = "error") {
  const host = document.getElementById("toasts");
  host.replaceChildren(h("div", { class: `toast ${kind}`, "data-testid": "toast", role: kind === "error" ? "alert" : "status" },
    h("span", {}, text), h("button", { type: "button", class: "toast-close", "aria-label": "Dismiss", onclick: () => host.replaceChildren() }, icon("close", 14))));
  clearTimeout(toastTimer);
  // A failure needs reading time; a confirmation only a glance.
  toastTimer = setTimeout(() => host.replaceChildren(), kind === "error" ? 9000 : 4500);
}

/** Shows that a control waits for an answer, and gives it back whatever happens. */
export async function busy(control, work) {
  if (control.getAttribute("aria-busy") === "true") return undefined;
  control.setAttribute("aria-busy", "true");
  control.classList.add("busy");
  try {
    return await work();
  } finally {
    control.removeAttribute("aria-busy");
    control.classList.remove("busy");
  }
}
