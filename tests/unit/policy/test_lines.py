"""Test where the keys of a TOML text stand."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.core.policy.lines import line_index


@st.composite
def documents(draw: st.DrawFn) -> str:
    """TOML in which every key and every plain value has a number that stands nowhere else."""
    numbers = iter(range(1000, 9999))

    def key() -> str:
        n = next(numbers)
        return draw(st.sampled_from((f"k{n}", f'"k{n}.#]\\""', f"'k{n} = ['", f"k{n} . k{next(numbers)}", f' "k{n}" ')))

    def value(depth: int) -> str:
        n = next(numbers)
        kind = draw(st.integers(0, 7 if depth else 5))
        if kind == 6:
            return "[ # ]\n" + ",\n".join(value(depth - 1) for _ in range(draw(st.integers(0, 3)))) + "\n]"
        if kind == 7:
            return "{" + ", ".join(pair(depth - 1) for _ in range(draw(st.integers(0, 2)))) + " }"
        plain = (f"{n}", f'"s{n} # [ \\" {{"', f"'s{n} \\ ]'", f'"""s{n}\n"" # \\""" = [\n"""""', f"'''s{n}\n'' ]''''")
        return (*plain, f"{n}-01-01 00:00:00")[kind]

    def pair(depth: int) -> str:
        return f"{key()} = {value(depth)}"

    def pairs() -> str:
        return "".join(f"{pair(2)} # = [\n\n" for _ in range(draw(st.integers(0, 3))))

    parts = [pairs()]
    for _ in range(draw(st.integers(0, 3))):
        name = key()
        parts.append(draw(st.sampled_from((f"[{name}]\n", f"[{name}.sub]\n"))) + pairs())
        array = key()
        parts += [f"[[{array}]] # x\n{pairs()}[{array}.sub]\n{pairs()}" for _ in range(draw(st.integers(0, 2)))]
    return "".join(parts)


def every(path: tuple[str | int, ...], value: Any) -> dict[tuple[str | int, ...], str]:
    """Return each path of a tree, with what has to stand on its line."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {inner: mark for key, child in inside for inner, mark in every((*path, key), child).items()}
    own = (
        path[-1][:5] if path and isinstance(path[-1], str) else "" if isinstance(value, dict | list) else str(value)[:4]
    )
    return {path: own, **found} if path else found


@given(documents())
def test_every_key_and_item_of_any_toml_has_its_line(text: str) -> None:
    expected = every((), tomllib.loads(text))
    lines = line_index(text)
    assert lines.keys() == expected.keys()
    rows = text.split("\n")
    for path, mark in expected.items():
        assert mark in rows[lines[path] - 1], path
