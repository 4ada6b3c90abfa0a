// What the fake vendors hold, so that one can see what an approval really did.

import { h, reconcile } from "./dom.js";
import { shortWhen } from "./time.js";

const TONES = { succeeded: "good", completed: "good", cleared: "good", active: "good", paid: "good", failed: "bad", disputed: "bad", canceled: "bad", requires_action: "warn", pending: "warn", processing: "warn", "not cleared": "warn" };

const chip = (text, tone) => h("span", { class: `chip ${tone || TONES[text] || ""}` }, String(text).replaceAll("_", " "));

const known = (value) => value !== null && value !== undefined && value !== "";

function when(value) {
  const epoch = Date.parse(value) / 1000;
  return Number.isFinite(epoch) ? shortWhen(epoch) : String(value);
}

const money = (amount, currency) => `${amount} ${currency || ""}`.trim();

/** Label and value in two columns; what the vendor did not say is left out. */
function facts(pairs) {
  const rows = pairs.filter(([, value]) => known(value));
  return rows.length ? h("dl", { class: "facts" }, rows.map(([label, value]) => [h("dt", {}, label), h("dd", {}, value)])) : null;
}

const metadataRows = (metadata) => Object.entries(metadata || {}).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);

function metadata(values) {
  const rows = metadataRows(values);
  return rows.length ? h("div", { class: "metadata" }, h("p", { class: "metadata-title" }, "metadata"), facts(rows)) : null;
}

function card(item, title, chips, ...rest) {
  return h("article", { class: "vendor-card", "data-id": item.id },
    h("header", {}, h("strong", {}, title), h("span", { class: "chips" }, chips)), rest,
    h("p", { class: "vendor-id", title: item.created ? `Created ${when(item.created)}` : null }, item.id));
}

const brand = (item) => card(item, item.name, [], facts([["website", item.website], ["logo", item.logo]]), metadata(item.metadata));

const transaction = (item) => card(item, money(item.amount, item.currency), [chip(item.cleared ? "cleared" : "not cleared")],
  facts([["at", item.brand], ["card", item.card], ["when", known(item.created) ? when(item.created) : null], ["refund of", item.refund_of], ["refunded by", item.refunded_by]]), metadata(item.metadata));

const request = (item) => card(item, `Missing: ${money(item.amount, item.currency)}`, [chip(item.status)],
  facts([["card", item.card], ["date", item.date], ["found", item.found]]));

const reimbursement = (item) => card(item, money(item.amount, item.currency), [chip(item.status)], facts([["for", item.transactionId], ["says", item.description]]));

const linkedCard = (item) => card(item, item.card, [], metadata(item.metadata));

const payment = (item) => card(item, money(item.amount, item.currency), [chip(item.status), item.disputed ? chip("disputed") : null],
  facts([["customer", item.customer], ["refunded", Number(item.refunded) > 0 ? money(item.refunded, item.currency) : null], ["left to refund", Number(item.refunded) > 0 ? money(item.left, item.currency) : null]]));

const refund = (item) => card(item, money(item.amount, item.currency), [chip(item.status)], facts([["of payment", item.payment], ["reason", item.reason?.replaceAll("_", " ")]]), metadata(item.metadata));

const creditNote = (item) => card(item, money(item.amount, item.currency), [], facts([["for invoice", item.invoice]]), metadata(item.metadata));

const receipt = (item) => card(item, `To ${item.email}`, [], facts([["of payment", item.payment], ["times sent", item.sent]]));

const portalLink = (item) => card(item, item.customer, [], facts([["opens", item.url]]));

const dispute = (item) => card(item, money(item.amount, item.currency), [chip(item.status)],
  facts([["of payment", item.payment], ["staged evidence", item.staged], ["submitted", item.submitted ? `${item.submitted} times` : null]]), metadata(item.metadata));

const stripeCustomer = (item) => card(item, item.name, [], facts([["e-mail", item.email], ["address", item.address]]));

const requestRow = ({ at, method, path, status }) => h("tr", {}, h("td", {}, new Date(at * 1000).toLocaleTimeString("en-US", { hour12: false })), h("td", { title: path }, method), h("td", { class: Number(status) < 400 ? "ok" : "not-ok" }, String(status)));

