"""Check the rules of the house that no linter has: file length, docstring openings, unfinished work, bare ignores.

Run `python -m tools.style [PATH ...]`; without a path the whole tree is checked.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 400  # lines; 300 is a warning
ROOT = Path(__file__).resolve().parents[1]
UNFINISHED = re.compile(r"(?<!\")\b(TODO|FIXME|XXX|NotImplementedError)\b(?!\")")  # HubSpot names a task "TODO"
BARE_IGNORE = re.compile(r"# type: ignore(?!\[)|# noqa(?!:)|# fmt: (?:skip|off)")
ITSELF = "tools/style.py"

# A docstring begins with an imperative verb. These words begin a fragment that only continues the function's name, or
# a noun phrase; ruff's D401 finds verbs in another form ("Returns").
BANNED_OPENINGS = frozenset(
    re.findall(
        r"\w+",
        """
        a an the this that these those it its they there here what where when who whom whose which why how whether if
        while until unless since because although once every each all any some one two three several many most more
        no none nothing nobody not only everybody everything somebody something whoever whatever of for from by to as
        at in on with without within into after before between beside besides behind under over about against among
        along beyond during through per like than and or but so also else otherwise instead both either neither true
        false yes raises returns takes gives makes keeps says tells shows holds reads writes sends sees is are was
        were has have had can may must should will would earliest latest longest soonest urgent exact same other
        another
        """,
    )
)


def docstring_faults(name: str, text: str) -> Iterator[str]:
    """Yield a fault for each docstring of a module, class or function that begins with a banned opening."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        words = re.findall(r"[\w’'-]+", ast.get_docstring(node) or "")
        if words and words[0].lower() in BANNED_OPENINGS:
            line = getattr(node, "lineno", 1)
            yield f"{name}:{line}: a docstring begins with “{words[0]}”; begin with an imperative verb"


def faults(name: str, text: str) -> list[str]:
    """Return the faults of one file, each with its place."""
    lines = text.splitlines()
    found = [f"{name}: {len(lines)} lines, at most {LONGEST}"] if len(lines) > LONGEST else []
    for number, line in enumerate(lines, start=1):
        if UNFINISHED.search(line) and name != ITSELF:
            found.append(f"{name}:{number}: unfinished work")
        if BARE_IGNORE.search(line) and name != ITSELF:
            found.append(f"{name}:{number}: an ignore without its rule, or a line kept from the formatter")
    if name.endswith(".py"):
        found += docstring_faults(name, text)
    return found


def main(paths: list[str]) -> int:
    """Print every fault below the paths; return 1 if there is one."""
    patterns = ["*.py", "*.js", "*.css", "*.html", "*.sh"]
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[str] = []
    long = 0
    for name in listed.stdout.split():
        path = ROOT / name
        if path.exists() and (not paths or any(name.startswith(prefix.rstrip("/")) for prefix in paths)):
            text = path.read_text(encoding="utf-8")
            found += faults(name, text)
            long += len(text.splitlines()) > 300
    print(*found, sep="\n")
    print(f"style: {len(found)} faults, {long} files over 300 lines")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
