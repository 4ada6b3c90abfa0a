"""Check who imports what: the rules that import-linter cannot say, read from the source of every module on disk.

Run `python -m tools.imports [ROOT]`. `tests/unit/test_contract.py` plants violations of each rule in a copy.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
PRODUCT: Final = ("bot", "handlers", "storage")
OURS: Final = (*PRODUCT, "sandbox", "tests", "tools")

# What `bot.core` may import beside itself: plain types and pure helpers, and with its reason whatever needs one.
PLAIN: Final = (
    "base64 bisect collections dataclasses decimal enum functools hashlib json math pydantic re statistics types "
    "typing unicodedata"
)
CORE_MAY_IMPORT: Final = dict.fromkeys(PLAIN.split(), "") | {
    "babel": "CLDR's number patterns by locale; its data files are read once and never change",
    "datetime": "types and arithmetic; the present moment is passed in",
    "difflib": "suggests the key that a wrong one in policy.toml may have meant",
    "hmac": "checks signatures over bytes that are passed in",
    "importlib.import_module": "loads the playbook of each kind, by the kind's name, at import",
    "io.BytesIO": "holds the image of a chart; no file is opened",
    "iso4217": "the standard's table of decimals by currency",
    "pydantic_core": "the error types of pydantic itself",
    "PIL": "draws the charts of a digest, imported only where a Slack refuses its chart block",
    "stdnum": "check digits of cards, bank accounts and tax numbers; its network parts are not imported",
    "tomllib": "parses the text of policy.toml; the file is read elsewhere",
    "urllib.parse": "splits addresses; opens none",
    "zoneinfo": "business hours by region; zone data never changes while a process runs",
}
CLOCKS: Final = frozenset({"now", "utcnow", "today"})
IMPURE: Final = frozenset({"open", "print", "input", "eval", "exec", "__import__"})
SHARED_CONNECTORS: Final = frozenset({"google"})  # no vendor: what Google's three connectors have in common


class Import(NamedTuple):
    """Describe one name that a module imports."""

    line: int
    module: str
    name: str | None  # None for `import module`
    bound: str  # what the importing module calls it

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


class Module:
    """Hold one source file under the name by which it is imported."""

    def __init__(self, root: Path, path: Path) -> None:
        self.place = path.relative_to(root).as_posix()
        parts = path.relative_to(root).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self._package = parts[:-1]
        self.nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Return all imports, also those inside functions and behind TYPE_CHECKING."""
        return tuple(imported for node in self.nodes for imported in self._imports_of(node))

    def _imports_of(self, node: ast.AST) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, None, alias.asname or alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = self._package[: len(self._package) - node.level + 1] if node.level else ()
            module = ".".join((*above, node.module) if node.module else above)
            for alias in node.names:
                yield Import(node.lineno, module, alias.name, alias.asname or alias.name)

    def fault(self, line: int, sentence: str) -> str:
        return f"{self.place}:{line}: {sentence}"


