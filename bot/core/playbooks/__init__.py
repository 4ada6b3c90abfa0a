"""Say what each kind of case does: when it applies, what it needs, which facts it asks for, which actions it proposes.

Another kind is a member of `Kind` and a file of that name here with its PLAYBOOK; docs/playbooks.md shows how.
"""

from collections.abc import Mapping
from importlib import import_module

from bot.core.model import CaseFile, Kind
from bot.core.playbooks.playbook import Need, Playbook
from bot.core.recipients import unverified

__all__ = ["PLAYBOOKS", "Need", "Playbook", "unverified_recipient"]


def _of(kind: Kind) -> Playbook:
    """Return the playbook of a kind. Raises ModuleNotFoundError for a kind without its file."""
    playbook: Playbook = import_module(f"{__name__}.{kind}").PLAYBOOK
    return playbook


PLAYBOOKS: Mapping[Kind, Playbook] = {kind: _of(kind) for kind in Kind}


def unverified_recipient(file: CaseFile) -> str | None:
    """Return a sentence if this version would mail a document to an address that nobody has verified."""
    return unverified(file.proposal.actions, file.case.facts)
