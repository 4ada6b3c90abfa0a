"""Say what each kind of case does: when it applies, what it needs, which facts it asks for, which actions it proposes.

Another kind is a member of `Kind` and a file of that name here with its PLAYBOOK; docs/playbooks.md shows how.
"""

from collections.abc import Mapping
from importlib import import_module

from bot.core.model import Kind
from bot.core.playbooks.playbook import Need, Playbook

__all__ = ["PLAYBOOKS", "Need", "Playbook"]


def _of(kind: Kind) -> Playbook:
    """Return the playbook of a kind. Raises ModuleNotFoundError for a kind without its file."""
    playbook: Playbook = import_module(f"{__name__}.{kind}").PLAYBOOK
    return playbook


PLAYBOOKS: Mapping[Kind, Playbook] = {kind: _of(kind) for kind in Kind}
