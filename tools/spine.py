"""Count the files of ours that the shortest path of a case runs through: `python -m tools.spine`.

The path: a webhook, its card, one approval, a brand created at Fidel API, the card closed. A file counts if a function
body of it ran, not if it was only imported. Lanes that have nothing to do on this path are stopped first.
"""

import asyncio
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from bot.core.slack_ids import ActionId
from tests.support.world import ANA, World, a_world

ROOT = Path(__file__).resolve().parents[1]
OURS = ("bot", "handlers", "storage")
IDLE = frozenset({"timers lane", "notices lane", "chores"})
CHANNEL = "finance-brands"


async def walk(world: World) -> None:
    """Take one brand from its webhook to its closed card."""
    call_id = await world.call("brand-create")
    card = await world.card(CHANNEL)
    await world.press(ANA, CHANNEL, card, ActionId.APPROVE)
    case = await world.case_of(call_id)
    await world.state(case.case_id, "done")

    async def closed() -> bool | None:
        place = await world.app.db.read(lambda store: store.card(case.case_id, case.channel))
        file = await world.file(case.case_id)
        return True if place and place.shown_revision >= file.case.revision and place.due_at is None else None

    await world.until(closed, "the closed card")


async def profile() -> dict[str, set[str]]:
    """Return the functions that ran on the path, by file."""
    ran: dict[str, set[str]] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_name != "<module>" and code.co_filename.startswith(str(ROOT)):
            name = str(Path(code.co_filename).relative_to(ROOT))
            if name.split("/")[0] in OURS:
                ran.setdefault(name, set()).add(code.co_qualname)

    with tempfile.TemporaryDirectory() as folder:
        threading.setprofile(note)  # before the database starts its threads
        async with a_world(f"sqlite:///{folder}/bot.db", stripe=False) as world:
            for task in asyncio.all_tasks():
                if task.get_name() in IDLE:
                    task.cancel()
            await asyncio.sleep(1)  # start-up is not part of the path
            ran.clear()
            sys.setprofile(note)
            await walk(world)
            sys.setprofile(None)
            threading.setprofile(None)
            return dict(ran)


def main() -> None:
    """Print each file with its lines and how many of its functions ran, and the sums."""
    ran = asyncio.run(profile())
    lines = {name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in sorted(ran)}
    for name, count in lines.items():
        print(f"{count:5} lines, {len(ran[name]):3} functions ran  {name}")
    print(f"{len(lines)} files, {sum(lines.values()):,} lines")


if __name__ == "__main__":
    main()
