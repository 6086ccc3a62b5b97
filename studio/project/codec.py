"""The document as JSON values and back. Unknown fields, of a newer format, are kept and written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from studio.language import sentence
from studio.project.files import StoreError
from studio.project.later import later_table, parse_later, show_later
from studio.project.look_tables import context_look_table, looks_table, parse_context_look, parse_looks
from studio.project.mark_tables import marks_table
from studio.project.memory_tables import parse_pins, pins_table
from studio.project.model import Branch, Clock, DroppedBranch, Project, RenderSettings, Take
from studio.project.retries import parse_retries, retries_table
from studio.project.rules import FormatError, check_project, known_votes
from studio.project.segment_tables import frame_table, parse_reference, parse_segment, reference_table, segment_table
from studio.project.sound_tables import parse_markers, parse_sound, sound_table
from studio.project.table_reader import Table, TableReader
from studio.project.tags import parse_tags
from studio.project.trim_tables import parse_trims, trims_table
from studio.project.vote_tables import parse_vote, votes_table

FORMAT = 1

def project_table(project: Project) -> Table:
    """The document as a JSON object, without its format number."""
    return {
        **project.unknown,
        "id": project.id,
        "name": project.name,
        "model": project.model,
        "size": list(project.size),
        "clock": _clock_table(project.clock),
        "settings": _settings_table(project.settings),
        "reference": reference_table(project.reference) if project.reference else None,
        **frame_table(project.frame),
        **marks_table(project.marks),
        **({"from_words": True} if project.from_words else {}),
        **_texts_table(style=project.style, cast=project.cast),
        "takes": [take_table(take) for take in project.takes.values()],
        "branches": [branch_table(branch) for branch in project.branches],
        "branch": project.branch,
        "head": project.head,
        **_set_table("stars", project.stars),
        **_set_table("trash", project.trash),
        **({"dropped": dict(project.dropped)} if project.dropped else {}),
        **dropped_branches_table(project.dropped_branches),
        **votes_table(project.votes),
        **looks_table(project.looks),
        **trims_table(project.trims),
        **later_table(project),
        **retries_table(project.retries),
        **pins_table(project.pins, project.forgotten),
        **sound_table(project.sound, project.markers),
        **({"tags": list(project.tags)} if project.tags else {}),
        **({"go_on": True} if project.go_on else {}),
        **({"accepted": dict(project.accepted)} if project.accepted else {}),
    }


def parse_project(table: object, takes: Mapping[str, Take] | None = None) -> Project:
    """The project in a JSON object. `takes`: its takes, where they are known already; else those of the table are read.

    Raises:
        FormatError: a field is missing or of the wrong kind, or the tree of takes is not consistent.
    """
    read = TableReader(table, "project")
    listed = {take.id: take for take in (parse_take(entry) for entry in read("takes", list))}
    takes = listed if takes is None else takes
    reference, sound = read.optional("reference", dict), read.optional("sound", dict)
    later_looks, later_trims = parse_later(read)
    project = Project(
        id=read.id("id"),
        name=read("name", str),
        model=read("model", str),
        size=read.size("size"),
        clock=parse_clock(read("clock", dict)),
        settings=_settings(read("settings", dict)),
        reference=None if reference is None else parse_reference(reference),
        frame=read.frame("frame"),
        marks=read.marks("marks"),
        from_words=reference is None and bool(read.optional("from_words", bool)),
        takes=takes,
        branches=tuple(parse_branch(entry) for entry in read("branches", list)),
        branch=read.id("branch"),
        head=read.link("head"),
        stars=_set(read, "stars", takes),
        trash=_set(read, "trash", takes),
        dropped={k: v for k, v in (read.optional("dropped", dict) or {}).items() if k in takes and isinstance(v, str)},
        dropped_branches=tuple(parse_dropped_branch(entry, takes) for entry in read.optional("dropped_branches", list) or ()),
        style=read.words("style"),
        cast=read.words("cast"),
        votes=known_votes([parse_vote(entry) for entry in read.optional("votes", list) or ()], takes),
        retries=parse_retries(read.optional("retries", dict)),
        looks=parse_looks(read.optional("looks", dict) or {}, takes),
        trims=parse_trims(read.optional("trims", dict) or {}, takes),
        later_looks=later_looks,
        later_trims=later_trims,
        pins=tuple(take for take in parse_pins(read) if take in takes),
        forgotten=tuple(take for take in parse_pins(read, "forgotten") if take in takes),
        sound=None if sound is None else parse_sound(sound),
        markers=parse_markers(read),
        tags=parse_tags(read.optional("tags", list)),
        go_on=read.optional("go_on", bool) or False,
        accepted={k: v for k, v in (read.optional("accepted", dict) or {}).items() if k in takes and isinstance(v, str)},
        unknown=read.rest("format"),
    )
    check_project(project)
    return show_later(project)


def parse_document(path: Path, table: Table) -> tuple[Project, bool]:
    """The project in a document, and whether a newer studio made it.

    Raises:
        FormatError: the document is damaged.
        StoreError: it is of a newer format that cannot be read.
    """
    version = table.get("format")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise FormatError("it has no format number")
    newer = version > FORMAT
    try:
        return parse_project(table), newer
    except FormatError as error:
        if newer:
            raise StoreError(sentence(
                "{path} was made by a newer studio (format {version}; this one reads {known}). Update the studio to open it. The "
                "project is as it was.", path=path, version=version, known=FORMAT)) from error
        raise


def _set_table(name: str, takes: frozenset[str]) -> Table:
    """The field of a set of takes; without takes there is none."""
    return {name: sorted(takes)} if takes else {}


def _set(read: TableReader, name: str, takes: Mapping[str, Take]) -> frozenset[str]:
    """The takes that a field names, without those that are not there any more."""
    return frozenset(take for take in read.optional(name, list) or () if isinstance(take, str) and take in takes)


def take_table(take: Take) -> Table:
    """A take as a JSON object."""
    return {
        **take.unknown,
        "id": take.id,
        "parent": take.parent,
        "segment": segment_table(take.segment),
        "settings": _settings_table(take.settings),
        "model": take.model,
        "reference": take.reference,
        **frame_table(take.frame),
        **marks_table(take.marks),
        "size": list(take.size),
        "sections": take.sections,
        "frames": take.frames,
        "state": take.state,
        "seconds": take.seconds,
        "created": take.created,
        **({"at_edge": True} if take.at_edge else {}),
        **({"copy_of": take.copy_of} if take.copy_of else {}),
        **({"bridge": take.bridge} if take.bridge else {}),
        **({"thinned": True} if take.thinned else {}),
        **_texts_table(
            style=take.style, cast=take.cast, words=take.words, style_words=take.style_words, cast_words=take.cast_words),
        **pins_table(take.pins, take.forgotten),
        **context_look_table(take.context_look),
        **step_cache_table(take),
    }


def parse_take(table: object) -> Take:
    """The take in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = TableReader(table, "take")
    state = read("state", str)
    if state not in ("done", "partial"):
        raise FormatError(f"take: 'state' is {state!r}")
    return Take(
        id=read.id("id"),
        parent=read.link("parent"),
        segment=parse_segment(read("segment", dict)),
        settings=_settings(read("settings", dict)),
        model=read("model", str),
        reference=read("reference", str),
        frame=read.frame("frame"),
        marks=read.marks("marks"),
        at_edge=read.optional("at_edge", bool) or False,
        copy_of=read.link("copy_of"),
        thinned=read.optional("thinned", bool) or False,
        bridge=0 if read.optional("bridge", int) is None else read.count("bridge"),
        size=read.size("size"),
        sections=read.count("sections"),
        frames=read.count("frames"),
        state="done" if state == "done" else "partial",
        seconds=read.number("seconds"),
        created=read("created", str),
        style=read.words("style"),
        cast=read.words("cast"),
        words=read.words("words"),
        style_words=read.words("style_words"),
        cast_words=read.words("cast_words"),
        pins=parse_pins(read),
        forgotten=parse_pins(read, "forgotten"),
        context_look=parse_context_look(read),
        step_ratios=_step_ratios(read),
        profile_cache=None if read.optional("profile_cache", object) is None else read.number("profile_cache"),
        unknown=read.rest(),
    )


