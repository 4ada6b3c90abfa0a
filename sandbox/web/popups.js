// What opens above the page: dialogs that hold the focus, and small menus.

import { h, icon } from "./dom.js";

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), [tabindex='0']";

function cycle(event, dialog) {
  const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter((node) => node.offsetParent !== null);
  if (!stops.length) return;
  const first = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== first && dialog.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
}

/** Puts a dialog on screen; `escaped()` runs on Escape. Returns how to take it away; focus goes back where it was. */
export function openDialog(dialog, escaped) {
  const before = document.activeElement;
  document.getElementById("toasts").replaceChildren();
  const layer = h("div", { class: "layer" }, dialog);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Tab") cycle(event, dialog);
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      escaped();
    }
  });
  document.body.append(layer);
  return () => {
    layer.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
  };
}

/** Asks before something happens; resolves to true or false. Texts are plain or nodes. */
export function ask({ title, body, yes = "Yes", no = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    let away = () => {};
    const answer = (value) => () => {
      away();
      resolve(value);
    };
    const confirm = h("button", { type: "button", class: danger ? "button danger" : "button primary", "data-testid": "confirm-yes", onclick: answer(true) }, yes);
    const dialog = h("div", { class: "dialog small", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text", "data-testid": "confirm" },
      h("header", { class: "dialog-head" }, h("h2", { id: "confirm-title" }, title),
        h("button", { type: "button", class: "plain-icon", "aria-label": "Close", onclick: answer(false) }, icon("close", 18))),
      h("div", { class: "dialog-body", id: "confirm-text" }, body),
      h("footer", { class: "dialog-foot" }, h("button", { type: "button", class: "button", "data-testid": "confirm-no", onclick: answer(false) }, no), confirm));
    away = openDialog(dialog, answer(false));
    confirm.focus();
  });
}

function place(menu, anchor) {
  const box = anchor.getBoundingClientRect();
  const below = box.bottom + 4 + menu.offsetHeight < window.innerHeight;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - menu.offsetHeight - 4)}px`;
  menu.style.left = `${Math.min(box.left, window.innerWidth - menu.offsetWidth - 8)}px`;
}

/** A menu below a button. `items` are {label, testid, pick}. */
export function openMenu(anchor, items) {
  const close = () => {
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
  };
  const outside = (event) => {
    if (!menu.contains(event.target)) close();
  };
  const step = (event) => {
    const rows = [...menu.children];
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) rows[(rows.indexOf(document.activeElement) + move + rows.length) % rows.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      close();
      anchor.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const menu = h("div", { class: "menu", role: "menu", onkeydown: step }, items.map((item) => h("button", {
    type: "button", role: "menuitem", class: "menu-item", "data-testid": item.testid, onclick: () => {
      close();
      anchor.focus();
      item.pick();
    },
  }, item.label)));
  document.body.append(menu);
  place(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  menu.firstElementChild?.focus();
}
