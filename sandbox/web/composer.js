// Where a person writes: plain messages, and slash commands with a list of hints.

import { busy, h, icon } from "./dom.js";

/** `how`: {label, commands() (empty in a thread), send(text)}. Returns {node, focus(), rename(label, disabled)}. */
export function makeComposer({ commands, send, testid }) {
  const id = `${testid}-hints`;
  let picked = 0;

  const input = h("textarea", { rows: "1", "data-testid": testid, role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, spellcheck: "true" });
  const hints = h("ul", { class: "hints", id, role: "listbox", "aria-label": "Commands", hidden: true });
  const button = h("button", { type: "submit", class: "send", "aria-label": "Send", "data-testid": `${testid}-send`, disabled: true }, icon("send", 16));
  const note = h("span", { class: "composer-note" }, "Enter to send");
  const node = h("form", { class: "composer" }, hints, input, h("div", { class: "composer-foot" }, note, button));

  const matches = () => (/^\/\S*$/.test(input.value) ? commands().filter((item) => item.command.startsWith(input.value)) : []);

  function complete(item) {
    input.value = `${item.command} `;
    changed();
    input.focus();
  }

  function drawHints() {
    const list = matches();
    picked = Math.min(picked, Math.max(0, list.length - 1));
    hints.hidden = !list.length;
    input.setAttribute("aria-expanded", String(Boolean(list.length)));
    hints.replaceChildren(...list.map((item, index) => h("li", { id: `${id}-${index}`, role: "option", "aria-selected": String(index === picked), "data-testid": `hint-${item.command.slice(1)}`, onpointerdown: (event) => {
      event.preventDefault();
      complete(item);
    } }, h("strong", {}, item.command), " ", h("code", {}, item.hint || ""), h("small", {}, item.description || ""))));
    if (list.length) input.setAttribute("aria-activedescendant", `${id}-${picked}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function changed() {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 180)}px`;
    button.disabled = !input.value.trim();
    drawHints();
  }

  async function submit() {
    const text = input.value.trim();
    if (!text) return;
    const sent = await busy(button, () => send(text));
    if (!sent) return;
    input.value = "";
    changed();
  }

  function hintKey(event, list) {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) picked = (picked + move + list.length) % list.length;
    else if (event.key === "Tab" || (event.key === "Enter" && list[picked].command !== input.value)) complete(list[picked]);
    else if (event.key === "Escape") hints.hidden = true;
    else return false;
    event.preventDefault();
    if (move) drawHints();
    return true;
  }

  input.addEventListener("input", changed);
  input.addEventListener("blur", () => { hints.hidden = true; });
  input.addEventListener("keydown", (event) => {
    const list = hints.hidden ? [] : matches();
    if (list.length && hintKey(event, list)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });

  return {
    node,
    rename(label, disabled = false) {
      input.placeholder = label;
      input.setAttribute("aria-label", label);
      input.disabled = disabled;
      note.replaceChildren(...(commands().length ? ["Enter to send · type ", h("kbd", {}, "/"), " for commands"] : ["Enter to send"]));
    },
  };
}
