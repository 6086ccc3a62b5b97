"""What the browser may ask for: anything, from anyone. Whatever comes, the studio answers and nothing leaks or breaks."""

from __future__ import annotations

import shutil
from pathlib import Path

from studio.project.model import Shot
from studio.session import Session, Studio
from studio.ui import views
from studio.ui.api import PageApi
from studio.ui.gallery import find_samples
from tests.fake_engine import FakeEngine, card
from tests.shelves import picture, render_all, wait_for_job
from tests.ui.conftest import ask, refusal


def test_writing(api: PageApi, session: Session) -> None:
    first = session.project.current().segments[0].id
    ask(api, session, "edit_segment", segment=first, prompt="new", sections=3, seed=9)
    ask(api, session, "add_segment", segment=first)
    ask(api, session, "rename", name="Title")
    ask(api, session, "set_size", width=48, height=64)
    ask(api, session, "apply_preset", name="fine")
    project = session.project
    segment = project.current().segments[0]
    assert (segment.prompt, segment.frames, segment.seed) == ("new", 12, 9)
    assert len(project.current().segments) == 3 and project.name == "Title"
    assert (project.size, project.settings.preset) == ((48, 64), "fine")
    ask(api, session, "edit_segment", segment=first, dice=True)
    assert session.project.current().segments[0].seed != 9
    ask(api, session, "undo")
    assert session.project.current().segments[0].seed == 9


def test_an_answer_brings_what_it_changed(api: PageApi, session: Session) -> None:
    message = {"verb": "rename", "project": session.id, "name": "Waves"}
    board = api.answer(message)["board"]
    assert board["name"] == "Waves" and board["revision"] == session.revision
    assert board == api.boards.fresh(session)
    assert "board" not in api.answer({**message, "verb": "shelved_loras"}), "nothing has changed"


def test_words_of_the_film(api: PageApi, session: Session) -> None:
    for text in ("d", "dusk"):
        ask(api, session, "set_style", style=text, stroke="s1")
    ask(api, session, "set_cast", cast="Anna")
    assert (session.project.style, session.project.cast) == ("dusk", "Anna")
    ask(api, session, "undo")
    ask(api, session, "undo")
    assert (session.project.style, session.project.cast) == ("", "")
    assert "2,001 characters" in refusal(api, {"verb": "set_style", "project": session.id, "style": "x" * 2001})
    assert "understand" in refusal(api, {"verb": "set_cast", "project": session.id, "cast": ["Anna"]})
    assert (session.project.style, session.project.cast) == ("", "")


def test_timelines_in_pasted_text(api: PageApi, session: Session) -> None:
    text = "[/duration=1s] she waves\n[/new_shot] the sea"
    answer = ask(api, session, "read_timeline", text=text)
    assert answer | {"notes": []} == {
        "segments": [{"prompt": "she waves", "length": "1.0 s"}, {"prompt": "the sea", "length": "1.0 s"}], "length": "2.0 s",
        "replaced": 2, "notes": [],
    }  # fmt: skip
    assert "New shots begin at the reference picture" in answer["notes"][0]
    assert ask(api, session, "read_timeline", text="plain [text]") == {"segments": []}
    assert [s.prompt for s in session.project.current().segments] == ["one", "two"]
    assert ask(api, session, "put_timeline", text=text) == {"note": answer["notes"][0]}
    assert [(s.prompt, s.shot) for s in session.project.current().segments] == [("she waves", None), ("the sea", Shot())]
    ask(api, session, "undo")
    assert [s.prompt for s in session.project.current().segments] == ["one", "two"]
    assert "no timeline" in refusal(api, {"verb": "put_timeline", "project": session.id, "text": "plain"})
    for verb in ("read_timeline", "put_timeline"):
        assert "seconds at most" in refusal(api, {"verb": verb, "project": session.id, "text": "[/duration=9999s] x"})
        assert "understand" in refusal(api, {"verb": verb, "project": session.id, "text": "x" * 20_001})


def test_blends(api: PageApi, session: Session) -> None:
    second = session.project.current().segments[1].id
    for frames in (2, 3):
        ask(api, session, "edit_segment", segment=second, blend=frames, stroke="s1")
    assert session.project.current().segments[1].blend == 3
    assert "A blend is counted in frames" in refusal(
        api, {"verb": "edit_segment", "project": session.id, "segment": second, "blend": 10_000})
    assert "understand" in refusal(api, {"verb": "edit_segment", "project": session.id, "segment": second, "blend": -1})
    ask(api, session, "undo")
    assert session.project.current().segments[1].blend == 0


