// The drawer "Outside world": what happens around Slack, and how to make it go wrong.

import { busy, fill, h, icon, reconcile, toast } from "./dom.js";
import { sentence } from "./api.js";
import { ask } from "./popups.js";
import { drawRequests, drawVendor } from "./vendors.js";
import { showRuns } from "./workflow.js";

const VENDORS = { fidel: "Fidel API", stripe: "Stripe", zendesk: "Zendesk", quickbooks: "QuickBooks", hubspot: "HubSpot", google: "Google" };

const SYSTEMS = { slack: "Slack", ...VENDORS };

const TABS = [["calls", "Calls"], ["workflow", "Workflow"], ...Object.entries(VENDORS), ["faults", "Faults"]];

const FAULTS = {
  none: ["Works", "Everything is answered as it should be."],
  slow: ["Slow", "Waits 4 seconds, then answers."],
  429: ["Too many requests", "Answers 429 and asks to wait 2 seconds."],
  500: ["Broken", "Answers 500 before anything happens."],
  lost_reply: ["Lost reply", "Does what was asked, then drops the line without an answer. Did it happen? The bot has to find out."],
  archived_channel: ["Channels archived", "Posts to the #finance channels are refused, except in #finance-review."],
  old_blocks: ["Old workspace", "Refuses the chart block; a digest comes with an image instead."],
  revoked_token: ["Token revoked", "Every request of the bot is refused."],
};

const faultOf = (kind) => FAULTS[kind] || [kind, ""];

const LEADS = {
  calls: "A caller rang; DialNexa sends Countersign the summary. Choose one and look at the channel.",
  ...Object.fromEntries(Object.entries(VENDORS).map(([id, name]) => [id, `What the fake ${name} holds right now. Changes light up.`])),
  workflow: "A workflow of Slack's Workflow Builder with the step “Ask finance to approve”. It waits until somebody decides.",
  faults: "Make an outside system misbehave, and see that no money moves twice.",
};

