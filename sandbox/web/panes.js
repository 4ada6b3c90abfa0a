// The middle of the window: a channel or the Home tab, and beside it a thread.

import { drawBlocks } from "./blocks.js";
import { avatar, h, icon } from "./dom.js";
import { rowsOf, showMessages } from "./messages.js";
import { signOf } from "./sidebar.js";

const at = (id) => document.getElementById(id);

const beginning = (channel) => h("div", { class: "beginning" },
  h("h2", {}, icon(signOf(channel), 22), channel.name),
  h("p", {}, channel.dm ? "What Countersign tells you alone." : channel.topic || `This is the very beginning of #${channel.name}.`));

const empty = () => h("p", { class: "nothing" }, "Nothing here yet. Send a call from the outside world on the right.");

/** `how` draws messages: {names, act, openThread}. */
export function drawChannel({ channel, messages }, how, toEnd) {
  at("home").hidden = true;
  at("messages").hidden = false;
  at("main-head").replaceChildren(
    h("h1", {}, icon(signOf(channel), 18), h("span", {}, channel.name)),
    h("p", { class: "topic" }, channel.topic || ""),
    channel.archived ? h("span", { class: "chip warn" }, "archived") : "");
  const rows = [{ key: `start-${channel.id}`, same: JSON.stringify([channel.name, channel.topic]), draw: () => beginning(channel) }, ...rowsOf(messages, channel.id)];
  if (!messages.length && !channel.dm) rows.push({ key: "nothing", same: "", draw: empty });
  showMessages(at("messages"), rows, { ...how, channel: channel.id, place: "m" }, { toEnd });
}

export function drawThread({ channel, messages }, how, close, toEnd) {
  at("thread").hidden = false;
  if (!at("thread-head").firstElementChild) {
    at("thread-head").append(h("h2", {}, "Thread"), h("p", { class: "topic" }), h("button", { type: "button", class: "plain-icon", "aria-label": "Close thread", "data-testid": "thread-close", onclick: close }, icon("close", 18)));
  }
  at("thread-head").querySelector(".topic").textContent = channel.dm ? channel.name : `#${channel.name}`;
  const rows = rowsOf(messages, channel.id);
  const count = messages.length - 1;
  const line = { key: "count", same: String(count), draw: () => h("div", { class: "day left", role: "separator" }, h("span", {}, `${count} ${count === 1 ? "reply" : "replies"}`)) };
  // The parent and its day come first; the line says what follows.
  if (count > 0) rows.splice(2, 0, line);
  showMessages(at("thread-messages"), rows, { ...how, channel: channel.id, place: "t", openThread: null }, { toEnd });
}

export function hideThread() {
  at("thread").hidden = true;
  at("thread-messages").replaceChildren();
}

export function drawHome(app, view, how) {
  const home = at("home");
  at("messages").hidden = true;
  home.hidden = false;
  at("main-head").replaceChildren(h("h1", {}, avatar({ bot: true }, "small"), h("span", {}, app.name)), h("p", { class: "topic" }, "Home"));
  const same = JSON.stringify([view, how.user]);
  if (home.__same === same) return;
  home.__same = same;
  const top = home.scrollTop;
  if (!view) {
    home.replaceChildren(h("p", { class: "nothing" }, "Countersign has not drawn this person's Home tab yet."));
    return;
  }
  const kept = home.__view === view.id ? home.__values?.() : undefined;
  const drawn = drawBlocks(view.blocks, { names: how.names, prefix: `home-${view.id}`, kept, act: (body, control) => how.act({ view_id: view.id, state: { values: drawn.values() }, ...body }, control) });
  home.__view = view.id;
  home.__values = drawn.values;
  home.replaceChildren(drawn.node);
  home.scrollTop = top;
}