def test_styles(api: PageApi, session: Session) -> None:
    own = api.studio.home / "styles"
    own.mkdir()
    (own / "mine.toml").write_text('title = "Mine"\nstyle = "dusk"\ncast = "Anna"')
    (own / "wrong.toml").write_text("nonsense")
    answer = ask(api, session, "film_styles")
    assert {"name": "mine", "title": "Mine", "description": "", "style": "dusk", "cast": "Anna"} in answer["styles"]
    assert "golden-hour" in [style["name"] for style in answer["styles"]]
    problem, = answer["problems"]
    assert problem.startswith("wrong.toml cannot be read") and str(own) not in problem
    ask(api, session, "use_style", style="mine")
    assert (session.project.style, session.project.cast) == ("dusk", "Anna")
    ask(api, session, "undo")
    assert (session.project.style, session.project.cast) == ("", "")
    for wrong in ("wrong", "../mine", ""):
        assert "not there any more" in refusal(api, {"verb": "use_style", "project": session.id, "style": wrong})


def test_rendering(api: PageApi, session: Session) -> None:
    ask(api, session, "generate_next")
    wait_for_job(session)
    take = session.project.head
    ask(api, session, "retake", take=take)
    wait_for_job(session)
    ask(api, session, "rewind", take=take)
    ask(api, session, "branch", take=take)
    ask(api, session, "rename_branch", branch=session.project.branch, name="Other")
    ask(api, session, "rewind")
    assert session.project.head is None and session.project.current().name == "Other"


def test_files(api: PageApi, session: Session) -> None:
    render_all(session)
    for fields in ({"what": "film", "title": "T", "fade": 0.1}, {"what": "gif", "take": session.project.head}, {"what": "project"}):
        answer = ask(api, session, "export", **fields)
        assert answer["url"].startswith("gradio_api/file=/") and answer["file"] and "aside" not in answer
    assert "each was shortened to half" in ask(api, session, "export", what="film", fade=10)["aside"]
    assert ask(api, session, "film")["url"].startswith("gradio_api/file=/")


def test_frames(api: PageApi, session: Session) -> None:
    answer = ask(api, session, "set_reference", path=str(picture(api.uploads, "olive", (160, 120))))
    assert answer == {"frame_of": None}, "at a small size"
    ask(api, session, "set_frame", frame=[0.25, 0.25, 0.5, 0.5])
    assert session.project.frame == (0.25, 0.25, 0.5, 0.5)
    for wrong in ([0, 0, 1], "0011", [0, 0, 1, None], [0, 0, 1, True], [0, 0, 1, "1"], {"x": 0}, [0, 0, 1, float("nan")],
                  [0, 0, 1, float("inf")], [0, 0, 10**400, 1], 7):
        assert "understand" in refusal(api, {"verb": "set_frame", "project": session.id, "frame": wrong}), wrong
    for outside in ([0.9, 0, 0.5, 0.5], [-1, 0, 0.5, 0.5], [0, 0, 0, 0], [0, 0, 1e300, 1]):
        assert "frame" in refusal(api, {"verb": "set_frame", "project": session.id, "frame": outside})
    assert "too small" in refusal(api, {"verb": "set_frame", "project": session.id, "frame": [0.5, 0.5, 0.001, 0.001]})
    assert session.project.frame == (0.25, 0.25, 0.5, 0.5)
    ask(api, session, "set_frame", frame=None)
    assert session.project.frame is None


def test_why_an_upload_failed(api: PageApi, tmp_path: Path) -> None:
    def told() -> str:
        return str(api.answer({"verb": "uploads"})["answer"]["problem"])

    assert told() == ""
    api.uploads.rmdir()
    assert told() == "", "it is made again when it is needed"
    api.uploads.write_text("a file")
    assert "is a file, not a folder" in told() and "GRADIO_TEMP_DIR" in told()
    api.remote = True
    assert str(tmp_path) not in told() and "tell whoever runs it" in told()


def test_a_sample_can_be_opened_or_lend_its_picture(api: PageApi, session: Session) -> None:
    sample, = ask(api, session, "samples")["samples"]          # the broken one is left out
    assert (sample["name"], sample["segments"], sample["first"]) == ("Waves", 2, "a")
    opened = api.studio.open(ask(api, session, "begin", sample="waves")["project"]).project
    assert opened.name == "Waves" and opened.reference and [s.prompt for s in opened.current().segments] == ["a", "b"]
    ask(api, session, "use_sample", sample="waves")
    assert session.project.reference and session.project.reference.name == "sea.png"


