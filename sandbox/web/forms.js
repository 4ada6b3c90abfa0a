// Modals: the stack of views that the bot opened for the person looking.

import { drawBlocks } from "./blocks.js";
import { busy, h, icon } from "./dom.js";
import { openDialog } from "./popups.js";

const REQUIRED = "Please complete this required field.";

const empty = (state) => Object.entries(state).every(([member, value]) => member === "type" || value === null || value === undefined || (Array.isArray(value) && !value.length));

/** What Slack's own client checks before it sends a form. */
export function problems(fields) {
  const out = {};
  for (const { block, state, node } of fields.filter((field) => field.block.type === "input")) {
    const control = node();
    if (empty(state())) {
      if (control?.validity?.badInput) out[block.block_id] = "Enter a number.";
      else if (!block.optional) out[block.block_id] = REQUIRED;
    } else if (control?.minLength > 0 && control.value.length < control.minLength) {
      // The browser checks this only for what was typed by hand.
      out[block.block_id] = `Please enter at least ${control.minLength} characters.`;
    } else if (control && !control.checkValidity()) out[block.block_id] = control.validationMessage;
  }
  return out;
}

export function showErrors(root, errors) {
  for (const input of root.querySelectorAll("[data-block]")) {
    const text = errors[input.dataset.block];
    const line = input.querySelector(".field-error");
    line.textContent = text || "";
    line.hidden = !text;
    input.classList.toggle("wrong", Boolean(text));
    input.querySelectorAll("input, select, textarea").forEach((control) => control.setAttribute("aria-invalid", String(Boolean(text))));
  }
  const wrong = root.querySelector(".wrong");
  wrong?.querySelector("input, select, textarea")?.focus();
  wrong?.scrollIntoView({ block: "nearest" });
}

const words = (text, otherwise) => (text ? text.text : otherwise);

/** `how`: {api, names(), user(), act(body, control), failed(error)}. */
export function makeForms(how) {
  const stack = [];
  let shell = null;

  const top = () => stack.at(-1);

  function shut() {
    shell?.away();
    shell = null;
  }

  function drop(id, all = false) {
    const at = stack.findIndex((entry) => entry.view.id === id);
    if (at < 0) return;
    if (all) stack.length = 0;
    else stack.splice(at, 1);
    show();
  }

  function opened() {
    const dialog = h("div", { class: "dialog", role: "dialog", "aria-modal": "true", "aria-labelledby": "modal-title", "data-testid": "modal", tabindex: "-1" });
    return { dialog, away: openDialog(dialog, close) };
  }

  async function close() {
    const { view } = top();
    drop(view.id, view.clear_on_close);
    await how.api.close({ user: how.user(), view_id: view.id }).catch(how.failed);
  }

  function answered(entry, answer) {
    if (!answer.ok) return how.failed(answer);
    if (answer.response_action === "errors") return showErrors(shell.dialog, answer.errors || {});
    if (answer.response_action === "clear") return drop(entry.view.id, true);
    if (answer.view) return accept(answer.view);
    return drop(entry.view.id);
  }

  async function submit(event) {
    event.preventDefault();
    const entry = top();
    const wrong = problems(entry.drawn.fields);
    showErrors(shell.dialog, wrong);
    if (Object.keys(wrong).length) return;
    const form = event.currentTarget;
    form.inert = true;
    try {
      const answer = await busy(form.querySelector("[data-testid=modal-submit]"), () => how.api.submit({ user: how.user(), view_id: entry.view.id, values: entry.drawn.values() }));
      form.inert = false;
      if (answer && stack.includes(entry)) answered(entry, answer);
    } catch (error) {
      how.failed(error);
    } finally {
      form.inert = false;
    }
  }

  function draw(entry) {
    const { view } = entry;
    entry.drawn = drawBlocks(view.blocks, {
      names: how.names(), prefix: view.id, kept: entry.drawn?.values(),
      act: (body, control) => how.act({ view_id: view.id, state: { values: entry.drawn.values() }, ...body }, control),
    });
    const inputs = view.blocks.some((block) => block.type === "input");
    return h("form", { class: "dialog-form", novalidate: true, onsubmit: submit },
      h("header", { class: "dialog-head" }, h("h2", { id: "modal-title" }, words(view.title, "")),
        h("button", { type: "button", class: "plain-icon", "aria-label": "Close", "data-testid": "modal-x", onclick: close }, icon("close", 18))),
      h("div", { class: "dialog-body" }, entry.drawn.node),
      h("footer", { class: "dialog-foot" },
        h("button", { type: "button", class: "button", "data-testid": "modal-close", onclick: close }, words(view.close, "Cancel")),
        view.submit || inputs ? h("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, words(view.submit, "Submit")) : null));
  }

  function show(keepFocus = false) {
    const entry = top();
    if (!entry) return shut();
    shell ||= opened();
    const focused = keepFocus && document.activeElement?.id;
    const scroll = shell.dialog.querySelector(".dialog-body")?.scrollTop || 0;
    shell.dialog.replaceChildren(draw(entry));
    const target = (focused && document.getElementById(focused)) || shell.dialog.querySelector(".dialog-body input, .dialog-body select, .dialog-body textarea") || shell.dialog;
    target.focus({ preventScroll: true });
    if (keepFocus) shell.dialog.querySelector(".dialog-body").scrollTop = scroll;
  }

  /** A view that was opened, pushed or updated. */
  function accept(view) {
    const known = stack.find((entry) => entry.view.id === view.id);
    if (known && JSON.stringify(known.view) === JSON.stringify(view)) return;
    if (known) known.view = view;
    else stack.push({ view, drawn: null });
    if (!known || known === top()) show(Boolean(known));
  }

  return { accept, gone: (id) => drop(id), clear: () => { stack.length = 0; shut(); } };
}
