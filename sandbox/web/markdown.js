// The markdown block: the part of standard Markdown that a message needs.

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { link } from "./mrkdwn.js";

const INLINE = /`(?<code>[^`\n]+)`|\*\*(?<bold>[^\n]+?)\*\*|~~(?<strike>[^\n]+?)~~|(?<![\p{L}\p{N}*])\*(?<star>[^\s*][^*\n]*)\*|(?<![\p{L}\p{N}_])_(?<italic>[^\s_][^_\n]*)_(?![\p{L}\p{N}_])|\[(?<label>[^\]\n]+)\]\((?<url>[^)\s]+)\)/gu;

function one({ code, bold, strike, star, italic, label, url }) {
  if (code !== undefined) return h("code", {}, code);
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (strike !== undefined) return h("s", {}, inline(strike));
  if (url !== undefined) return link(url, h("span", {}, inline(label)));
  return h("em", {}, inline(star ?? italic));
}

function inline(text) {
  const out = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    out.push(withEmoji(text.slice(at, match.index)), one(match.groups));
    at = match.index + match[0].length;
  }
  return [...out, withEmoji(text.slice(at))];
}

const lined = (lines) => lines.flatMap((line, index) => [index ? h("br") : null, inline(line)]);

// Each rule says which lines belong together and how the run is drawn; the last one takes what is left.
const RULES = [
  [/^#{1,6} /, (lines) => lines.map((line) => h("p", { class: `md-h${line.match(/^#+/)[0].length}` }, h("strong", {}, inline(line.replace(/^#+ /, "")))))],
  [/^(-{3,}|\*{3,})$/, (lines) => lines.map(() => h("hr"))],
  [/^\s*[-*+] /, (lines) => h("ul", {}, lines.map((line) => h("li", {}, inline(line.replace(/^\s*[-*+] /, "")))))],
  [/^\s*\d+[.)] /, (lines) => h("ol", {}, lines.map((line) => h("li", {}, inline(line.replace(/^\s*\d+[.)] /, "")))))],
  [/^> ?/, (lines) => h("blockquote", {}, lined(lines.map((line) => line.replace(/^> ?/, ""))))],
  [/^\s*$/, () => null],
  [/./, (lines) => h("p", {}, lined(lines))],
];

const ruleOf = (line) => RULES.findIndex(([test]) => test.test(line));

function prose(text) {
  const runs = [];
  for (const line of text.split("\n")) {
    const rule = ruleOf(line);
    if (runs.at(-1)?.rule === rule) runs.at(-1).lines.push(line);
    else runs.push({ rule, lines: [line] });
  }
  return runs.map(({ rule, lines }) => RULES[rule][1](lines));
}

export function markdown(text) {
  const parts = String(text ?? "").split(/^```[^\n]*\n([\s\S]*?)^```[ \t]*$/m);
  return h("div", { class: "block markdown" }, parts.map((part, index) => (index % 2 ? h("pre", {}, part.replace(/\n$/, "")) : prose(part))));
}
