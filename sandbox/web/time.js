// Times as Slack words them, always in the reader's own zone.

const LOCALE = "en-US";
const DAY_MS = 86_400_000;

const clock = (date, seconds = false) => date.toLocaleTimeString(LOCALE, { hour: "numeric", minute: "2-digit", second: seconds ? "2-digit" : undefined });
const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** 0 is today, 1 tomorrow, -1 yesterday; rounding absorbs a change of clocks. */
const daysAway = (date) => Math.round((midnight(date) - midnight(new Date())) / DAY_MS);

const NEAR = { 0: "Today", 1: "Tomorrow", "-1": "Yesterday" };

function ordinal(day) {
  const tail = day % 10;
  if (day > 10 && day < 14) return `${day}th`;
  return `${day}${{ 1: "st", 2: "nd", 3: "rd" }[tail] || "th"}`;
}

function longDate(date, month, weekday) {
  const name = date.toLocaleDateString(LOCALE, { month });
  const day = weekday ? `${date.toLocaleDateString(LOCALE, { weekday })}, ` : "";
  const year = date.getFullYear() === new Date().getFullYear() && weekday ? "" : `, ${date.getFullYear()}`;
  return `${day}${name} ${ordinal(date.getDate())}${year}`;
}

const STEPS = [[60, "minute"], [3600, "hour"], [86_400, "day"]];

function ago(date) {
  const seconds = Math.max(0, (Date.now() - date.getTime()) / 1000);
  const step = STEPS.findLast(([size]) => seconds >= size);
  if (!step) return "just now";
  const count = Math.floor(seconds / step[0]);
  return `${count} ${step[1]}${count === 1 ? "" : "s"} ago`;
}

const TOKENS = {
  date_num: (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`,
  date: (date) => longDate(date, "long", null),
  date_short: (date) => date.toLocaleDateString(LOCALE, { month: "short", day: "numeric", year: "numeric" }),
  date_long: (date) => longDate(date, "long", "long"),
  date_slash: (date) => date.toLocaleDateString(LOCALE),
  time: (date) => clock(date),
  time_secs: (date) => clock(date, true),
  ago: (date) => ago(date),
};

function token(name, date) {
  const plain = name.replace(/_pretty$/, "");
  if (!TOKENS[plain]) return `{${name}}`;
  const near = NEAR[daysAway(date)];
  return name !== plain && near ? near.toLowerCase() : TOKENS[plain](date);
}

/** `<!date^EPOCH^FORMAT|…>`; an unusable time gives "" and the caller shows the fallback. `first`: it opens a line. */
export function formatDate(epoch, format, first = true) {
  const date = new Date(epoch * 1000);
  if (!Number.isFinite(epoch) || Number.isNaN(date.getTime())) return "";
  const text = format.replace(/\{(\w+)\}/g, (_, name) => token(name, date));
  return first ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

export const tsDate = (ts) => new Date(Number.parseFloat(ts) * 1000);
export const shortTime = (ts) => clock(tsDate(ts));
export const fullTime = (ts) => `${tsDate(ts).toLocaleDateString(LOCALE, { weekday: "long", month: "long", day: "numeric" })} at ${clock(tsDate(ts), true)}`;

/** "Today at 3:04 PM", "November 2nd, 2026 at 3:04 PM". */
export const dayTime = (ts) => formatDate(Number(ts), "{date_pretty} at {time}");
export const shortWhen = (ts) => `${tsDate(ts).toLocaleDateString(LOCALE, { month: "short", day: "numeric", year: "numeric" })}, ${shortTime(ts)}`;

/** The words on the line between two days. */
export const dayLabel = (ts) => NEAR[daysAway(tsDate(ts))] || longDate(tsDate(ts), "long", "long");
export const dayKey = (ts) => String(midnight(tsDate(ts)));
