"""Change the website or logo of a brand on Fidel API; never the name, which Fidel refuses."""

from datetime import timedelta

from bot.core.actions import Subject, step
from bot.core.model import Action, CaseState, Kind
from bot.core.playbooks.playbook import Need, Playbook

_RENAMES = frozenset({"new_name", "new_brand_name", "brand_new_name", "rename_to"})


def _actions(subject: Subject) -> tuple[Action, ...]:
    fields = subject.fields
    changes = " and ".join(
        words for words, value in (("website", fields.website_url), ("logo", fields.logo_url)) if value
    )
    return (
        step(
            "update-brand",
            "fidel",
            "update_brand",
            f"Change the {changes} of the brand {fields.brand_name or fields.brand_id} on Fidel API",
            brand_id=fields.brand_id or subject.known("brand", "brand_id"),
            website_url=fields.website_url,
            logo_url=fields.logo_url,
            reference=subject.reference(CaseState.DONE),  # the only step, so the case is done with it
        ),
    )


def _can_change(subject: Subject) -> str | None:
    if _RENAMES & {name.lower().replace(" ", "_").replace("-", "_") for name in subject.details.unmapped}:
        return "The caller wants another brand name, and Fidel API refuses to rename a brand."
    if subject.fields.brand_name and not (subject.fields.brand_id or subject.known("brand", "brand_id")):
        looked = (subject.facts[name].missing for name in ("brand", "fidel") if name in subject.facts)
        return next((why for why in looked if why), "The brand was not found on Fidel API.")
    return None


PLAYBOOK = Playbook(
    kind=Kind.BRAND_UPDATE,
    title="Brand change",
    asks="wants brand details changed",
    channel="brands",
    due=timedelta(days=2),
    intents=frozenset({"brand_change"}),
    needs=(Need("the brand", ("brand_id", "brand_name")), Need("what changes", ("website_url", "logo_url"))),
    facts=frozenset({"brand"}),
    actions=_actions,
    objection=_can_change,
    form=("brand_id", "brand_name", "website_url", "logo_url", "customer_name", "email"),
    named_by="brand_name",
)
