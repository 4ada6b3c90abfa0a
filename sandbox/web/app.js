// Who looks at what, and keeping that fresh.

import { api, listen, sentence } from "./api.js";
import { makeComposer } from "./composer.js";
import { busy, toast } from "./dom.js";
import { makeForms } from "./forms.js";
import { makeNames } from "./names.js";
import { makePanels } from "./panels.js";
import { drawChannel, drawHome, drawThread, hideThread } from "./panes.js";
import { drawSidebar } from "./sidebar.js";
import { makeWelcome } from "./welcome.js";

const ANA = "U0ANA00001";
const KEPT = "countersign.user";
// The bot starts and stops without telling anybody, so the page asks now and then.
const CHECK_MS = 10_000;
// At less width a thread takes the place of the drawer, and a drawer lies above the messages.
const WIDE_PX = 1440;
const ROOMY_PX = 1080;

const app = { user: "", at: "", thread: null, state: null, stop: () => {}, line: true };
const el = (id) => document.getElementById(id);

/** `failure` is an Error, or an answer {status, error} of the server. */
const failed = (failure) => toast(failure instanceof Error ? failure.message : sentence(failure.error, failure.status));

const names = () => makeNames(app.state, app.user);
const channelOf = (id) => app.state.channels.find((channel) => channel.id === id);

/** Runs one at a time; calls that come meanwhile are answered by one more run. */
function coalesced(work) {
  let running = null;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await work();
    } while (again);
  };
  return () => {
    if (running) again = true;
    else running = run().catch(failed).finally(() => { running = null; });
    return running;
  };
}

const clickers = new Set();

function clicked(user) {
  clickers.add(user);
  if (clickers.size > 1) welcome.done(3);
}

async function act(body, control) {
  try {
    const answer = await busy(control, () => api.click({ user: app.user, ...body }));
    if (answer && !answer.ok) failed(answer);
    else if (answer) clicked(app.user);
  } catch (error) {
    failed(error);
  }
}

async function shortcut(ts, callback_id) {
  try {
    const answer = await api.shortcut({ user: app.user, channel: app.at, ts, callback_id });
    if (!answer.ok) failed(answer);
  } catch (error) {
    failed(error);
  }
}

const how = () => ({ names: names(), act, openThread, shortcut, shortcuts: app.state.shortcuts });
const forms = makeForms({ api, names, user: () => app.user, act, failed });
const panels = makePanels({ api, failed, user: () => app.user, shown: (open) => el("frame").classList.toggle("no-world", !open), sent: () => welcome.done(1), wiped: () => welcome.forget() });
const welcome = makeWelcome({ calls: () => panels.open("calls"), channel: () => go((news() || app.state.channels[0]).id), ana: asAna });

/** Where a call most likely went: another channel with something unread. */
const news = () => app.state.channels.find((channel) => channel.unread > 0 && channel.id !== app.at && !channel.dm);

function asAna() {
  become(ANA);
  toast("You are Ana now. Press Approve on a card; then become Lea, at the bottom left, and press it again.", "info");
}

function drawFrame() {
  drawSidebar(app, { go, become });
  panels.draw(app.state);
  welcome.suggest(news()?.name);
  drawComposers();
  drawBanner();
  document.title = `${app.at === "home" ? app.state.app.name : channelOf(app.at)?.name || ""} | ${app.state.team.name} sandbox`;
}

function drawBanner() {
  const { bot } = app.state;
  const text = !app.line ? "The sandbox does not answer. This page goes on as soon as it is back."
    : bot && bot.reachable === false ? `Countersign does not answer at ${bot.url}. Calls and clicks fail until it runs.` : "";
  el("banner").textContent = text;
  el("banner").hidden = !text;
}

const mark = { channel: "", thread: "" };

async function loadPlace() {
  const { user, at, thread } = app;
  if (at === "home") {
    const { view } = await api.home(user);
    if (app.at === "home" && app.user === user) drawHome(app.state.app, view, { ...how(), user });
    return;
  }
  const [found, replies] = await Promise.all([api.messages(at, user), thread ? api.thread(at, thread, user).catch(() => null) : null]);
  if (app.user !== user || app.at !== at || app.thread !== thread) return;
  const place = `${user}/${at}`;
  drawChannel(found, how(), mark.channel !== place);
  mark.channel = place;
  if (thread && !replies) closeThread();
  if (!replies) return;
  drawThread({ ...replies, channel: found.channel }, how(), closeThread, mark.thread !== `${place}/${thread}`);
  mark.thread = `${place}/${thread}`;
}

const refresh = coalesced(async () => {
  const { user } = app;
  // Side by side: asking whether the bot is reachable can take a second, and messages need not wait for that.
  const [state] = await Promise.all([api.state(user), loadPlace()]);
  if (app.user !== user) return;
  app.state = state;
  drawFrame();
  if (app.at !== "home" && !channelOf(app.at)) go(state.channels[0].id);
});

