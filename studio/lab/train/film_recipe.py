"""The recipe of a film training."""

from __future__ import annotations

from studio.lab.train.film_pool import TrainingStage
from studio.lab.train.shapes import AnimaticShape
from studio.tables import table


@table
class FilmRecipe:
    """How a film model is trained. Lengths in steps, sizes in pixels."""

    run: str                               # folder of the run
    autoencoder: str                       # folder of the autoencoder
    stages: tuple[TrainingStage, ...]
    weather: str = ""                      # folder of the weather synthesis, for the export
    memory: str = ""                       # folder of a trained memory, for the export; none: the model has no psi
    footage: str = ""                      # folder of videos with captions, instead of the procedural world
    shape: AnimaticShape = AnimaticShape()
    unheard: tuple[str, ...] = ()          # phrases with these words are not offered: measured models do not follow them
    seed: int = 1
    sections: int = 3                      # of a film
    films: int = 480                       # in the pool
    warm: int = 96                         # films made before the first step
    pace: float = 1.0                      # new films per step
    rate: float = 1.0e-3
    words: int = 400                       # steps for the text encoder alone, first
    text_rate: float = 0.1                 # of the rate, for the text encoder afterwards
    warmup: int = 100
    fall: float = 0.5                      # of the steps, at which the rate begins to fall
    shift: float = 3.0                     # of the sigmas
    least: float = 0.05                    # sigma
    first: float = 0.3                     # share of sections at sigma 1, where the motion follows from the prompt alone
    noisy: float = 0.1                     # most noise on the history, in deviations
    average: float = 0.995                 # decay of the weights' moving average
    save_every: int = 50
    look_every: int = 200                  # a preview sheet is written; 0: none
    bfloat16: bool = True
    threads: int = 2
    workers: int = 1
    device_films: bool = False             # render the films on the training device (then without workers)
