"""The one text that a model is given: prompt, cast and style, in this order."""

from __future__ import annotations

from studio.full_prompt import Words, full_prompt


def test_prompt_then_cast_then_style() -> None:
    assert full_prompt("Anna waves", "Anna, in a red coat", "watercolour") == "Anna waves. Anna, in a red coat. watercolour"
    assert Words("Anna waves!", "Anna:", "dusk").full() == "Anna waves! Anna: dusk"
    assert full_prompt("a\n", "", "dusk") == "a. dusk"


def test_without_cast_and_style_the_prompt_is_as_it_was_written() -> None:
    for prompt in ("", "a", "a boat , ", "  two\nlines"):
        assert full_prompt(prompt, "", " ") == prompt
    assert full_prompt("", "", "dusk") == "dusk" and full_prompt(" ", "Anna", "dusk") == "Anna. dusk"
