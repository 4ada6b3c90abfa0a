// Somebody's workflow that has the step "Ask finance to approve": run it, and see what it gets back.

import { busy, h, reconcile } from "./dom.js";

const START = { amount: "24.00", currency: "USD", reason: "Charged twice", customer: "Dana Ortiz", payment_id: "pi_SMALL", kind: "refund" };
const TONES = { completed: "good", failed: "bad" };

const pairs = (values) => h("dl", { class: "facts" }, Object.entries(values || {}).map(([name, value]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, String(value))]));

function run({ item }) {
  return h("article", { class: "vendor-card", "data-testid": "run", "data-id": item.id },
    h("header", {}, h("strong", {}, item.inputs.reason || item.id), h("span", { class: "chips" }, h("span", { class: `chip ${TONES[item.state] || "warn"}` }, item.state))),
    pairs(item.outputs), item.error ? h("p", { class: "hint" }, item.error) : null, h("p", { class: "vendor-id" }, item.id));
}

function form(host, how) {
  const fields = Object.entries(START).map(([name, value]) => h("input", { name, value, id: `run-${name}`, "data-testid": `run-${name}`, autocomplete: "off" }));
  const submit = async (event) => {
    event.preventDefault();
    const inputs = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    try {
      const answer = await busy(event.submitter, () => how.api.runStep(how.user(), { ...inputs, requester: how.user() }));
      if (answer && !answer.ok) how.failed(answer);
      await showRuns(host, how);
    } catch (error) {
      how.failed(error);
    }
  };
  return h("form", { class: "call run-form", onsubmit: submit },
    fields.map((field) => h("p", { class: "run-field" }, h("label", { for: field.id }, field.name.replaceAll("_", " ")), field)),
    h("button", { type: "submit", class: "button primary small", "data-testid": "run-step" }, h("span", {}, "Run the workflow as yourself")));
}

/** `how`: {api, user(), failed(error)}. What was typed stays; the runs are drawn anew. */
export async function showRuns(host, how) {
  const { runs } = await how.api.runs();
  if (!host.firstElementChild) host.append(form(host, how), h("div", { class: "vendor-rows", "data-testid": "runs" }));
  reconcile(host.lastElementChild, runs.map((item) => ({ key: item.id, same: JSON.stringify(item), item })), run);
}
