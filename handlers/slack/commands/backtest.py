"""Answer `/finance policy try` with what the shadow policy has recorded."""

from datetime import timedelta

from bot.cases import shadow
from bot.core.cards.mrkdwn import code, context, data, fit, section
from handlers.slack.commands.parse import Asked, Reply

BACK = timedelta(days=30)
NOTHING = "No second policy is tried. Name one in `POLICY_SHADOW_FILE`: it decides nothing, and is counted here."


async def tried(asked: Asked) -> Reply:
    since = asked.ctx.clock() - BACK
    seen = await asked.ctx.db.read(lambda store: shadow.seen(store, since))
    if not seen.recorded:
        return Reply(NOTHING)
    heading = f"*The policy that is tried*, in the last {BACK.days} days\n{data(seen.summary, 500)}"
    lines = [f"•  {data(line, 80)}" for line in seen.lines] or ["Nothing differs."]
    how = context(f"In force: {code(asked.ctx.policy.version)}. More of it: `countersign policy backtest`.")
    return Reply("\n".join([heading, *lines]), [section(heading), section(fit(lines, 2900)), how])
