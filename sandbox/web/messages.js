// One message as Slack shows it, and a list of them that changes in place.

import { drawBlocks } from "./blocks.js";
import { avatar, h, icon, reconcile } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { dayKey, dayLabel, dayTime, fullTime, shortTime } from "./time.js";

// Slack leaves out the name above messages that follow one another within this time.
const TOGETHER_S = 300;
const AT_BOTTOM_PX = 80;

const together = (before, message) => Boolean(before) && !before.ephemeral && !message.ephemeral && !before.reply_count
  && before.user === message.user && dayKey(before.ts) === dayKey(message.ts) && Number(message.ts) - Number(before.ts) < TOGETHER_S;

/** Rows for the list: messages, with a line between days. `same` says when a row may stay as it is. */
export function rowsOf(messages, extra = "") {
  const rows = [];
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    if (!before || dayKey(before.ts) !== dayKey(message.ts)) rows.push({ key: `day-${dayKey(message.ts)}`, same: dayLabel(message.ts), day: message.ts });
    const compact = !message.bot && together(before, message);
    rows.push({ key: `${message.ts}${message.ephemeral ? "-e" : ""}`, same: `${extra}${compact}${JSON.stringify(message)}`, message, compact });
  });
  return rows;
}

const dayLine = (ts) => h("div", { class: "day", role: "separator" }, h("span", {}, dayLabel(ts)));

function replies(message, how) {
  if (!how.openThread) return null;
  const count = message.reply_count || 0;
  if (!count) return null;
  return h("button", { type: "button", class: "replies", "data-testid": "thread-open", onclick: () => how.openThread(message.ts) },
    avatar({ bot: true }, "small"), h("strong", {}, `${count} ${count === 1 ? "reply" : "replies"}`),
    message.last_reply ? h("span", { class: "quiet" }, `Last reply ${dayTime(message.last_reply).replace(/^[TY]/, (letter) => letter.toLowerCase())}`) : null);
}

function toolbar(message, how) {
  if (!how.openThread || message.ephemeral) return null;
  return h("div", { class: "message-tools" },
    (how.shortcuts || []).map((one) => h("button", { type: "button", class: "plain-icon", title: one.name, "aria-label": one.name, "data-testid": `shortcut-${one.callback_id}`, onclick: () => how.shortcut(message.ts, one.callback_id) }, icon("dots", 18))),
    h("button", { type: "button", class: "plain-icon", title: "Reply in thread", "aria-label": "Reply in thread", "data-testid": "thread-start", onclick: () => how.openThread(message.ts) }, icon("reply", 18)));
}

function content(message, how, kept) {
  if (!message.blocks?.length) return { node: h("div", { class: "message-text" }, mrkdwn(message.text, how.names)), values: () => ({}) };
  const drawn = drawBlocks(message.blocks, {
    names: how.names, prefix: `${how.place}-${message.ts}`, kept,
    act: (body, control) => how.act({ channel: how.channel, ts: message.ts, state: { values: drawn.values() }, ...body }, control),
  });
  return drawn;
}

export function drawMessage({ message, compact }, how, old) {
  const app = message.bot && how.names.isApp(message.user);
  const author = app ? { bot: true } : how.names.person(message.user) || { name: message.name, initials: (message.name || "?").slice(0, 1) };
  const drawn = content(message, how, old?.__values?.());
  const time = h("time", { class: "time", title: fullTime(message.ts), datetime: new Date(Number(message.ts) * 1000).toISOString() }, shortTime(message.ts));
  const node = h("article", { class: ["message", message.ephemeral && "ephemeral", message.error && "failed", compact && "compact"].filter(Boolean).join(" "), "data-testid": message.ephemeral ? "ephemeral" : "message", "data-ts": message.ts, "aria-label": `${message.name || author.name}, ${shortTime(message.ts)}` },
    message.ephemeral ? h("p", { class: "only-you" }, icon("eye", 14), "Only visible to you") : null,
    h("div", { class: "gutter" }, compact ? time : avatar(author)),
    h("div", { class: "body" },
      compact ? null : h("p", { class: "byline" }, h("strong", { class: "author" }, message.name || author.name), app ? h("span", { class: "app-badge" }, "APP") : null, time),
      drawn.node,
      message.edited ? h("span", { class: "edited" }, "(edited)") : null,
      replies(message, how)),
    toolbar(message, how));
  node.__values = drawn.values;
  return node;
}

/** Shows rows in a scroller: somebody at the end stays at the end, somebody reading above is not moved. */
export function showMessages(scroller, rows, how, { toEnd = false } = {}) {
  const atEnd = toEnd || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < AT_BOTTOM_PX;
  const top = scroller.scrollTop;
  reconcile(scroller, rows, (row, old) => row.draw?.() || (row.day ? dayLine(row.day) : drawMessage(row, how, old)));
  scroller.scrollTop = atEnd ? scroller.scrollHeight : top;
}
