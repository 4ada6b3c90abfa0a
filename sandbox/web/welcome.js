// Three steps for somebody who sees this page for the first time.

import { h, icon } from "./dom.js";

const HIDDEN = "countersign.welcome.hidden";
const DONE = "countersign.welcome.done";

/** `how`: {calls(), channel(), ana()}: what the three steps do. Returns {done(step), suggest(channelName)}. */
export function makeWelcome(how) {
  const host = document.getElementById("welcome");
  const target = h("span", {}, "Open the channel");
  const done = new Set();
  const tick = (number) => {
    const node = strip.querySelector(`[data-step="${number}"]`);
    node.classList.add("done");
    node.querySelector(".step-number").replaceChildren(icon("check", 14));
  };

  const step = (number, words, act, testid) => h("button", { type: "button", class: "step", "data-step": number, "data-testid": testid, onclick: act }, h("span", { class: "step-number" }, String(number)), words);
  const arrow = () => h("span", { class: "step-arrow", "aria-hidden": "true" }, "→");
  const strip = h("section", { class: "welcome", "aria-label": "How to try it" },
    h("strong", { class: "welcome-title" }, "Try it:"),
    step(1, h("span", {}, "Send a call"), how.calls, "step-1"), arrow(),
    step(2, target, how.channel, "step-2"), arrow(),
    step(3, h("span", {}, "Approve as Ana, then Lea"), how.ana, "step-3"),
    h("button", { type: "button", class: "plain-icon", "aria-label": "Hide these steps", "data-testid": "welcome-hide", onclick: hide }, icon("close", 14)));

  function hide() {
    localStorage.setItem(HIDDEN, "yes");
    host.hidden = true;
  }

  host.append(strip);
  for (const number of (sessionStorage.getItem(DONE) || "").split(",").filter(Boolean)) {
    done.add(Number(number));
    tick(number);
  }
  host.hidden = localStorage.getItem(HIDDEN) === "yes";

  return {
    forget: () => sessionStorage.removeItem(DONE),
    suggest: (name) => { target.textContent = name ? `Open #${name}` : "Open the channel"; },
    done(number) {
      if (done.has(number)) return;
      done.add(number);
      tick(number);
      sessionStorage.setItem(DONE, [...done].join(","));
    },
  };
}
