"""Films of a model for all cases of a measurement, as the recognisers see them, and what is kept of them to look at.

Letters: T frames, H and W height and width.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import ScenePicture
from studio.lab.measure import sheet
from studio.lab.measure.film_cases import Case
from studio.lab.measure.filming import film
from studio.lab.measure.scene_pictures import FilmSize, first_frame, room_of_way, scene_picture
from studio.lab.world import Film

GUESSED = ("left", "up", "in", "out", "shake", "night", "lamp", "flicker", "snow", "rain", "fog", "wind", "right", "hold", "warm")
"""What the ten films that a person is to guess may ask for, first choices first."""


@dataclass
class ModelFilms:
    """Makes films, and collects rows of frames by subject, films for guessing, and the seconds a section took.

    Of large films the recognisers see what they were made for: frames of the trained size, 12 a second.
    """

    model: FilmModel
    size: FilmSize
    rows: dict[str, list[sheet.SheetRow]] = field(default_factory=dict)
    guesses: dict[str, tuple[str, Tensor]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def truth(self, case: Case) -> tuple[Film, Tensor]:
        """Returns the true film of a case at the size at which recognisers look, and its frames [T, 3, H, W] in [0, 1]."""
        true = case.subject.film(case.script, *self.size.seen)
        return true, true.frames().float() / 255

    def make(self, case: Case, true: Film, frames: Tensor) -> Tensor:
        """Returns the film of a case as recognisers see it [T, 3, H, W]. The arguments are those of `truth`.

        A small film begins with the first frame of the true film. A large one begins with the same picture at its own size, and
        has as much room around it as the true film's camera needs.
        """
        scene = self._scene(case, true)
        start = frames[0] if scene is None else first_frame(scene)
        clock = time.perf_counter()
        made = film(self.model, start, case.prompts, case.number, scene, self.size.reduced)
        self.seconds.append((time.perf_counter() - clock) / len(case.prompts))
        prompts = " | ".join(case.prompts)
        self.rows.setdefault(case.subject.name, []).append(sheet.film_row(f"{prompts}   [{case.expected}]", made))
        if len(case.prompts) == 1 and case.expected in GUESSED:
            self.guesses.setdefault(case.expected, (prompts, made))
        return made

    def last_section(self, frames: Tensor) -> Tensor:
        """Returns the last section of a film with the frame before it, [1 + n, 3, H, W]."""
        return frames[-self.model.card.section_frames - 1 :]

    def _scene(self, case: Case, true: Film) -> ScenePicture | None:
        return scene_picture(case.subject, self.size, room_of_way(true, self.size)) if self.size.large else None
