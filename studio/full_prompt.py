"""What a model is given to read: a segment's prompt, then the film's cast, then its style.

In this order, because text encoders cut what is too long at its end: what happens in the segment must survive that.
The document and the page show it and the engine uses it, so this module knows neither.
"""

from __future__ import annotations

from dataclasses import dataclass

ENDS = ".,;:!?…。！？"
"""Signs that end a text; one without gets a full stop before the next text."""


@dataclass(frozen=True)
class Words:
    """What a take is asked for in words."""

    prompt: str = ""      # of its segment
    cast: str = ""        # who and what appears in the whole film
    style: str = ""       # how the whole film looks

    def full(self) -> str:
        """All of it as one text: the prompt, the cast, the style. Without cast and style it is the prompt as it was written."""
        return full_prompt(self.prompt, self.cast, self.style)


def full_prompt(prompt: str, cast: str, style: str) -> str:
    """A prompt with the film's cast and style after it; what is blank is left out."""
    parts = [part for part in (prompt, cast, style) if part.strip()]
    if len(parts) < 2:
        return parts[0] if parts else prompt
    ended = [part if part.rstrip()[-1] in ENDS else f"{part.rstrip()}." for part in parts[:-1]]
    return " ".join([*ended, parts[-1]])
