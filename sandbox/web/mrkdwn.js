// Slack's mrkdwn as elements. Only text nodes are made from a message, never markup.

import { h } from "./dom.js";
import { emoji, withEmoji } from "./emoji.js";
import { formatDate } from "./time.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const unescape = (text) => text.replace(/&(amp|lt|gt);/g, (whole) => ENTITIES[whole]);

// Other schemes (javascript:, data:) would run on a click, so they stay plain text.
const SAFE_LINK = /^(https?:|mailto:|tel:)/i;

// A marker opens after a gap and closes before one, so `2*3*4` and snake_case_names stay as they are.
const INLINE = new RegExp([
  "`(?<code>[^`\\n]+)`",
  "<(?<angle>[^<>\\n]+)>",
  "(?<![\\p{L}\\p{N}*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\p{L}\\p{N}*])",
  "(?<![\\p{L}\\p{N}_])_(?<italic>[^\\s_](?:[^_\\n]*[^\\s_])?)_(?![\\p{L}\\p{N}_])",
  "(?<![\\p{L}\\p{N}~])~(?<strike>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\p{L}\\p{N}~])",
  ":(?<emoji>[a-z0-9_+'-]+):",
].join("|"), "gu");

export function link(url, label) {
  if (!SAFE_LINK.test(url)) return h("span", {}, label);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

const mention = (text, me = false) => h("span", { class: me ? "mention me" : "mention" }, text);

function angle(body, names, first) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : unescape(body.slice(bar + 1));
  if (target.startsWith("@")) return mention(`@${names.user(target.slice(1)) || label || target.slice(1)}`, names.isMe(target.slice(1)));
  if (target.startsWith("#")) return mention(`#${names.channel(target.slice(1)) || label || target.slice(1)}`);
  if (target.startsWith("!subteam^")) return mention(`@${names.group(target.slice(9)) || label.replace(/^@/, "") || target.slice(9)}`, names.isMine(target.slice(9)));
  if (target.startsWith("!date^")) return dateToken(target, label, first);
  if (target.startsWith("!")) return mention(`@${label || target.slice(1)}`, true);
  const url = unescape(target);
  return link(url, label ? withEmoji(label) : url.replace(/^mailto:/, ""));
}

function dateToken(target, label, first) {
  const [, epoch, format, url] = target.split("^");
  const text = formatDate(Number(epoch), format || "{date_short} {time}", first) || label;
  return h("time", { title: label }, url ? link(unescape(url), text) : text);
}

function oneInline(match, names) {
  const { code, angle: body, bold, italic, strike, emoji: name } = match.groups;
  if (code !== undefined) return h("code", {}, unescape(code));
  if (body !== undefined) return angle(body, names, match.index === 0);
  if (bold !== undefined) return h("strong", {}, inline(bold, names));
  if (italic !== undefined) return h("em", {}, inline(italic, names));
  if (strike !== undefined) return h("s", {}, inline(strike, names));
  const sign = emoji(name);
  return sign ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, sign) : match[0];
}

/** One or more lines without block structure. */
export function inline(text, names) {
  const out = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) out.push(unescape(text.slice(at, match.index)));
    out.push(oneInline(match, names));
    at = match.index + match[0].length;
  }
  if (at < text.length) out.push(unescape(text.slice(at)));
  return out;
}

const QUOTE = /^(?:&gt;|>) ?/;
const ITEM = /^(\s*)([•◦▪-]|\d{1,3}[.)])\s+(.*)$/;

function lineKind(line) {
  if (QUOTE.test(line)) return "quote";
  return ITEM.test(line) ? "item" : "text";
}

function drawRun(kind, lines, names) {
  if (kind === "quote") return h("blockquote", {}, lined(lines.map((line) => line.replace(QUOTE, "")), names));
  if (kind === "item") return h("div", { class: "items" }, lines.map((line) => drawItem(line, names)));
  return h("div", { class: "lines" }, lined(lines, names));
}

function drawItem(line, names) {
  const [, indent, marker, rest] = line.match(ITEM);
  const row = h("div", { class: "item" }, h("span", { class: "marker" }, marker === "-" ? "•" : marker), h("span", {}, inline(rest, names)));
  if (indent) row.style.marginLeft = `${Math.min(indent.length, 16) * 0.5}em`;
  return row;
}

const lined = (lines, names) => lines.flatMap((line, index) => [index ? h("br") : null, inline(line, names)]);

function paragraphs(text, names) {
  const out = [];
  let run = [];
  let kind = "text";
  for (const line of text.split("\n")) {
    if (lineKind(line) !== kind && run.length) {
      out.push(drawRun(kind, run, names));
      run = [];
    }
    kind = lineKind(line);
    run.push(line);
  }
  out.push(drawRun(kind, run, names));
  return out;
}

/** A whole mrkdwn text: code fences, quotes, lists, and everything inside lines. */
export function mrkdwn(text, names) {
  const parts = String(text ?? "").split(/```\n?([\s\S]*?)\n?```\n?/);
  return parts.flatMap((part, index) => {
    if (index % 2) return h("pre", {}, unescape(part));
    return part ? paragraphs(part, names) : [];
  });
}

/** A text object of Block Kit, whichever of its two types it has. */
export function textObject(text, names) {
  if (!text) return [];
  if (typeof text === "string" || text.type === "mrkdwn") return mrkdwn(text.text ?? text, names);
  const shown = text.emoji === false ? text.text : withEmoji(text.text);
  return shown.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}
