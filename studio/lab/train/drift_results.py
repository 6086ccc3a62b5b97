"""The results of a forcing run: the drift of every arm and seed, and how much each depends on psi."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.lab.train import dependence, endurance
from studio.lab.train.film_store import HeldOutFilm
from studio.lab.train.forcing_recipe import ForcingRecipe
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.trainee import Trainee

log = logging.getLogger(__name__)


@dataclass
class DriftResults:
    """Measures the drift of a run's arms, and collects the results in its folder: `drift.json` and `drift.png`."""

    recipe: ForcingRecipe
    true_films: Sequence[HeldOutFilm]          # that drift is measured on; none: nothing is measured
    unseen_films: Sequence[LatentFilm]         # that the dependence on psi is measured on
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, arm: str, seed: int, trainee: Trainee, cost: dict[str, float]) -> None:
        """Measure an arm, unless its own `drift.json` holds the result for as many steps already.

        Args:
            arm: its name; "start" for the model that the arms begin with.
            seed: of the run and of the noise.
            trainee: the trained model.
            cost: steps, forward passes and seconds of its training; empty: it was not trained.
        """
        if not self.true_films:
            return
        folder = Path(self.recipe.run)
        path = folder / f"{arm}-{seed}" / "drift.json"
        row: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        if row.get("steps") != cost.get("steps") or not row:
            drift = endurance.measure(trainee.model, self.true_films, seed, self.recipe.drift_steps)
            row = {"arm": arm, "seed": seed, **cost, **drift}
        if trainee.pack is not None and len(self.unseen_films) > 1 and "dependence" not in row:
            sections = min(each.sections for each in self.unseen_films)
            row["dependence"] = dependence.measure(trainee.learner, self.unseen_films, sections, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(row) + "\n", "utf-8")
        self.rows.append(row)
        (folder / "drift.json").write_text(json.dumps(self.rows, indent=1) + "\n", "utf-8")
        endurance.plot_drift(self.rows, folder / "drift.png")
        log.info("%s, seed %d: %s", arm, seed, endurance.summary(row))