/** `how`: {api, failed(error), shown(open), sent(name)}. Returns {draw(state), changed(what), open(tab), toggle()}. */
export function makePanels(how) {
  const world = document.getElementById("world");
  const toggle = document.getElementById("world-toggle");
  const bodies = Object.fromEntries(TABS.map(([id]) => [id, h("div", { class: "world-list", "data-testid": VENDORS[id] ? `panel-${id}` : `list-${id}` })]));
  const panels = TABS.map(([id]) => h("div", { class: "world-panel", id: `world-${id}`, role: "tabpanel", "aria-labelledby": `world-tab-${id}`, hidden: true, tabindex: "0" }, h("p", { class: "lead" }, LEADS[id]), bodies[id]));
  const tabs = TABS.map(([id, name]) => h("button", { type: "button", role: "tab", id: `world-tab-${id}`, class: "world-tab", "aria-controls": `world-${id}`, "data-testid": `tab-${id}`, onclick: () => pick(id) }, name, h("span", { class: "dot", hidden: true })));
  const outcome = new Map();
  let current = "calls";
  let state = null;

  fill(world,
    h("header", { class: "world-head" }, h("h2", {}, icon("globe", 18), "Outside world"), h("button", { type: "button", class: "plain-icon", "aria-label": "Hide the outside world", "data-testid": "world-hide", onclick: () => show(false) }, icon("close", 18))),
    h("div", { class: "world-tabs", role: "tablist", "aria-label": "Outside world", onkeydown: arrow }, tabs),
    panels,
    h("footer", { class: "world-foot" }, h("button", { type: "button", class: "link-button", "data-testid": "reset", onclick: startAgain }, "Start again: wipe this workspace")));
  toggle.append(icon("globe", 16), h("span", {}, "Outside world"));
  toggle.addEventListener("click", () => show(world.hidden));

  const isOpen = () => !world.hidden;

  function show(open) {
    world.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
    how.shown(open);
    if (open) pick(current);
  }

  function arrow(event) {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const at = TABS.findIndex(([id]) => id === current);
    const next = TABS[(at + move + TABS.length) % TABS.length][0];
    pick(next);
    document.getElementById(`world-tab-${next}`).focus();
  }

  function pick(id) {
    current = id;
    TABS.forEach(([name], index) => {
      const here = name === id;
      tabs[index].setAttribute("aria-selected", String(here));
      tabs[index].tabIndex = here ? 0 : -1;
      panels[index].hidden = !here;
    });
    if (id !== "faults") mark(id, false);
    again();
  }

  function again() {
    if (!isOpen()) return;
    if (VENDORS[current]) load(current);
    else if (current === "workflow") showRuns(bodies.workflow, how).catch(how.failed);
  }

  const mark = (id, on) => { document.querySelector(`#world-tab-${id} .dot`).hidden = !on; };

  async function load(system) {
    try {
      const [held, log] = await Promise.all([how.api.panel(system), how.api.log()]);
      drawVendor(bodies[system], system, held);
      drawRequests(bodies[system], log.requests.filter((entry) => entry.system === system));
    } catch (error) {
      how.failed(error);
    }
  }

  async function send(call, fresh, control) {
    try {
      const answer = await busy(control, () => how.api.call(call.name, fresh));
      if (!answer) return;
      outcome.set(call.name, answer);
      drawCalls();
      if (!answer.ok) return how.failed(answer);
      toast(fresh ? `Call sent: ${call.title}` : `The same call was sent again: ${call.title}`, "info");
      how.sent(call.name);
    } catch (error) {
      how.failed(error);
    }
  }

  function drawOutcome(answer) {
    if (!answer) return null;
    // The body is long, so it is drawn when somebody looks at it.
    const opened = (event) => { if (!event.currentTarget.querySelector("pre")) fill(event.currentTarget, answer.sent ? h("pre", { tabindex: "0" }, JSON.stringify(answer.sent, null, 2)) : null); };
    return h("details", { class: `outcome ${answer.ok ? "good" : "bad"}`, ontoggle: opened },
      h("summary", {}, answer.ok ? `Countersign answered ${answer.status}` : sentence(answer.error, answer.status)),
      answer.call_id ? h("p", { class: "vendor-id" }, answer.call_id) : null);
  }

  function drawCall({ call, answer }) {
    return h("article", { class: "call", "data-call": call.name },
      h("header", {}, h("strong", {}, call.title), h("span", { class: "chip kind" }, call.kind.replaceAll("_", " "))),
      h("p", { class: "says" }, call.says),
      h("div", { class: "call-foot" },
        h("button", { type: "button", class: "button primary small", "data-testid": `call-${call.name}`, "aria-label": `Send: ${call.title}`, onclick: (event) => send(call, true, event.currentTarget) }, h("span", {}, "Send")),
        h("button", { type: "button", class: "button small", "data-testid": `call-again-${call.name}`, "aria-label": `Send again (same call): ${call.title}`, title: "Sends the very same call once more, as DialNexa does when it retries. Nothing should happen twice.", onclick: (event) => send(call, false, event.currentTarget) }, h("span", {}, "Send again (same call)"))),
      drawOutcome(answer));
  }

  function drawCalls() {
    reconcile(bodies.calls, state.calls.map((call) => ({ key: call.name, same: JSON.stringify([call, outcome.get(call.name)]), call, answer: outcome.get(call.name) })), drawCall);
  }

  async function setFault(system, select) {
    try {
      const answer = await busy(select, () => how.api.fault(system, select.value));
      if (answer?.ok === false) how.failed(answer);
    } catch (error) {
      select.value = state.faults[system];
      how.failed(error);
    }
  }

  function drawFault({ system, active, kinds }) {
    return h("section", { class: `fault${active === "none" ? "" : " on"}` },
      h("label", { for: `fault-${system}` }, SYSTEMS[system]),
      h("span", { class: "select" }, h("select", { id: `fault-${system}`, "data-testid": `fault-${system}`, "aria-describedby": `fault-${system}-says`, value: active, onchange: (event) => setFault(system, event.currentTarget) }, kinds.map((kind) => h("option", { value: kind }, faultOf(kind)[0])))),
      h("p", { id: `fault-${system}-says`, class: "hint" }, faultOf(active)[1]));
  }

  function drawFaults() {
    const rows = Object.keys(SYSTEMS).map((system) => ({ system, active: state.faults[system] || "none", kinds: state.fault_kinds[system] || [] }));
    reconcile(bodies.faults, rows.map((row) => ({ key: row.system, same: JSON.stringify(row), ...row })), (row, old) => {
      const node = drawFault(row);
      if (old?.contains(document.activeElement)) queueMicrotask(() => node.querySelector("select").focus());
      return node;
    });
    mark("faults", rows.some((row) => row.active !== "none"));
  }

  async function startAgain() {
    const sure = await ask({ title: "Start again?", body: "All messages, forms, refunds and brands of this sandbox go back to the beginning. The bot keeps its own records.", yes: "Wipe it", danger: true });
    if (!sure) return;
    outcome.clear();
    how.wiped();
    await how.api.reset().then(() => location.reload(), how.failed);
  }

  return {
    draw(next) {
      state = next;
      drawCalls();
      drawFaults();
      if (current === "workflow") again();
    },
    changed(system) {
      if (isOpen() && current === system) load(system);
      else mark(system, true);
    },
    /** Reading leaves no event, but it shows in the list of requests. */
    again,
    knows: (system) => system in VENDORS,
    open(tab = current) {
      current = tab;
      show(true);
    },
    show,
    isOpen,
  };
}
