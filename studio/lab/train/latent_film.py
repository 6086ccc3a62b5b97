"""Films with all their sections in order, as latents of the model that is trained on them, and their files.

Letters: C latent channels, W window, n sections, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from torch import Tensor

from studio.diffusion.backbone import Conditioning
from studio.lab.train.encoding import EncodedFilm, Truth
from studio.lab.world import Section


@dataclass(frozen=True)
class LatentFilm:
    """A film as latents of one model."""

    start: Tensor                                # [C, 1, h, w]
    latents: Tensor                              # [C, W n, h, w]; of the embedded family [C, 1 + W n, h, w], as in `encoded`
    conditioning: tuple[Conditioning, ...]       # of each section, a batch of one; empty for the embedded family
    encoded: EncodedFilm | None = None           # with its truths, for the embedded family

    @property
    def sections(self) -> int:
        """How many sections the film has."""
        return len(self.conditioning) if self.encoded is None else len(self.encoded.sections)


def film_to_table(film: LatentFilm) -> dict[str, Any]:
    """A film as tensors, texts and numbers only, so that no code runs when its file is read."""
    known = film.encoded
    return {
        "start": film.start, "latents": film.latents, "said": [_table(one) for one in film.conditioning],
        "encoded": None if known is None else {
            "stills": known.stills, "pictures": known.pictures, "truths": [_table(truth) for truth in known.truths],
            "sections": [asdict(each) for each in known.sections],
        },
    }


def film_from_table(table: dict[str, Any]) -> LatentFilm:
    """The film that `film_to_table` was given."""
    known, latents = table["encoded"], table["latents"]
    conditioning = tuple(Conditioning(**one) for one in table["said"])
    return LatentFilm(table["start"], latents, conditioning, None if known is None else EncodedFilm(
        latents=latents, stills=known["stills"], pictures=known["pictures"],
        truths=tuple(Truth(**truth) for truth in known["truths"]), sections=tuple(Section(**each) for each in known["sections"]),
    ))


def _table(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, by their names."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
