// Buttons, selects and inputs of Block Kit. Each drawer returns a node and tells `scope` how to read its state.

import { h, icon } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { ask, openMenu } from "./popups.js";

const plain = (text) => (text ? text.text : "");
const optionsOf = (element) => element.options || (element.option_groups || []).flatMap((group) => group.options);
const find = (element, value) => optionsOf(element).find((option) => option.value === value) || null;

/** Runs the confirm dialog of an element first, when it has one. */
async function fire(element, extra, scope, control) {
  const { confirm } = element;
  if (confirm) {
    const sure = await ask({ title: plain(confirm.title), body: textObject(confirm.text, scope.names), yes: plain(confirm.confirm) || "Yes", no: plain(confirm.deny) || "Cancel", danger: confirm.style === "danger" });
    if (!sure) return false;
  }
  await scope.act({ type: element.type, action_id: element.action_id, ...extra }, control);
  return true;
}

function button(element, scope) {
  const style = element.style === "primary" || element.style === "danger" ? element.style : "";
  const extra = { text: element.text, ...(element.value === undefined ? {} : { value: element.value }) };
  const props = { class: `button ${style}`, "data-testid": `button-${element.action_id}`, "aria-label": element.accessibility_label || null };
  if (element.url) {
    return h("a", { ...props, href: /^https?:/i.test(element.url) ? element.url : null, target: "_blank", rel: "noopener noreferrer", onclick: (event) => fire(element, extra, scope, event.currentTarget) }, h("span", {}, textObject(element.text, scope.names)));
  }
  return h("button", { ...props, type: "button", onclick: (event) => fire(element, extra, scope, event.currentTarget) }, h("span", {}, textObject(element.text, scope.names)));
}

function overflow(element, scope) {
  const open = (event) => openMenu(event.currentTarget, optionsOf(element).map((option) => ({
    label: textObject(option.text, scope.names),
    testid: `option-${option.value}`,
    pick: () => {
      if (/^https?:/i.test(option.url || "")) window.open(option.url, "_blank", "noopener");
      fire(element, { selected_option: option }, scope, node);
    },
  })));
  const node = h("button", { type: "button", class: "button square", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false", "data-testid": `overflow-${element.action_id}`, onclick: open }, icon("dots", 16));
  return node;
}

const optionNode = (option) => h("option", { value: option.value }, plain(option.text));

function optionNodes(element) {
  if (!element.option_groups) return optionsOf(element).map(optionNode);
  return element.option_groups.map((group) => h("optgroup", { label: plain(group.label) }, group.options.map(optionNode)));
}

/** Native selects: the keyboard, screen readers and browser tests know them. */
function pickOne(element, scope, { choices, initial, state }) {
  const node = h("select", { ...scope.control(element), "aria-label": scope.labelled ? null : plain(element.placeholder) || "Choose" },
    h("option", { value: "" }, plain(element.placeholder) || "Choose an option"), choices);
  node.value = initial || "";
  scope.remember(element, () => state(node.value || null));
  node.addEventListener("change", async () => {
    if (!scope.live || !node.value) return;
    if (!(await fire(element, state(node.value), scope, node))) node.value = initial || "";
  });
  return h("span", { class: "select" }, node);
}

const staticSelect = (element, scope) => pickOne(element, scope, {
  choices: optionNodes(element), initial: element.initial_option?.value, state: (value) => ({ selected_option: find(element, value) }) });

const listSelect = (list, member, initial) => (element, scope) => pickOne(element, scope, {
  choices: scope.names[list]().map(([id, name]) => h("option", { value: id }, name)), initial: element[initial], state: (value) => ({ [member]: value }) });

function boxes(kind) {
  return (element, scope) => {
    const many = kind === "checkbox";
    const chosen = new Set((many ? element.initial_options || [] : [element.initial_option]).map((option) => option?.value));
    const name = scope.id(element);
    const inputs = optionsOf(element).map((option) => h("input", { type: kind, name, value: option.value, checked: chosen.has(option.value) }));
    const state = () => {
      const picked = inputs.filter((input) => input.checked).map((input) => find(element, input.value));
      return many ? { selected_options: picked } : { selected_option: picked[0] || null };
    };
    const { id, ...rest } = scope.control(element);
    const group = h("div", { ...rest, id, class: "choices", role: many ? "group" : "radiogroup", "aria-label": scope.labelled || "Options", onchange: () => scope.live && fire(element, state(), scope, group) },
      inputs.map((input, index) => {
        const option = optionsOf(element)[index];
        return h("label", { class: "choice" }, input, h("span", {}, textObject(option.text, scope.names), option.description ? h("small", {}, textObject(option.description, scope.names)) : null));
      }));
    scope.remember(element, state);
    return group;
  };
}

function field(type, member, initial) {
  return (element, scope) => {
    const tag = element.multiline ? "textarea" : "input";
    const step = type === "number" ? { step: element.is_decimal_allowed ? "any" : "1", min: element.min_value, max: element.max_value, inputmode: "decimal" } : {};
    const node = h(tag, { ...scope.control(element), type: tag === "input" ? type : null, rows: element.multiline ? "4" : null, placeholder: plain(element.placeholder) || null, minlength: element.min_length, maxlength: element.max_length, autocomplete: "off", ...step });
    node.value = element[initial] ?? "";
    const state = () => ({ [member]: node.value === "" ? null : node.value });
    scope.remember(element, state, () => node);
    if (type === "date" || type === "time") node.addEventListener("change", () => scope.live && fire(element, state(), scope, node));
    else node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || element.multiline || !scope.dispatches) return;
      event.preventDefault();
      fire(element, state(), scope, node);
    });
    return node;
  };
}

const picture = (element) => image(element.image_url, element.alt_text, "accessory-image");

/** The page loads nothing from elsewhere, so a picture of another server is shown by its description. */
export function image(url, alt, name) {
  const own = String(url || "").startsWith("data:image/") || String(url || "").startsWith(`${location.origin}/`);
  if (own) return h("img", { src: url, alt: alt || "", class: name });
  return h("span", { class: `${name} placeholder`, role: "img", "aria-label": alt || "Image", title: url }, alt || "Image");
}

const DRAWERS = {
  button, overflow, image: picture,
  static_select: staticSelect,
  multi_static_select: boxes("checkbox"),
  checkboxes: boxes("checkbox"),
  radio_buttons: boxes("radio"),
  users_select: listSelect("people", "selected_user", "initial_user"),
  channels_select: listSelect("channels", "selected_channel", "initial_channel"),
  conversations_select: listSelect("channels", "selected_conversation", "initial_conversation"),
  plain_text_input: field("text", "value", "initial_value"),
  email_text_input: field("email", "value", "initial_value"),
  url_text_input: field("url", "value", "initial_value"),
  number_input: field("number", "value", "initial_value"),
  datepicker: field("date", "selected_date", "initial_date"),
  timepicker: field("time", "selected_time", "initial_time"),
};

export function element(item, scope) {
  const drawer = DRAWERS[item.type];
  return drawer ? drawer(item, scope) : h("span", { class: "unknown" }, `The sandbox does not draw “${item.type}”.`);
}
