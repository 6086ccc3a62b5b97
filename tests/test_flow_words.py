"""What prompts ask of flows: phrasings written by hand, nonsense that does nothing, and the phrases that the page offers."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.flow_words import asked_flows, flow_phrases

NAMES = ("water", "clouds", "smoke", "flames")
WRITTEN = tomllib.loads(Path(__file__).with_name("flow_phrasings.toml").read_text("utf-8"))
ASKED = [(prompt, name, answer) for answer, key in ((True, "starts"), (False, "stops")) for prompt, name in WRITTEN[key]]


def test_there_are_enough_phrasings() -> None:
    assert len(ASKED) + len(WRITTEN["both"]) >= 70 and len(WRITTEN["nothing"]) >= 25


@pytest.mark.parametrize(("prompt", "name", "answer"), ASKED)
def test_a_flow_is_started_or_stopped(prompt: str, name: str, answer: bool) -> None:
    assert asked_flows(prompt, NAMES) == dict.fromkeys(NAMES if name == "all" else (name,), answer)


@pytest.mark.parametrize("two", WRITTEN["both"], ids=lambda two: str(two["prompt"]))
def test_two_flows_in_one_prompt(two: dict[str, object]) -> None:
    assert asked_flows(str(two["prompt"]), NAMES) == two["asks"]


@pytest.mark.parametrize("prompt", WRITTEN["nothing"])
def test_other_words_do_nothing(prompt: str) -> None:
    assert asked_flows(prompt, NAMES) == {}


@pytest.mark.parametrize("name", ["water", "clouds", "smoke", "hair", "flames", "curtain", "long grass", "flag", "mist", "glass"])
def test_the_phrases_that_are_offered_are_understood(name: str) -> None:
    start, stop = flow_phrases(name)
    assert asked_flows(start, (name,)) == {name: True} and asked_flows(stop, (name,)) == {name: False}


def test_only_names_on_the_picture_are_asked() -> None:
    assert asked_flows("the water flows, the clouds stop", ("clouds",)) == {"clouds": False}
    assert asked_flows("everything stops", ()) == {}


@given(st.text(max_size=80), st.text("the water clouds stop.,s not flow and but except", max_size=80))
def test_no_text_brings_the_reader_down(any_text: str, words: str) -> None:
    assert asked_flows(any_text + words, NAMES).keys() <= set(NAMES)
