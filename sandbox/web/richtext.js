// rich_text and table blocks.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./mrkdwn.js";
import { formatDate } from "./time.js";

const STYLES = [["code", "code"], ["strike", "s"], ["italic", "em"], ["bold", "strong"]];

function styled(text, style = {}) {
  const lines = String(text).split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
  return STYLES.reduce((kids, [name, tag]) => (style[name] ? [h(tag, {}, kids)] : kids), lines);
}

const mention = (text, me) => h("span", { class: me ? "mention me" : "mention" }, text);

function unicode(code) {
  return String.fromCodePoint(...code.split("-").map((part) => Number.parseInt(part, 16)));
}

const PIECES = {
  text: (piece) => styled(piece.text, piece.style),
  link: (piece) => styled("", {}).concat(link(piece.url, h("span", {}, styled(piece.text || piece.url, piece.style)))),
  user: (piece, names) => mention(`@${names.user(piece.user_id) || piece.user_id}`, names.isMe(piece.user_id)),
  usergroup: (piece, names) => mention(`@${names.group(piece.usergroup_id) || piece.usergroup_id}`, names.isMine(piece.usergroup_id)),
  channel: (piece, names) => mention(`#${names.channel(piece.channel_id) || piece.channel_id}`),
  broadcast: (piece) => mention(`@${piece.range}`, true),
  emoji: (piece) => h("span", { class: "emoji", role: "img", "aria-label": piece.name }, emoji(piece.name) || (piece.unicode ? unicode(piece.unicode) : `:${piece.name}:`)),
  date: (piece) => h("time", {}, formatDate(piece.timestamp, piece.format || "{date_short}") || piece.fallback),
  color: (piece) => h("code", {}, piece.value),
};

const pieces = (elements = [], names) => elements.map((piece) => (PIECES[piece.type] ? PIECES[piece.type](piece, names) : `[${piece.type}]`));

function list(part, names) {
  const ordered = part.style === "ordered";
  const node = h(ordered ? "ol" : "ul", { class: `rich-list indent-${part.indent || 0}`, start: ordered && part.offset ? part.offset + 1 : null },
    part.elements.map((item) => h("li", {}, pieces(item.elements, names))));
  node.style.marginLeft = `${(part.indent || 0) * 1.5}em`;
  return node;
}

const PARTS = {
  rich_text_section: (part, names) => h("div", { class: "lines" }, pieces(part.elements, names)),
  rich_text_list: list,
  rich_text_quote: (part, names) => h("blockquote", {}, pieces(part.elements, names)),
  rich_text_preformatted: (part, names) => h("pre", {}, pieces(part.elements, names)),
};

export const richText = (block, names) => h("div", { class: "block rich-text" },
  (block.elements || []).map((part) => (PARTS[part.type] ? PARTS[part.type](part, names) : null)));

function cell(item, names) {
  if (!item) return "";
  if (item.type === "rich_text") return richText(item, names);
  return String(item.text ?? item.value ?? "");
}

/** The first row is the heading, as Slack draws it. */
export function table(block, names) {
  const settings = block.column_settings || [];
  const row = (cells, tag) => h("tr", {}, cells.map((item, column) => {
    const node = h(tag, { scope: tag === "th" ? "col" : null, class: settings[column]?.is_wrapped ? "wrapped" : null }, cell(item, names));
    node.style.textAlign = settings[column]?.align || "left";
    return node;
  }));
  const [head, ...body] = block.rows || [];
  return h("div", { class: "block table-wrap", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", {}, h("thead", {}, head ? row(head, "th") : null), h("tbody", {}, body.map((cells) => row(cells, "td")))));
}
