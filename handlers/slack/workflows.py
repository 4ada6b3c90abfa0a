"""Open a case for the step "Ask finance to approve" of Slack's Workflow Builder, which waits for its end."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cases import notices
from bot.core.cards.forms import VALUE, FormErrors
from bot.core.cards.mrkdwn import is_person
from bot.core.model import Call, Kind
from bot.core.notices import Notice
from bot.core.playbooks import PLAYBOOKS
from bot.core.redact import redact_tree
from bot.core.slack_ids import ActionId, CallbackId
from bot.core.triage import case_id_of
from handlers.context import Context, NotAllowed
from handlers.slack.completing import stated_details

# The step's inputs, as the manifest names them -> the inputs of the form that opens a case.
INPUTS: Mapping[str, str] = {
    "amount": "amount",
    "currency": "currency",
    "reason": "reason",
    "customer": "customer_name",
    "payment_id": "payment_id",
}
AT_MOST = 500  # characters of an input; a form takes no more


class BadInput(Exception):
    """Carry a sentence for whoever looks after the workflow."""


def register(bolt: AsyncApp, ctx: Context) -> None:
    @bolt.function(CallbackId.WORKFLOW_STEP, auto_acknowledge=False)
    async def asked(ack: AsyncAck, body: dict[str, Any]) -> None:
        """Acknowledge after the commit: Slack sends again what could not be kept."""
        event = body["event"]
        execution_id, inputs = str(event["function_execution_id"]), event.get("inputs") or {}
        try:
            ctx.check_team("workflow", body.get("team_id"))
            call = read_step(execution_id, inputs)
        except (BadInput, NotAllowed) as fault:
            await _refuse(ctx, execution_id, str(fault))
        else:
            await ctx.receive(call, execution_id.encode())
            ctx.count("slack", "workflow_step")
        await ack()


def read_step(execution_id: str, inputs: Mapping[str, Any]) -> Call:
    """Read the request, by the rules of the form, as a call of the person who asks. Raises BadInput."""
    redacted, found = redact_tree(
        {name: str(value)[:AT_MOST] for name, value in inputs.items() if value not in (None, "")}
    )
    given: Mapping[str, Any] = redacted if isinstance(redacted, dict) else {}
    requester = str(inputs.get("requester") or "")
    if not is_person(requester):
        raise BadInput("Say who asks: the step needs “Requester”, a person of this workspace.")
    kind = str(given.get("kind") or Kind.REFUND).strip().lower().replace(" ", "_").replace("-", "_")
    values = {field: {VALUE: {"value": given.get(name)}} for name, field in INPUTS.items()}
    values["kind"] = {ActionId.KIND: {"selected_option": {"value": kind}}}
    if kind not in PLAYBOOKS:
        raise BadInput(f"“{kind[:40]}” is no kind of case. There are: {', '.join(sorted(PLAYBOOKS))}.")
    try:
        details = stated_details(values)
    except FormErrors as faults:
        raise BadInput(" ".join(f"{name.replace('_', ' ')}: {why}" for name, why in faults.errors.items())) from None
    return Call(
        call_id=case_id_of(f"workflow:{execution_id}"),
        author=requester,
        event=f"workflow {CallbackId.WORKFLOW_STEP}",
        workflow=execution_id,
        details=details.model_copy(update={"redactions": found}),
    )


async def _refuse(ctx: Context, execution_id: str, why: str) -> None:
    """End the step through a notice, so that the workflow hears of it also where Slack does not answer just now."""
    now = ctx.clock()
    notice = Notice(
        notice_id=f"workflow/{execution_id}",
        recipient=f"{notices.WORKFLOW}{execution_id}",
        text=why,
        created_at=now,
        due_at=now,
    )
    await ctx.db.write(lambda store: store.add_notice(notice))
    ctx.count("slack", "workflow_step_refused")
