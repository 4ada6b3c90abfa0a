"""Create a brand on Fidel API, with our reference in its metadata."""

from datetime import timedelta

from bot.core.actions import Subject, step
from bot.core.model import Action, CaseState, Kind
from bot.core.playbooks.playbook import Need, Playbook


def _actions(subject: Subject) -> tuple[Action, ...]:
    fields = subject.fields
    return (
        step(
            "create-brand",
            "fidel",
            "create_brand",
            f"Create the brand {fields.brand_name} on Fidel API",
            name=fields.brand_name,
            website_url=fields.website_url,
            logo_url=fields.logo_url,
            reference=subject.reference(CaseState.DONE),  # the only step, so the case is done with it
        ),
    )


def _name_fits(subject: Subject) -> str | None:
    name = subject.fields.brand_name
    fits = name is None or 2 <= len(name.strip()) <= 50
    return None if fits else "Fidel API takes brand names of 2 to 50 characters."


PLAYBOOK = Playbook(
    kind=Kind.BRAND_CREATE,
    title="New brand",
    asks="wants to be set up as a brand",
    channel="brands",
    due=timedelta(days=2),
    intents=frozenset({"brand_setup"}),
    needs=(
        Need("the brand's name", ("brand_name",)),
        Need("the website", ("website_url",)),
        Need("the logo", ("logo_url",)),
    ),
    facts=frozenset({"brand_name"}),
    actions=_actions,
    objection=_name_fits,
    form=("brand_name", "website_url", "logo_url", "customer_name", "email"),
    named_by="brand_name",
)
