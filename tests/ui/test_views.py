"""What the page is given to draw: plain JSON, no browser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from studio.catalogue.cards import ADAPTER, MEMORY, ModelFile
from studio.engine.events import EngineStatus, WorkerStatus
from studio.engine.rates import Rate, Rates
from studio.project import edits
from studio.project.sources import Video
from studio.project.tree import with_segments
from studio.session import JobView, Session, Studio
from studio.session.estimates import Estimator
from studio.ui import views
from studio.ui.context_views import memory_view
from studio.ui.model_views import engine_view, size_choices
from studio.ui.prompt_views import words_view
from studio.ui.tree import layout_tree
from studio.ui.words import file_url, format_length, format_size, format_wait
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, make_studio, render_all, wait_for_job


def board(session: Session) -> views.Json:
    drawn = views.board(session, (card(),), ())
    json.dumps(drawn)                                           # it must reach the browser
    return drawn


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return make_film(make_studio(tmp_path), "one", "two", "three", sections=2)


def test_the_words_of_the_film_and_what_the_model_makes_of_them(session: Session) -> None:
    session.edit(edits.set_style, "dusk")
    assert board(session)["words"] | {"hint": ""} == {"style": "dusk", "cast": "", "hint": ""}
    read_by = {kind: words_view(session.project, replace(card(), kind=kind))["hint"] for kind in ("animatic", "framepack")}
    assert "reads no cast" in read_by["animatic"] and "the cast, then the style" in read_by["framepack"]
    assert words_view(session.project, None)["hint"] == read_by["framepack"]


def test_an_unrendered_film(session: Session) -> None:
    drawn = board(session)
    first = drawn["segments"][0]
    assert first | {"id": ""} == {
        "id": "", "index": 0, "prompt": "one", "seed": 0, "sections": 2, "length": "0.7 s · 2 sections", "take": None,
        "state": "planned", "badge": "Planned", "head": False, "at_edge": False, "beyond": False, "loras": [],
        "filled": "", "unfilled": "", "blend": 0, "blend_most": 8, "blend_length": "0.0 s", "shot": None, "video": None,
        "estimate": "8 frames · 0.7 s of film",
    }  # fmt: skip
    assert drawn["plan"] == {"segments": 3, "length": "2.0 s", "costs": "24 frames · 2.0 s of film"}
    assert drawn["film"] == {"frames": 0, "length": "0.0 s"}
    assert drawn["next"] == {"index": 0, "completes": False, "forks": False}
    assert drawn["memory"]["sentence"] == "The next take starts from the reference picture alone."
    assert drawn["estimate"] is None and drawn["estimate_all"] is None
    assert [(one["size"], one["shape"]) for one in drawn["sizes"]] == [([64, 48], "Landscape"), ([48, 64], "Portrait")]
    wildcards = ["wildcards", ["__camera__", "__light__", "__mood__", "__weather__"]]
    assert drawn["model"]["phrases"] == [["camera", ["pans left", "moves closer"]], wildcards]


def test_a_rendered_film(session: Session) -> None:
    drawn = board(render_all(session))
    assert [s["badge"] for s in drawn["segments"]] == ["Done"] * 3
    assert [s["head"] for s in drawn["segments"]] == [False, False, True]
    assert drawn["next"] is None and "Add a segment" in drawn["blocked"]
    take = drawn["takes"][0]
    assert take["prompt"] == "one" and take["frames"] == 8 and take["length"] == "0.7 s"
    assert take["clip"].startswith("gradio_api/file=/") and take["poster"].endswith(f"?v={take['poster'].split('=')[-1]}")
    assert drawn["film"] == {"frames": 24, "length": "2.0 s"}


def test_after_a_rewind_what_lies_beyond_is_said(session: Session) -> None:
    render_all(session).edit(edits.rewind, session.project.film()[0].id)
    drawn = board(session)
    assert [s["beyond"] for s in drawn["segments"]] == [False, True, True]
    assert drawn["next"] == {"index": 1, "completes": False, "forks": True}
    assert drawn["estimate"] == "1 s" and drawn["estimate_all"] == "1 s"


def test_a_partial_take_is_completed_next(session: Session, tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.fail_at = (1, 1)
    session = make_film(make_studio(tmp_path / "other", engine), "one", sections=2)
    session.jobs.generate_next()
    assert wait_for_job(session).state == "failed"
    drawn = board(session)
    assert drawn["segments"][0]["badge"] == "1 of 2 sections"
    assert drawn["segments"][0]["state"] == drawn["takes"][0]["state"] == "partial"
    assert drawn["next"] == {"index": 0, "completes": True, "forks": False}
    assert views.job_view(session.job)["message"] == "Out of memory."  # type: ignore[index]


def test_edited_takes_are_stale_and_lost_clips_missing(session: Session) -> None:
    render_all(session).edit(edits.edit_segment, 1, prompt="else")
    drawn = board(session)
    assert [s["state"] for s in drawn["segments"]] == ["done", "stale", "stale"]
    clip = session.films.clip(session.project.film()[0].id)
    assert clip
    clip.unlink()
    missing = board(session)["takes"][0]
    assert (missing["state"], missing["badge"], missing["clip"]) == ("missing", "Clip is missing", None)


def test_without_a_picture_nothing_is_next(session: Session) -> None:
    session.edit(edits.set_reference, None)
    drawn = board(session)
    assert drawn["reference"] is None and drawn["next"] is None
    assert drawn["blocked"] == "Choose a reference picture: the film starts from it."


def test_a_model_that_is_not_installed_is_no_accident(session: Session) -> None:
    drawn = views.board(session, (), ())
    assert drawn["model"]["title"] == "tiny" and "not installed" in drawn["model"]["summary"]
    assert drawn["sizes"] == [{"size": [64, 48], "shape": "Landscape", "note": ""}]


def test_the_tree_gives_each_line_of_takes_a_column(session: Session) -> None:
    render_all(session)
    one, two, _ = (t.id for t in session.project.film())
    session.edit(edits.branch, one, "Other")
    session.edit(edits.edit_segment, 1, prompt="two b")
    session.jobs.generate_next()
    wait_for_job(session)
    other = session.project.head
    session.jobs.retake(one)
    wait_for_job(session)
    again = session.project.head
    nodes = {n.take: n for n in layout_tree(session.project)}
    assert [nodes[t].column for t in (one, two, other, again) if t] == [0, 0, 1, 2]
    assert [nodes[t].depth for t in (one, two, other, again) if t] == [0, 1, 1, 0]
    assert other and nodes[other].tips == ("Other",) and not nodes[other].loose


def test_undone_takes_are_loose(session: Session) -> None:
    session.jobs.generate_next()
    wait_for_job(session)
    session.undo()
    node, = layout_tree(session.project)
    assert node.loose and not node.on_path and node.tips == ()


@pytest.mark.parametrize(("remembers", "said"), [
    (False, "It has no memory of the 1.0 s before that."), (True, "Of the 1.0 s before that it keeps SemanticPack’s psi."),
])
def test_memory_tells_what_is_seen_and_what_is_kept(session: Session, remembers: bool, said: str) -> None:
    for _ in range(2):
        session.edit(edits.add_segment, frames=4 * 8)
    files = (ModelFile(ADAPTER, 1, "0" * 64),) if remembers else ()
    drawn = memory_view(render_all(session).project, card(files=files))    # 22 sections, each 4 frames, 1 latent frame
    assert (drawn["context"], drawn["starts"]) == ([16, 2, 1], True)
    assert drawn["recent"] == 19 and drawn["packed"] == drawn["remembers"] == remembers
    assert drawn["sentence"].endswith(said)


def test_a_model_that_looks_back_less_far_sees_less(session: Session) -> None:
    drawn = memory_view(render_all(session).project, card(kind="panorama", files=(ModelFile(MEMORY, 1, "0" * 64),)))
    assert drawn["recent"] == 2 and drawn["packed"]
    assert (drawn["context"], drawn["starts"]) == ([0, 0, 2], False)
    assert drawn["sentence"].startswith("The model sees the last 0.7 s of the film. Of the ")
    assert drawn["sentence"].endswith("it keeps a matrix that it learned to write, of one size in films of any length.")


def test_what_the_memory_holds_is_shown_of_the_head(session: Session) -> None:
    session.edit(edits.add_segment)
    render_all(session)
    assert views.board(session, (card(),), ())["memory"]["picture"] is None
    head = session.project.head
    (session.folder / "takes" / str(head) / "memory.webp").write_bytes(b"webp")
    assert "memory.webp?v=" in views.board(session, (card(),), ())["memory"]["picture"]


def test_a_model_without_its_weights_says_how_to_get_them(session: Session) -> None:
    away = card("far", title="Far", files=(ModelFile("transformer/a.safetensors", 2_500_000_000, "0" * 64),))
    drawn = views.board(session, (card(), away), ())["models"]
    assert drawn[0] == {"name": "tiny", "title": "Tiny", "from_words": False, "ready": True, "note": ""}
    assert not drawn[1]["ready"] and drawn[1]["note"].startswith("Not fetched, 2.5 GB to fetch. Get ")
    assert drawn[1]["note"].endswith(". Then start the studio again.")


def test_a_running_job() -> None:
    job = JobView("running", "denoising", "t1", 2, 1, 4, 2, 8, 75.0, None, b"webp", "", "", 1, 3, "Smaller tiles now.")
    assert views.job_view(job) == {
        "state": "running", "doing": "denoising", "doing_words": "denoising", "take": "t1", "index": 2, "section": 1, "sections": 4,
        "step": 2, "steps": 8, "progress": 0.3125, "left": "1 min", "total": None, "preview": "data:image/webp;base64,d2VicA==",
        "before": 0, "wait": None, "message": "", "remedy": "", "note": "Smaller tiles now.",
        "finished": 1, "planned": 3, "audition": [], "making": [],
        "retry": 0, "retries": 0,
    }  # fmt: skip
    assert views.job_view(None) is None


@pytest.mark.parametrize(("seconds", "said"), [(0, "0.0 s"), (3, "3.0 s"), (59.94, "59.9 s"), (59.97, "1:00"), (65, "1:05")])
def test_lengths(seconds: float, said: str) -> None:
    assert format_length(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "1 s"), (59, "59 s"), (59.7, "1 min"), (150, "2 min"), (3900, "1 h 5 min")])
def test_waits(seconds: float, said: str) -> None:
    assert format_wait(seconds) == said


def test_the_engine_in_words() -> None:
    assert engine_view(EngineStatus("ready", "", "CPU")) == {
        "state": "ready", "short": "Ready on CPU", "sentence": "Ready on CPU", "placement": [], "workers": [],
        "waiting": ""}
    assert engine_view(EngineStatus("ready", "", "CUDA", ("All of it.",)))["placement"] == ["All of it."]
    workers = WorkerStatus("Worker 1", "busy", "a"), WorkerStatus("Worker 2", "busy", "b"), WorkerStatus("Worker 3", "free")
    farm = engine_view(EngineStatus("ready", "", "3 × CPU", workers=workers, waiting=2), {"a"})
    assert [(worker["words"], worker["take"]) for worker in farm["workers"]] == [
        ("Worker 1: renders a take of this film", "a"), ("Worker 2: renders another film", ""), ("Worker 3: free", "")]
    assert farm["waiting"] == "2 jobs wait."
    failed = engine_view(EngineStatus("failed", "No model folder. Get one."))
    assert (failed["short"], failed["sentence"]) == ("Engine failed", "No model folder. Get one.")


def test_shapes_keep_a_size_the_card_does_not_have() -> None:
    assert [s["shape"] for s in size_choices((50, 50), card())] == ["Landscape", "Portrait", "Square"]  # type: ignore[arg-type]


def test_addresses_are_quoted_and_change_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a b#?.mp4"
    assert file_url(path) is None and file_url(None) is None
    path.touch()
    address = file_url(path)
    assert address and address.startswith("gradio_api/file=/") and "a%20b%23%3F.mp4?v=" in address


@pytest.mark.parametrize(("frames", "shown"), [
    (1, "3.0 s · 1 section"), (50, "3.0 s · 1 section"), (60, "6.0 s · 2 sections"), (12 * 12, "12.0 s · 4 sections"),
    (12 * 60, "1:00 · 20 sections"),
])  # fmt: skip
def test_a_length_is_what_will_really_be_rendered(tmp_path: Path, frames: int, shown: str) -> None:
    real = card(section_frames=36, window=9)
    session = Studio(tmp_path, FakeEngine(), (real,)).create()
    session.edit(edits.edit_segment, 0, frames=frames)
    drawn = views.board(session, (real,), ())
    assert drawn["segments"][0]["length"] == shown
    assert drawn["plan"]["length"] == shown.partition(" · ")[0]


def test_costs_before_the_first_take(session: Session) -> None:
    engine = session._engine
    engine.rates.record("tiny", session.project.size, Rate(0.5, 1.0, 2e6))
    steps = session.project.settings.steps
    drawn = board(session)
    seconds = 2 * (0.5 * steps + 1)
    first = drawn["segments"][0]["estimate"]
    assert first == f"8 frames · 0.7 s of film · about {format_wait(seconds)} to make · 4.0 MB on the disk"
    assert drawn["plan"]["costs"].endswith("12 MB on the disk") and drawn["estimate"] == format_wait(seconds)
    assert [format_size(n) for n in (3, 45_400, 1.04e6, 2.5e7, 1.234e9)] == ["1 kB", "45 kB", "1.0 MB", "25 MB", "1.2 GB"]


def test_a_video_on_the_timeline_costs_no_rendering(session: Session) -> None:
    estimator = Estimator(Rates())
    estimator._rates.record("tiny", session.project.size, Rate(0.5, 1.0, 2e6))
    video = Video("media/0123456789abcdef.video", "0123456789abcdef" * 4, 0.7, "waves.mp4")
    first, *rest = session.project.current().segments
    begun = with_segments(session.project, (replace(first, video=video), *rest))
    assert views.timeline_view(session.project, estimator)["costs"].endswith("12 MB on the disk")
    costs = views.timeline_view(begun, estimator)["costs"]
    assert costs.startswith("24 frames · 2.0 s of film")
    assert costs.endswith("8.0 MB on the disk"), "its frames count, its sections do not"
