// The page's only way to the server: JSON requests to /sim/... and one stream of events.

const SILENT = "The sandbox does not answer. Is it still running?";

/** A question that fails raises; a deed that fails is an answer, because the server says what the bot did. */
async function request(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(SILENT);
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null && !(options.method === undefined && body.ok === false)) return body;
  throw new Error((body && typeof body.error === "string" && sentence(body.error, answer.status)) || `The sandbox answered ${answer.status} to ${path.split("?")[0]}.`);
}

const query = (values) => new URLSearchParams(values).toString();
const get = (path, values = {}) => request(`${path}?${query(values)}`);
const post = (path, body = {}) => request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const api = {
  state: (user) => get("/sim/state", { user }),
  messages: (channel, user) => get("/sim/messages", { channel, user }),
  thread: (channel, ts, user) => get("/sim/thread", { channel, ts, user }),
  home: (user) => get("/sim/home", { user }),
  homeOpen: (user) => post("/sim/home/open", { user }),
  click: (body) => post("/sim/click", body),
  submit: (body) => post("/sim/view/submit", body),
  close: (body) => post("/sim/view/close", body),
  command: (body) => post("/sim/command", body),
  say: (body) => post("/sim/message", body),
  shortcut: (body) => post("/sim/shortcut", body),
  runs: () => get("/sim/workflow"),
  runStep: (user, inputs) => post("/sim/workflow", { user, step: "ask_finance_to_approve", inputs }),
  call: (name, fresh) => post("/sim/call", { name, fresh }),
  fault: (system, fault) => post("/sim/faults", { system, fault }),
  panel: (system) => get(`/sim/${system}`),
  log: () => get("/sim/log", { limit: 200 }),
  reset: () => post("/sim/reset"),
};

const SENTENCES = {
  timeout: "Countersign did not answer within 3 seconds. Slack would show a warning here, too.",
  unreachable: "Countersign cannot be reached. Is it running?",
  connection: "Countersign cannot be reached. Is it running?",
  expired: "This form is too old to be opened. Press the button again.",
  not_found: "That does not exist any more. Reload the page.",
  message_not_found: "That message does not exist any more.",
  view_not_found: "That form is not open any more.",
  is_archived: "This channel is archived.",
  thread_not_found: "That message does not exist any more.",
  "unknown command": "There is no such command here. Type / to see those that exist.",
};

/** Says an error code as a sentence; what is a sentence already stays as it is. */
export function sentence(error, status) {
  const code = String(error || "");
  if (SENTENCES[code]) return SENTENCES[code];
  if (code.includes(" ") && !code.startsWith("status ")) return code;
  if (status === 401) return "Countersign refused the signature (401). Do both sides use the same secret?";
  if (status >= 500) return `Countersign answered ${status}: it failed while handling this.`;
  if (status) return `Countersign answered ${status}${code && !code.startsWith("status ") ? ` (${code})` : ""}.`;
  return code ? `That did not work: ${code.replaceAll("_", " ")}.` : "That did not work.";
}

/** Listens for one person. `heard(event)` per event; `line(up)` when the connection comes and goes. Returns how to stop. */
export function listen(user, heard, line) {
  const source = new EventSource(`/sim/events?${query({ user })}`);
  source.onmessage = (message) => heard(JSON.parse(message.data));
  source.onopen = () => line(true);
  source.onerror = () => line(false);
  return () => source.close();
}