def _settings_table(settings: RenderSettings) -> Table:
    known = {"preset": settings.preset, "steps": settings.steps, "guidance": settings.guidance}
    return {**settings.unknown, **known, **cache_table(settings)}


def cache_table(settings: RenderSettings) -> Table:
    """The step cache's threshold, and its rule where it is not the first block's; nothing where there is none."""
    rule = {"cache_rule": settings.cache_rule} if settings.cache_rule != RenderSettings.cache_rule else {}
    return {"cache": settings.cache, **rule} if settings.cache else {}


def step_cache_table(take: Take) -> Table:
    """What the model and the machine added to the step cache of a take's settings; nothing of it that is not known."""
    ratios = {"step_ratios": [list(stage) for stage in take.step_ratios]} if take.step_ratios else {}
    return ratios if take.profile_cache is None else {**ratios, "profile_cache": take.profile_cache}


def _step_ratios(read: TableReader) -> tuple[tuple[float, ...], ...]:
    stages = read.optional("step_ratios", list) or []
    if not all(isinstance(stage, list) and stage and all(type(one) in (int, float) and 0 <= one < 1e6 for one in stage)
               for stage in stages):
        raise FormatError("take: 'step_ratios' are no ratios")
    return tuple(tuple(map(float, stage)) for stage in stages)