class Tree:
    """Hold all modules of ours below a root, each parsed when it is first asked for and after it has changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._modules: dict[Path, tuple[int, Module]] = {}

    def below(self, *folders: str) -> Iterator[Module]:
        """Yield each module below these folders."""
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*.py")):
                yield self._load(path)

    def find(self, name: str) -> Module | None:
        """Return the module of this name, or None if there is no file of ours for it."""
        base = self.root.joinpath(*name.split("."))
        paths = (base.with_suffix(".py"), base / "__init__.py")
        return next((self._load(path) for path in paths if path.is_file()), None)

    def origin(self, imported: Import) -> str:
        """Return the path at which an imported name is defined, followed through every re-export."""
        seen, path = set(), imported.path
        while path not in seen:
            seen.add(path)
            module_name, _, name = path.rpartition(".")
            if self.find(path) or not (module := self.find(module_name)):
                break
            path = next((reexport.path for reexport in module.imports if reexport.bound == name), path)
        return path

    def _load(self, path: Path) -> Module:
        changed_ns = path.stat().st_mtime_ns
        if path not in self._modules or self._modules[path][0] != changed_ns:
            self._modules[path] = changed_ns, Module(self.root, path)
        return self._modules[path][1]


def within(path: str, *packages: str) -> bool:
    """Return whether the path is one of these packages or lies inside one."""
    return any(path == package or path.startswith(f"{package}.") for package in packages)


def core_is_pure(tree: Tree) -> Iterator[str]:
    """Yield what `bot.core` imports beyond its list, and each use of a clock, a file or the terminal."""
    for module in tree.below("bot/core"):
        for imported in module.imports:
            if not within(imported.path, "bot.core", *CORE_MAY_IMPORT):
                yield module.fault(imported.line, f"bot.core imports {imported.path}")
        for node in module.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                yield module.fault(node.lineno, f"bot.core calls .{node.func.attr}(); time is passed in")
            elif isinstance(node, ast.Attribute) and node.attr in CLOCKS and isinstance(node.value, ast.Name):
                if node.value.id in ("datetime", "date"):
                    yield module.fault(node.lineno, f"bot.core names {node.value.id}.{node.attr}; time is passed in")
            elif isinstance(node, ast.Name) and node.id in IMPURE:
                yield module.fault(node.lineno, f"bot.core uses {node.id}")


def connectors_stand_alone(tree: Tree) -> Iterator[str]:
    """Yield each import of a connector beyond core, http, the shared modules and its own package."""
    vendors = vendor_packages(tree)
    for module in tree.below("bot/connectors"):
        own = ".".join(module.name.split(".")[:3])
        for imported in module.imports:
            origin = tree.origin(imported)
            if not within(origin, *OURS) or within(origin, own, "bot.core", "bot.http"):
                continue
            if within(origin, *vendors) or not within(origin, "bot.connectors"):
                yield module.fault(imported.line, f"a connector imports {origin}")


def vendor_packages(tree: Tree) -> tuple[str, ...]:
    """Return the package of every vendor found on disk."""
    folders = sorted(path.parent.name for path in (tree.root / "bot/connectors").glob("*/__init__.py"))
    return tuple(f"bot.connectors.{name}" for name in folders if name not in SHARED_CONNECTORS)


def handlers_know_cases_and_core(tree: Tree) -> Iterator[str]:
    """Yield each name of ours in a handler that is defined beyond cases and core, also behind a re-export."""
    for module in tree.below("handlers"):
        used = list(module.imports)
        modules = {imported.bound: imported.path for imported in used if tree.find(imported.path)}
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and (holder := ast.unparse(node.value)) in modules:
                used.append(Import(node.lineno, modules[holder], node.attr, node.attr))
        for imported in used:
            origin = tree.origin(imported)
            if within(origin, *OURS) and not within(origin, "handlers", "bot.cases", "bot.core"):
                yield module.fault(imported.line, f"a handler gets {origin} from {imported.module}")


def sandbox_is_alone(tree: Tree) -> Iterator[str]:
    """Yield each import between the sandbox and the product, in either direction."""
    for folder in (*PRODUCT, "sandbox"):
        others = PRODUCT if folder == "sandbox" else ("sandbox",)
        for module in tree.below(folder):
            for imported in module.imports:
                if within(imported.path, *others, "tests", "tools"):
                    yield module.fault(imported.line, f"{folder} imports {imported.path}")


def every_module_has_a_layer(tree: Tree) -> Iterator[str]:
    """Yield each module that no layer of pyproject.toml holds, since import-linter leaves such a module unchecked."""
    config = tomllib.loads((tree.root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    stacks = [contract["layers"] for contract in config["contracts"] if contract["type"] == "layers"]
    layers = [name.strip() for stack in stacks for line in stack for name in line.split("|")]
    for module in tree.below(*PRODUCT):
        if module.name != "bot" and not within(module.name, *layers):
            yield module.fault(1, "this module stands in no layer of [tool.importlinter]")


RULES: Final = (
    core_is_pure,
    connectors_stand_alone,
    handlers_know_cases_and_core,
    sandbox_is_alone,
    every_module_has_a_layer,
)


def main(root: Path) -> int:
    """Print every violation below the root; return 1 if there is one."""
    tree = Tree(root)
    found = [fault for rule in RULES for fault in rule(tree)]
    print(*found, sep="\n")
    print(f"imports: {len(found)} faults, {len(RULES)} rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2]) if sys.argv[1:] else ROOT))
