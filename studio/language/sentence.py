"""A sentence for people: an English text that remembers what it was made of, so that it can be said in another language later.

Whoever writes a sentence writes English alone:

    raise StoreError(sentence("The disk has {room} left; {need} are needed.", room=format_size(room), need=format_size(need)))
    sentences("{number} take was deleted.", "{number} takes were deleted.", len(takes))

The result is a `str`. What adds, cuts or formats it (`+`, f-strings, `str.join`, `strip`) makes a plain text of it, which stays
English: put sentences beside each other with `join`, and into each other as values.
"""

from __future__ import annotations

from typing import Any


class Sentence(str):
    """An English text with the template and the values that it was made of.

    It is equal to its text, and `str(error)` of an exception that was raised with it gives it back. Copies that leave the
    process (JSON, pickle) are plain texts.
    """

    template: str
    """The text before the values were put in, as the catalogues have it: the singular, where there are two."""
    plural: str | None
    """The template for other numbers than one; None: the sentence counts nothing."""
    number: int
    """What is counted; 0 where nothing is."""
    values: dict[str, Any]
    """What stands for the names in braces; sentences among them are said in the other language too."""

    def __new__(cls, template: str, values: dict[str, Any], plural: str | None = None, number: int = 0) -> Sentence:
        """Make the English text.

        Raises:
            KeyError: a name in the template has no value.
        """
        text = template if plural is None or number == 1 else plural
        self = super().__new__(cls, text.format_map(values) if values else text)
        self.template, self.plural, self.number, self.values = template, plural, number, values
        return self

    def __str__(self) -> str:
        # str(error) calls this for an exception's only argument: what catches an error can still say it in another language.
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (plain(self),)

    def __copy__(self) -> Sentence:
        return self

    def __deepcopy__(self, memo: object) -> Sentence:
        return self


def sentence(template: str, /, **values: Any) -> Sentence:
    """A sentence with values in place of names in braces, as in `str.format`: sentence("Take {name} is {length:.1f} s long.", ...).

    Without values the template is the text as it is, braces included. The catalogues have only templates that are written out
    where this is called; any other text may be given too, and stays as it is where no catalogue has it.

    Raises:
        KeyError: a name in the template has no value.
    """
    return Sentence(template, values)


def sentences(singular: str, plural: str, number: int, /, **values: Any) -> Sentence:
    """A sentence that counts: the singular for one, the plural for other numbers. Both may use {number}.

    Raises:
        KeyError: a name in the template has no value.
    """
    return Sentence(singular, {"number": number, **values}, plural, number)


def join(*parts: str, separator: str = " ") -> Sentence:
    """Texts side by side as one sentence; empty ones are left out, and plain ones stay as they are in every language."""
    values = {f"part{index}": part for index, part in enumerate(part for part in parts if part)}
    return Sentence(separator.join(f"{{{name}}}" for name in values), values)


def plain(text: str) -> str:
    """The English text alone, as a key or for a file."""
    return str.__str__(text)
