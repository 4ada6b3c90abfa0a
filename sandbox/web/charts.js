// Slack's chart block as bars that lie, so that long names can be read.

import { fill, h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 640;
const LABELS = 158;
const FIGURES = 64;
const BAR = 16;
const GAP = 12;
const COLOURS = ["#1264a3", "#e8912d", "#2eb67d", "#8d6cab", "#e01e5a", "#616061"];

function s(tag, props, ...kids) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  fill(node, ...kids);
  return node;
}

const figure = (value) => new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 }).format(value);

/** A whole number of steps of 1, 2 or 5 times a power of ten that holds `most`. */
function scaleOf(most) {
  const rough = (most || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  return Array.from({ length: Math.ceil((most || 1) / step) + 1 }, (_, n) => n * step);
}

export function chart(block) {
  const { chart: drawn, title } = block;
  const series = drawn.series || [];
  const categories = drawn.axis_config?.categories || [];
  const ticks = scaleOf(Math.max(0, ...series.flatMap((one) => one.data.map((point) => point.value))));
  const x = (value) => LABELS + ((WIDTH - LABELS - FIGURES) * value) / ticks.at(-1);
  const row = series.length * BAR + GAP;
  const height = categories.length * row + 28;
  const bottom = height - 22;
  const grid = ticks.map((value) => [
    s("line", { x1: x(value), x2: x(value), y1: 0, y2: bottom, class: value ? "tick" : "axis" }),
    s("text", { x: x(value), y: height - 6, class: "chart-tick", "text-anchor": "middle" }, figure(value)),
  ]);
  const bars = categories.flatMap((name, n) => [
    s("text", { x: LABELS - 10, y: n * row + GAP / 2 + (series.length * BAR) / 2, class: "chart-name", "text-anchor": "end", "dominant-baseline": "central" }, name),
    ...series.flatMap((one, at) => {
      const value = one.data[n]?.value ?? 0;
      const top = n * row + GAP / 2 + at * BAR;
      return [
        s("rect", { x: LABELS, y: top + 1, width: Math.max(x(value) - LABELS, 2), height: BAR - 2, rx: 3, fill: COLOURS[at % COLOURS.length] }),
        s("text", { x: Math.max(x(value), LABELS + 2) + 6, y: top + BAR / 2, class: "chart-figure", "dominant-baseline": "central" }, figure(value)),
      ];
    }),
  ]);
  const words = categories.map((name, n) => `${name}: ${series.map((one) => `${one.name} ${figure(one.data[n]?.value ?? 0)}`).join(", ")}`).join("; ");
  const legend = series.map((one, at) => h("span", { class: "chart-key" }, h("i", { style: { background: COLOURS[at % COLOURS.length] } }), one.name));
  return h("figure", { class: "block chart", "data-testid": "chart" },
    h("figcaption", {}, h("strong", {}, title), h("span", { class: "quiet" }, drawn.axis_config?.y_label || ""), series.length > 1 ? h("span", { class: "chart-keys" }, legend) : null),
    s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `${title}. ${words}` }, grid, bars));
}
