"""The values that the functions return of the studio, and of what can be asked about a film."""

from __future__ import annotations

from typing import TypedDict

from studio.api.values import Film


class FilmName(TypedDict):
    """A film in the list of films.

    Attributes:
        id: its id.
        name: its name.
        facts: its length, its takes and what it weighs, in words.
        tags: its tags.
    """

    id: str
    name: str
    facts: str
    tags: list[str]


class Choice(TypedDict):
    """Something to choose by its name.

    Attributes:
        name: to be given to a function.
        title: for people.
    """

    name: str
    title: str


class Model(Choice):
    """A model.

    Attributes:
        from_words: whether its films can begin without a picture, see begin_from_words.
    """

    from_words: bool


class About(TypedDict):
    """The studio.

    Attributes:
        version: of these functions.
        shared: whether several people use it; then a caller reaches only films whose ids it knows.
        engine: starting, ready or failed.
        models: that can be used now.
        presets: quickest first.
        samples: stories with a picture.
    """

    version: int
    shared: bool
    engine: str
    models: list[Model]
    presets: list[Choice]
    samples: list[Choice]


class Preset(TypedDict):
    """A preset, and what it means for a film's model.

    Attributes:
        name: to be given to a function.
        title: for people.
        description: of what it is good for.
        steps: denoising steps of a section.
        guidance: how closely the prompt is followed.
        cache: threshold of the step cache; 0: no step is skipped.
        own: whether somebody saved it here, so that it can be removed.
    """

    name: str
    title: str
    description: str
    steps: int
    guidance: float
    cache: float
    own: bool


class LoraFile(TypedDict):
    """A LoRA in the studio.

    Attributes:
        id: its id: the SHA-256 of its file.
        name: of its file.
        bytes: that the file has.
        fits: whether it fits the film's model.
        text: what is in it, or why it does not fit.
    """

    id: str
    name: str
    bytes: int
    fits: bool
    text: str


class Pair(TypedDict):
    """Two takes to vote on.

    Attributes:
        left: the id of one; null: there are no two to compare.
        right: the id of the other.
        votes: how many were given on the film's takes.
    """

    left: str | None
    right: str | None
    votes: int


class Rating(TypedDict):
    """What the votes say of a take or of a branch.

    Attributes:
        player: its id.
        votes: on it.
        wins: of them.
        losses: of them.
        ties: of them.
        elo: its Elo rating; all begin with 1500.
        low: lower end of its 95 % interval; null: there are too few votes.
        high: upper end.
    """

    player: str
    votes: int
    wins: int
    losses: int
    ties: int
    elo: float
    low: float | None
    high: float | None


class EarlyCost(TypedDict):
    """What an early change costs, for one way to go on.

    Attributes:
        then: keep, again or bridge.
        takes: that are made.
        sections: that are made.
        seconds: that it takes, estimated; null: not known.
    """

    then: str
    takes: int
    sections: int
    seconds: float | None


class TrashedFilm(TypedDict):
    """A film in the trash.

    Attributes:
        id: that it had, and is restored by.
        name: its name.
        when: it was moved there: ISO 8601, UTC.
        bytes: that it has on the disk.
    """

    id: str
    name: str
    when: str
    bytes: int


class MarkReading(TypedDict):
    """What of the invisible mark is in a video.

    Attributes:
        found: whether the video is marked.
        number: which the mark carries; null: none was found.
        score: how well the best place agrees with the mark, in deviations of what chance gives.
        least: the score from which on a mark counts as found.
        films: ids of the films here that have the number; one in 1024 other films has it by chance.
    """

    found: bool
    number: int | None
    score: float
    least: float
    films: list[str]


class Opened(TypedDict):
    """Where a file leads that was exported from a film.

    Attributes:
        film: the film; null: the file is none of this studio's, and does not tell what it was made of.
        take: the id of the take at which it ends; null: the film is a new one, which is to be made again.
    """

    film: Film | None
    take: str | None
