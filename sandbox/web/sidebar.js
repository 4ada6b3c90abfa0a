// Left column: channels, the app, and who is looking.

import { avatar, h, icon, reconcile } from "./dom.js";

export function signOf(channel) {
  if (channel.dm) return "reply";
  return channel.private ? "lock" : "hash";
}

function channelRow(channel, at, go) {
  const here = at === channel.id;
  const unread = !here && channel.unread > 0;
  return {
    key: channel.id,
    same: JSON.stringify([channel, here]),
    draw: () => h("li", {}, h("button", { type: "button", class: `side-row${here ? " here" : ""}${unread ? " unread" : ""}`, "aria-current": here ? "page" : null, "data-testid": `channel-${channel.name}`, onclick: () => go(channel.id) },
      icon(signOf(channel), 16), h("span", { class: "side-name" }, channel.dm ? "Messages" : channel.name),
      channel.archived ? h("span", { class: "side-note" }, "archived") : null,
      unread ? h("span", { class: "badge", "aria-label": `${channel.unread} unread` }, String(channel.unread)) : null)),
  };
}

function homeRow(app, at, go) {
  const here = at === "home";
  return { key: "home", same: JSON.stringify([app, here]), draw: () => h("li", {}, h("button", { type: "button", class: `side-row app-row${here ? " here" : ""}`, "aria-current": here ? "page" : null, "data-testid": "app-home-open", onclick: () => go("home") },
    avatar({ bot: true }, "small"), h("span", { class: "side-name" }, app.name), h("span", { class: "side-note" }, "Home"))) };
}

function personRow(person, user, become) {
  const me = person.id === user;
  return {
    key: person.id,
    same: JSON.stringify([person, me]),
    draw: () => h("button", { type: "button", class: `person${me ? " me" : ""}`, "aria-pressed": String(me), "data-testid": `person-${person.id}`, title: me ? `You are ${person.name}` : `Become ${person.name}`, onclick: () => become(person.id) },
      avatar(person, "small"), h("span", { class: "person-words" }, h("span", { class: "person-name" }, person.name), h("span", { class: "person-title" }, person.title)),
      me ? icon("check", 16) : null),
  };
}

/** `how`: {go(place), become(user)}. */
export function drawSidebar({ state, user, at }, how) {
  const draw = (row) => row.draw();
  const me = state.people.find((person) => person.id === user);
  document.getElementById("workspace").textContent = state.team.name;
  document.getElementById("me").textContent = me ? me.name : "";
  const rows = (direct) => state.channels.filter((channel) => Boolean(channel.dm) === direct).map((channel) => channelRow(channel, at, how.go));
  reconcile(document.getElementById("channels"), rows(false), draw);
  reconcile(document.getElementById("apps"), [homeRow(state.app, at, how.go), ...rows(true)], draw);
  reconcile(document.getElementById("people"), state.people.map((person) => personRow(person, user, how.become)), draw);
}
