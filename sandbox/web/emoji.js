// The short codes that finance messages use. A code that is not here is shown as it was written, as Slack does.

const TABLE = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", negative_squared_cross_mark: "❎",
  hourglass_flowing_sand: "⏳", hourglass: "⌛", stopwatch: "⏱️", alarm_clock: "⏰", clock3: "🕒", calendar: "📅", date: "📅", spiral_calendar_pad: "🗓️",
  warning: "⚠️", rotating_light: "🚨", octagonal_sign: "🛑", no_entry: "⛔", no_entry_sign: "🚫", exclamation: "❗", question: "❓", grey_question: "❔",
  lock: "🔒", unlock: "🔓", closed_lock_with_key: "🔐", key: "🔑", shield: "🛡️", eyes: "👀", eye: "👁️", mag: "🔍",
  moneybag: "💰", money_with_wings: "💸", credit_card: "💳", dollar: "💵", bank: "🏦", receipt: "🧾", chart_with_upwards_trend: "📈",
  phone: "☎️", telephone_receiver: "📞", iphone: "📱", email: "📧", envelope: "✉️", incoming_envelope: "📨", speech_balloon: "💬", mega: "📣", bell: "🔔", no_bell: "🔕",
  link: "🔗", paperclip: "📎", page_facing_up: "📄", clipboard: "📋", memo: "📝", pencil: "📝", pencil2: "✏️", card_index: "📇", file_folder: "📁", label: "🏷️", bookmark: "🔖", pushpin: "📌", inbox_tray: "📥", outbox_tray: "📤",
  arrows_counterclockwise: "🔄", repeat: "🔁", arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", leftwards_arrow_with_hook: "↩️", fast_forward: "⏩",
  raised_hand: "✋", hand: "✋", wave: "👋", thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", ok_hand: "👌", clap: "👏", pray: "🙏", point_right: "👉", muscle: "💪",
  bust_in_silhouette: "👤", busts_in_silhouette: "👥", handshake: "🤝", tada: "🎉", sparkles: "✨", star: "⭐", fire: "🔥", zap: "⚡", bulb: "💡", robot_face: "🤖", gear: "⚙️", wrench: "🔧", hammer: "🔨", package: "📦",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", large_orange_diamond: "🔶", small_blue_diamond: "🔹",
  information_source: "ℹ️", heavy_plus_sign: "➕", heavy_minus_sign: "➖", heavy_exclamation_mark: "❗", double_vertical_bar: "⏸️", recycle: "♻️", wastebasket: "🗑️", house: "🏠", office: "🏢", globe_with_meridians: "🌐", crown: "👑", gem: "💎", scales: "⚖️", anchor: "⚓", bread: "🍞", tea: "🍵",
  smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔", disappointed: "😞", sweat_smile: "😅", heart: "❤️", blush: "😊", grinning: "😀", neutral_face: "😐", sleeping: "😴", test_tube: "🧪", hash: "#️⃣", one: "1️⃣", two: "2️⃣", three: "3️⃣", abacus: "🧮", snail: "🐌", construction: "🚧", seedling: "🌱", twisted_rightwards_arrows: "🔀", vertical_traffic_light: "🚦", checkered_flag: "🏁", triangular_flag_on_post: "🚩",
};

const CODE = /:([a-z0-9_+'-]+):/g;

export const emoji = (name) => TABLE[name] || null;

/** Replaces known short codes in plain text. */
export const withEmoji = (text) => text.replace(CODE, (whole, name) => TABLE[name] || whole);