/** The requests of the bot to one system, newest first. */
export function drawRequests(host, entries) {
  const node = h("details", { class: "requests", open: host.querySelector(".requests")?.open || false }, h("summary", {}, `Last requests of Countersign (${entries.length})`),
    h("table", {}, h("tbody", {}, entries.map(requestRow))));
  host.querySelector(".requests")?.remove();
  host.append(node);
}

const said = (text) => known(text) ? h("p", { class: "vendor-text" }, text) : null;

const ticket = (item) => card(item, item.subject, [chip(item.status), chip(item.priority)], facts([["requester", item.requester], ["tags", item.tags], ["call", item.call]]),
  item.comments.map((one) => said(`${one.public ? "public" : "internal"}: ${one.body}`)));

const bookEntry = (item) => card(item, `${money(item.amount, item.currency)} · ${item.number}`, [], facts([["customer", item.customer], ["note", item.note]]));

const invoice = (item) => card(item, `${item.number} · ${money(item.amount, item.currency)}`, [item.email_status ? chip(item.email_status) : null],
  facts([["customer", item.customer], ["left", item.left === undefined ? null : money(item.left, item.currency)], ["due", item.due], ["status", item.status], ["times sent", item.sent || null]]));

const bookCustomer = (item) => card(item, item.name, [], facts([["e-mail", item.email], ["balance", money(item.balance, item.currency)], ["address", item.address]]));

const mail = (item) => card(item, item.subject || `To ${item.to}`, [item.where ? chip(item.where) : null], facts([["to", item.to], ["attached", (item.attachments || []).join(", ")], ["document", item.document], ["number", item.number]]), said(item.text));

const note = (item) => card(item, item.subject || item.about, [item.priority ? chip(item.priority.toLowerCase()) : null], facts([["about", item.about], ["owner", item.owner], ["due", known(item.due) ? when(item.due) : null]]), said(item.body));

const file = (item) => card(item, item.name, [], facts([["shared with", (item.shared_with || []).join(", ")]]));

const row = (item) => card(item, item.sheet, [], said(item.cells.join(" · ")));

// In the order that matters to somebody who just approved something.
const LISTS = {
  fidel: [["brands", "Brands", brand], ["reimbursements", "Reimbursements", reimbursement], ["requests", "Missing-transaction requests", request], ["transactions", "Transactions", transaction], ["cards", "Linked cards", linkedCard]],
  stripe: [["refunds", "Refunds", refund], ["credit_notes", "Credit notes", creditNote], ["receipts", "Sent receipts", receipt], ["portal_links", "Payment links", portalLink], ["disputes", "Disputes", dispute], ["invoices", "Invoices", invoice], ["payments", "Payments", payment], ["customers", "Customers", stripeCustomer]],
  zendesk: [["tickets", "Tickets", ticket]],
  quickbooks: [["refund_receipts", "Refund receipts", bookEntry], ["credit_memos", "Credit memos", bookEntry], ["mails", "Sent invoices", mail], ["invoices", "Invoices", invoice], ["customers", "Customers", bookCustomer]],
  hubspot: [["tasks", "Tasks", note], ["notes", "Notes", note]],
  google: [["mails", "Mail", mail], ["rows", "Rows", row], ["files", "Files", file]],
};

function list(key, title, host) {
  const found = host.querySelector(`[data-list="${key}"]`);
  if (found) return found;
  const made = h("section", { class: "vendor-list", "data-list": key, "aria-label": title }, h("h3", {}, title, " ", h("span", { class: "count" })), h("div", { class: "vendor-rows" }));
  host.append(made);
  return made;
}

/** Redraws one system's lists in place; what is new or different lights up for a moment. */
export function drawVendor(host, system, data) {
  for (const [key, title, draw] of LISTS[system]) {
    const items = data[key] || [];
    const section = list(key, title, host);
    const rows = section.querySelector(".vendor-rows");
    const first = !host.dataset.drawn;
    section.querySelector(".count").textContent = items.length ? String(items.length) : "none yet";
    reconcile(rows, items.map((item, at) => ({ key: item.id ?? `${key}-${items.length - at}`, same: JSON.stringify(item), item })), ({ item }) => {
      const node = draw(item);
      if (!first) node.classList.add("fresh");
      return node;
    });
  }
  host.dataset.drawn = "yes";
}
