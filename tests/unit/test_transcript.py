import pytest
from pydantic import JsonValue

from bot.core.intake.values import read_transcript
from bot.core.model import Turn

TWO = (Turn(speaker="agent", text="Hello there."), Turn(speaker="caller", text="It is me: Ada."))


@pytest.mark.parametrize(
    "shape",
    [
        '[{"role": "assistant", "content": "Hello there."}, {"role": "user", "content": "It is me: Ada.", "end": 9.4}]',
        "Agent: Hello there.\nUser: It is me: Ada.",
        "Agent: Hello there. Customer: It is me: Ada.",
        [{"role": "agent", "text": "Hello there."}, {"speaker": "Caller", "message": "It is me: Ada."}],
        [{"from": "AI", "content": "Hello there."}, {"role": "human", "text": "It is me: Ada."}],
        {"Agent": "Hello there.", "User": "It is me: Ada."},
        {"messages": [{"role": "bot", "text": "Hello there."}, {"role": "client", "text": "It is me: Ada."}]},
        ["Agent: Hello there.", "User: It is me: Ada."],
        [{"Agent": "Hello there."}, {"User": "It is me: Ada."}],
    ],
)
def test_a_transcript_is_read_in_each_shape(shape: JsonValue) -> None:
    assert read_transcript(shape) == TWO


@pytest.mark.parametrize("nothing", ["", None, [], {}, [{}], [None], " ", '{"a": ', "[]"])
def test_an_empty_transcript_has_no_turns_and_broken_json_is_text(nothing: JsonValue) -> None:
    turns = read_transcript(nothing)
    assert [turn.text for turn in turns] == (['{"a":'] if nothing == '{"a": ' else [])


def test_other_speakers_keep_their_names() -> None:
    turns = read_transcript("Maria: Hi.\nDr. Who: Yes?\nSee: the note")
    assert [(turn.speaker, turn.text) for turn in turns] == [("Maria", "Hi."), ("Dr. Who", "Yes?"), ("See", "the note")]
    assert read_transcript("no marks at all") == (Turn(speaker="unknown", text="no marks at all"),)