def test_a_sample_with_its_film_opens_with_its_takes(api: PageApi, tmp_path: Path) -> None:
    """Each visitor gets a project of their own; where the model that made it cannot go on, the story is there to be rendered."""
    uploads, examples = tmp_path / "uploads", tmp_path / "examples"
    made = render_all(api.studio.from_story(examples / "waves" / "story.toml"))
    shutil.copy(made.films.export_project(), examples / "waves" / "film.zip")
    api = PageApi(api.studio, find_samples(examples), uploads)
    assert api.answer({"verb": "samples"})["answer"]["samples"][0]["made"]
    first, second = (api.studio.open(api.answer({"verb": "begin", "sample": "waves"})["answer"]["project"]) for _ in range(2))
    assert len({first.id, second.id, made.id}) == 3 and len(first.project.film()) == 2 and first.films.film()
    clips = [session.store.take_folder(session.project.path()[0].id) / "clip.mp4" for session in (first, second)]
    content = clips[0].read_bytes()
    assert clips[0].samefile(clips[1]), "many visitors cost the disk no more than one"
    first.jobs.retake(first.project.path()[0].id)
    assert wait_for_job(first).state == "done" and len(first.project.takes) == 3 and len(second.project.takes) == 2
    shutil.rmtree(first.folder)
    assert clips[1].read_bytes() == content and second.films.film(), "neither changes the other"
    other = PageApi(Studio(tmp_path / "other", FakeEngine(), (card("other"),)), find_samples(examples), uploads)
    opened = other.studio.open(other.answer({"verb": "begin", "sample": "waves"})["answer"]["project"])
    assert not opened.project.takes and opened.project.model == "other" and len(other.studio.list()) == 1


def test_a_project_that_was_exported_can_be_dropped_on_the_page(api: PageApi, session: Session) -> None:
    parcel = shutil.copy(session.films.export_project(), api.uploads / "film.zip")
    arrived = api.studio.open(ask(api, session, "import_project", path=str(parcel))["project"])
    assert arrived is not session and arrived.project.branches == session.project.branches
    (api.uploads / "film.zip").write_text("no ZIP")
    assert "damaged" in refusal(api, {"verb": "import_project", "project": session.id, "path": str(parcel)})


def test_an_unbegun_film_is_taken_again_and_not_listed(api: PageApi, session: Session) -> None:
    new = ask(api, session, "begin")["project"]
    assert ask(api, session, "begin")["project"] == new
    assert [film["id"] for film in ask(api, session, "library")["films"]] == [session.id]


def test_on_a_shared_studio_nobody_sees_what_they_did_not_open(api: PageApi, session: Session) -> None:
    shared = PageApi(api.studio, (), api.uploads, public=True)
    assert ask(shared, None, "library", known=[])["films"] == []
    assert [film["id"] for film in ask(shared, None, "library", known=[session.id, 3, "../"])["films"]] == [session.id]
    assert ask(shared, None, "begin")["project"] != ask(shared, None, "begin")["project"]
    assert shared.open(None).id != session.id


def test_typing_of_one_visit_to_a_field_is_undone_in_one_go(api: PageApi, session: Session) -> None:
    first = session.project.current().segments[0].id
    for word, stroke in (("a", "s1"), ("a sea", "s1"), ("a sea, dusk", "s2")):
        ask(api, session, "edit_segment", segment=first, prompt=word, stroke=stroke)
    ask(api, session, "rename", name="T", stroke="s3")
    ask(api, session, "rename", name="Title", stroke="s3")
    for name, prompt in (("A film", "a sea, dusk"), ("A film", "a sea"), ("A film", "one")):
        ask(api, session, "undo")
        assert (session.project.name, session.project.current().segments[0].prompt) == (name, prompt)
    refusal(api, {"verb": "rename", "project": session.id, "name": "T", "stroke": "../x"})


def test_findings_are_dismissed(api: PageApi, session: Session) -> None:
    for finding in ("Something was mended.", "Something else was."):
        session.add_finding(finding)
    first = views.board(session, (), ())["findings"][0]
    assert first["message"] == "Something was mended."
    for _ in range(2):
        ask(api, session, "dismiss", finding=first["id"])
        assert session.findings == ("Something else was.",)
