// Block Kit as elements: one drawer a block type.

import { chart } from "./charts.js";
import { h } from "./dom.js";
import { element, image } from "./elements.js";
import { markdown } from "./markdown.js";
import { textObject } from "./mrkdwn.js";
import { richText, table } from "./richtext.js";

const INITIAL = { value: "initial_value", selected_option: "initial_option", selected_options: "initial_options", selected_date: "initial_date", selected_time: "initial_time", selected_user: "initial_user", selected_channel: "initial_channel", selected_conversation: "initial_conversation" };

/** Slack keeps what a person typed when a view or message is updated and block_id and action_id stay the same. */
function asLeft(item, kept) {
  if (!kept) return item;
  const pairs = Object.entries(INITIAL).filter(([member]) => kept[member] !== undefined && kept[member] !== null);
  return { ...item, ...Object.fromEntries(pairs.map(([member, initial]) => [initial, kept[member]])) };
}

/** What an element needs to know of its block: its ids, whether a change is sent at once, and where its state goes. */
function scopeOf(block, ctx, { live = true, label = "" } = {}) {
  const id = (item) => `${ctx.prefix}-${block.block_id}-${item.action_id}`;
  return {
    names: ctx.names, live, labelled: label, dispatches: live, id,
    act: (action, control) => ctx.act({ block_id: block.block_id, action }, control),
    control: (item) => ({ id: id(item), "data-testid": label ? `field-${block.block_id}` : `select-${item.action_id}`, "aria-describedby": label ? `${ctx.prefix}-${block.block_id}-notes` : null }),
    remember: (item, state, node) => ctx.fields.push({ block, item, state: () => ({ type: item.type, ...state() }), node: node || (() => null) }),
  };
}

const drawElement = (item, block, ctx, how) => element(asLeft(item, ctx.kept?.[block.block_id]?.[item.action_id]), scopeOf(block, ctx, how));

function section(block, ctx) {
  const fields = block.fields ? h("div", { class: "fields" }, block.fields.map((text) => h("div", { class: "field-cell" }, textObject(text, ctx.names)))) : null;
  return h("div", { class: "block section" },
    h("div", { class: "section-text" }, block.text ? h("div", {}, textObject(block.text, ctx.names)) : null, fields),
    block.accessory ? h("div", { class: "accessory" }, drawElement(block.accessory, block, ctx)) : null);
}

function input(block, ctx) {
  const { element: item } = block;
  const label = block.label.text;
  const grouped = ["checkboxes", "radio_buttons", "multi_static_select"].includes(item.type);
  const id = `${ctx.prefix}-${block.block_id}-${item.action_id}`;
  const words = [textObject(block.label, ctx.names), block.optional ? h("span", { class: "optional" }, " (optional)") : null];
  return h("div", { class: "block input", "data-block": block.block_id },
    grouped ? h("div", { class: "label" }, words) : h("label", { class: "label", for: id }, words),
    drawElement(item, block, ctx, { live: Boolean(block.dispatch_action), label }),
    h("div", { id: `${ctx.prefix}-${block.block_id}-notes` },
      h("p", { class: "field-error", "data-testid": `error-${block.block_id}`, hidden: true }),
      block.hint ? h("p", { class: "hint" }, textObject(block.hint, ctx.names)) : null));
}

const contextItem = (item, ctx) => (item.type === "image" ? image(item.image_url, item.alt_text, "context-image") : h("span", {}, textObject(item, ctx.names)));

const LEVELS = { info: "ℹ️", warning: "⚠️", error: "⛔", success: "✅", default: "" };

const DRAWERS = {
  header: (block, ctx) => h("h3", { class: "block header" }, textObject(block.text, ctx.names)),
  section,
  input,
  context: (block, ctx) => h("div", { class: "block context" }, block.elements.map((item) => contextItem(item, ctx))),
  actions: (block, ctx) => h("div", { class: "block actions" }, block.elements.map((item) => drawElement(item, block, ctx))),
  divider: () => h("hr", { class: "block divider" }),
  image: (block, ctx) => h("figure", { class: "block image" }, block.title ? h("figcaption", {}, textObject(block.title, ctx.names)) : null, image(block.slack_file?.id ? `${location.origin}/sim/files/${encodeURIComponent(block.slack_file.id)}` : block.image_url, block.alt_text, "block-image")),
  data_visualization: chart,
  rich_text: (block, ctx) => richText(block, ctx.names),
  table: (block, ctx) => table(block, ctx.names),
  markdown: (block) => markdown(block.text),
  alert: (block, ctx) => h("div", { class: `block alert ${block.level || "default"}`, role: "note" }, LEVELS[block.level || "default"], " ", h("span", {}, textObject(block.text, ctx.names))),
};

function one(block, ctx) {
  const drawer = DRAWERS[block.type];
  try {
    if (drawer) return drawer(block, ctx);
  } catch {
    return h("p", { class: "unknown" }, `A ${block.type} block here has a member that the sandbox cannot draw.`);
  }
  return h("p", { class: "unknown" }, `The sandbox does not draw “${block.type}” blocks.`);
}

/**
 * Draws blocks. `how`: {names, act(body, control), prefix (unique on the page), kept (state.values of before)}.
 * Returns {node, fields, values()}; `values()` has the shape of `view.state.values`.
 */
export function drawBlocks(blocks, how) {
  const ctx = { ...how, fields: [] };
  // A block without an id gets one, so that its state and its clicks can be told apart.
  const named = (blocks || []).map((block, index) => (block.block_id ? block : { ...block, block_id: `b${index}` }));
  const node = h("div", { class: "blocks" }, named.map((block) => one(block, ctx)));
  const values = () => {
    const out = {};
    for (const { block, item, state } of ctx.fields) (out[block.block_id] ||= {})[item.action_id] = state();
    return out;
  };
  return { node, fields: ctx.fields, values };
}