def _settings(table: Table) -> RenderSettings:
    read = TableReader(table, "settings")
    cache = 0.0 if read.optional("cache", object) is None else read.number("cache")
    rule = read.optional("cache_rule", str) or RenderSettings.cache_rule
    return RenderSettings(read("preset", str), read.count("steps", 1), read.number("guidance"), cache, rule, read.rest())


def _clock_table(clock: Clock) -> Table:
    return {**clock.unknown, "fps": clock.fps, "section_frames": clock.section_frames}


def parse_clock(table: object) -> Clock:
    """The clock in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = TableReader(table, "clock")
    return Clock(read.count("fps", 1), read.count("section_frames", 1), read.rest())


def branch_table(branch: Branch) -> Table:
    """A branch as a JSON object."""
    segments = [segment_table(segment) for segment in branch.segments]
    return {**branch.unknown, "id": branch.id, "name": branch.name, "tip": branch.tip, "segments": segments}


def parse_branch(table: object) -> Branch:
    """The branch in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = TableReader(table, "branch")
    segments = tuple(parse_segment(entry) for entry in read("segments", list))
    return Branch(read.id("id"), read("name", str), segments, read.link("tip"), read.rest())


def dropped_branches_table(dropped: tuple[DroppedBranch, ...]) -> Table:
    """The field of the branches in the trash; without any there is none, as in documents from before they were kept."""
    entries = [{**each.unknown, "branch": branch_table(each.branch), "when": each.when} for each in dropped]
    return {"dropped_branches": entries} if entries else {}


def parse_dropped_branch(table: object, takes: Mapping[str, Take]) -> DroppedBranch:
    """A branch in the trash; it ends nowhere where its last take is gone. Raises FormatError: see `parse_branch`."""
    read = TableReader(table, "dropped branch")
    branch = parse_branch(read("branch", dict))
    ends = branch.tip is None or branch.tip in takes
    return DroppedBranch(branch if ends else replace(branch, tip=None), read("when", str), read.rest())


def _texts_table(**texts: str) -> Table:
    """Fields of texts; a blank one has none, as in documents from before there were such texts."""
    return {key: text for key, text in texts.items() if text}
