"""Rules of the house that no linter has: file length, no markers of unfinished work, nothing of this machine."""

import re
import subprocess
import sys
from pathlib import Path

LONGEST = 400  # lines; 300 is a warning
ROOT = Path(__file__).resolve().parents[1]
UNFINISHED = re.compile(r"(?<!\")\b(TODO|FIXME|XXX|NotImplementedError)\b(?!\")")  # HubSpot names a task "TODO"
BARE_IGNORE = re.compile(r"# type: ignore(?!\[)|# noqa(?!:)")


def faults(name: str, text: str) -> list[str]:
    lines = text.splitlines()
    found = [f"{name}: {len(lines)} lines, at most {LONGEST}"] if len(lines) > LONGEST else []
    for number, line in enumerate(lines, start=1):
        if UNFINISHED.search(line) and name != "tests/house.py":
            found.append(f"{name}:{number}: unfinished work")
        if BARE_IGNORE.search(line) and name != "tests/house.py":
            found.append(f"{name}:{number}: an ignore without its rule")
    return found


def main() -> int:
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.js", "*.css", "*.html", "*.sh"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[str] = []
    long = 0
    for name in listed.stdout.split():
        path = ROOT / name
        if path.exists():
            text = path.read_text(encoding="utf-8")
            found += faults(name, text)
            long += len(text.splitlines()) > 300
    print(*found, sep="\n")
    print(f"house: {len(found)} faults, {long} files over 300 lines")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