function heard(event) {
  if (event.what === "view") forms.accept(event.view);
  else if (event.what === "view_closed") forms.gone(event.view_id);
  else if (panels.knows(event.what)) panels.changed(event.what);
  else refresh();
}

function line(up) {
  if (up && !app.line) refresh();
  app.line = up;
  if (app.state) drawBanner();
}

function remember() {
  localStorage.setItem(KEPT, app.user);
  const hash = `#user=${app.user}&at=${app.at}`;
  if (location.hash !== hash) history[location.hash ? "pushState" : "replaceState"](null, "", `/${hash}`);
}

function go(place) {
  if (place !== "home") welcome.done(2);
  if (place === app.at) return;
  app.at = place;
  closeThread();
  remember();
  drawFrame();
  if (place === "home") api.homeOpen(app.user).then((answer) => answer.ok === false && failed(answer), failed);
  refresh();
}

function become(user) {
  if (user === app.user) return;
  app.user = user;
  forms.clear();
  app.stop();
  app.stop = listen(user, heard, line);
  remember();
  drawFrame();
  if (app.at === "home") api.homeOpen(user).catch(failed);
  refresh();
}

function narrow() {
  el("frame").classList.toggle("with-thread", Boolean(app.thread));
}

function openThread(ts) {
  app.thread = ts;
  mark.thread = "";
  if (window.innerWidth < WIDE_PX && panels.isOpen()) {
    app.worldWaits = true;
    panels.show(false);
  }
  narrow();
  refresh();
}

function closeThread() {
  if (!app.thread) return;
  app.thread = null;
  hideThread();
  narrow();
  if (app.worldWaits && window.innerWidth >= ROOMY_PX) panels.show(true);
  app.worldWaits = false;
}

async function send(text, thread) {
  try {
    const command = text.startsWith("/");
    if (command && thread) throw new Error("Slack has no commands in threads. Use the box below the channel.");
    const body = { user: app.user, channel: app.at, text };
    const answer = await (command ? api.command(body) : api.say(thread ? { ...body, thread_ts: thread } : body));
    if (answer.ok === false) failed(answer);
    refresh();
    return answer.ok !== false;
  } catch (error) {
    failed(error);
    return false;
  }
}

const composer = makeComposer({ testid: "composer", commands: () => app.state?.commands || [], send: (text) => send(text, null) });
const answerBox = makeComposer({ testid: "thread-composer", commands: () => [], send: (text) => send(text, app.thread) });

function drawComposers() {
  const channel = channelOf(app.at);
  el("composer").hidden = !channel;
  if (!channel) return;
  composer.rename(channel.archived ? "This channel is archived" : `Message ${channel.dm ? channel.name : `#${channel.name}`}`, channel.archived);
  answerBox.rename("Reply…", channel.archived);
}

function fromHash() {
  const hash = new URLSearchParams(location.hash.slice(1));
  // A permalink: /archives/C…/p1795392000000100, with ?thread_ts= for an answer in a thread.
  const [, channel, seconds, micros] = location.pathname.match(/^\/archives\/(\w+)\/p(\d+)(\d{6})$/) || [];
  return { user: hash.get("user"), at: hash.get("at") || channel, ts: seconds && `${seconds}.${micros}`, thread: new URLSearchParams(location.search).get("thread_ts") };
}

function reveal({ ts, thread }) {
  if (!ts) return;
  const message = el("messages").querySelector(`[data-ts="${thread || ts}"]`);
  message?.scrollIntoView({ block: "center" });
  message?.classList.add("fresh");
  if (thread) openThread(thread);
}

async function start() {
  el("composer").append(composer.node);
  el("thread-composer").append(answerBox.node);
  panels.show(window.innerWidth >= ROOMY_PX);
  const asked = fromHash();
  const { people } = await api.state(ANA);
  app.user = [asked.user, localStorage.getItem(KEPT), people[0].id].find((id) => people.some((person) => person.id === id));
  app.state = await api.state(app.user);
  const { channels } = app.state;
  app.at = asked.at === "home" || channels.some((channel) => channel.id === asked.at) ? asked.at : channels[0].id;
  app.stop = listen(app.user, heard, line);
  if (app.at === "home") api.homeOpen(app.user).catch(failed);
  remember();
  drawFrame();
  await refresh();
  reveal(asked);
}

window.addEventListener("hashchange", () => {
  const { user, at } = fromHash();
  if (user && user !== app.user && app.state?.people.some((person) => person.id === user)) become(user);
  if (at) go(at);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && app.thread && !event.defaultPrevented && !document.querySelector(".layer, .menu")) closeThread();
});
setInterval(() => {
  if (!app.state || document.hidden) return;
  refresh();
  panels.again();
}, CHECK_MS);
start().catch((error) => {
  failed(error);
  el("banner").textContent = error.message;
  el("banner").hidden = false;
  setTimeout(() => location.reload(), CHECK_MS);
});
