"""A program makes films on the real page: end to end, with a client of its own and with Gradio's."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from gradio_client import Client as GradioClient
from gradio_client import handle_file
from PIL import Image

from studio.api.functions import NAMES
from studio.client import Client, Film, StudioError
from tests.api.conftest import Served

ROOT = Path(__file__).parents[2]


def film_of(own: Served, *prompts: str, seconds: float = 0.3) -> Film:
    film = own.client().create("A film", preset="draft")
    film.set_reference(own.picture)
    for seed, prompt in enumerate(prompts):
        film.add_segment(prompt, seconds=seconds, seed=seed)
    return film


def test_a_branching_film(own: Served, tmp_path: Path) -> None:
    film = own.client().create("Sea", width=48, height=64, preset="draft", style="at dusk")
    assert (film.state["width"], film.state["style"], film.state["segments"]) == (48, "at dusk", [])
    assert film.state["next"] is None and film.state["blocked"].startswith("Choose a reference picture")
    film.set_reference(own.picture)
    for prompt in ("waves", "a ship", "a storm"):
        film.add_segment(prompt, seconds=0.7)
    assert [s["prompt"] for s in film.state["segments"]] == ["waves", "a ship", "a storm"] and film.state["next"] == 0
    assert film.state["segments"][0]["seconds"] == pytest.approx(2 * 4 / 12), "whole sections"

    own.engine.step_seconds = 0.02
    events = list(film.generate())
    assert events[0]["state"] in ("queued", "running") and events[-1]["state"] == "done"
    assert events[-1]["finished"] == events[-1]["planned"] == 3
    running = [event for event in events if event["state"] == "running"]
    assert {event["section"] for event in running} == {0, 1} and {event["index"] for event in running} == {0, 1, 2}
    assert any(event["step"] > 0 and event["doing"] == "denoising" and event["seconds_left"] is not None for event in running)
    own.engine.step_seconds = 0.0

    state = film.status()
    first, second, third = (segment["take"] for segment in state["segments"])
    assert state["head"] == third and state["seconds"] == pytest.approx(3 * 8 / 12)

    film.rewind(second)
    assert film.state["head"] == second
    film.branch(first)
    assert film.state["head"] == first and len(film.state["branches"]) == 2
    assert next(b for b in film.state["branches"] if not b["current"])["takes"] == [first, second, third], "the other one stays"
    film.edit_segment(film.state["segments"][1]["id"], prompt="an island")
    assert list(film.generate(all=False))[-1]["state"] == "done"
    island = film.status()["head"]
    assert island and next(t for t in film.state["takes"] if t["id"] == island)["prompt"] == "an island"

    assert list(film.retake(island, seed=77))[-1]["state"] == "done"
    again = film.status()["head"]
    assert again != island and next(t for t in film.state["takes"] if t["id"] == again)["seed"] == 77

    last = list(film.audition(seeds=3))[-1]
    assert last["state"] == "done" and len(last["takes"]) == 3
    offered = [t for t in film.status()["takes"] if t["id"] in last["takes"]]
    assert not any(t["chosen"] for t in offered) and film.state["head"] == again
    film.use_take(last["takes"][1])
    assert film.state["head"] == last["takes"][1]
    film.drop_takes([last["takes"][0]])
    assert last["takes"][0] not in {t["id"] for t in film.state["takes"]}

    with pytest.raises(StudioError) as refused:
        film.pin(first)                              # the fake model's memory is of no kind that pins
    assert refused.value.code == "refused" and "pin" in refused.value.message.lower()

    main = next(b["id"] for b in film.state["branches"] if not b["current"])
    film.rename_branch(main, "Storm")
    film.switch(main)
    assert film.state["head"] == third
    exported = film.export(tmp_path / "sea.mp4")
    assert exported.read_bytes()[4:8] == b"ftyp"
    assert film.export(tmp_path / "sea.zip", what="project").read_bytes()[:2] == b"PK"
    assert film.export(tmp_path / "take.gif", what="gif", take=third).read_bytes()[:3] == b"GIF"
    assert Image.open(film.look(tmp_path / "sheet.png")).format == "PNG"
    assert Image.open(film.look(tmp_path / "poster.webp", [second], "poster")).size == (48, 64)
    assert any(each["id"] == film.id and "takes" in each["facts"] for each in own.client().films("island"))


def test_shots_words_and_undo(own: Served) -> None:
    film = film_of(own, "one", "two")
    list(film.generate(all=False))
    take, second = film.status()["head"], film.state["segments"][1]["id"]
    assert film.new_shot(second, "frame", take=take, at=2)["segments"][1]["shot"]
    assert film.new_shot(second, "picture", picture=own.picture)["segments"][1]["shot"]
    assert not film.new_shot(second, "none")["segments"][1]["shot"]
    assert film.undo()["segments"][1]["shot"] and not film.redo()["segments"][1]["shot"]
    assert film.set_words(cast="a cat", style="ink")["cast"] == "a cat"
    undone = film.undo()
    assert (undone["cast"], undone["style"]) == ("", ""), "one call is one step"
    assert len(film.remove_segment(second)["segments"]) == 1
    sample = film._client.about()["samples"][0]["name"]
    assert film.use_sample(sample)["picture"]


def test_a_job_is_cancelled_followed_and_paused(own: Served) -> None:
    film = film_of(own, "one", "two", seconds=1)
    own.engine.gate = threading.Semaphore(3)
    events = film.generate()
    assert next(events)["state"] in ("queued", "running")
    with pytest.raises(StudioError) as busy:
        film.retake("x")
    assert busy.value.code in ("busy", "not_found")
    with pytest.raises(StudioError) as busy:
        list(film.generate())
    assert busy.value.code == "busy" and busy.value.message == (
        "This film is already generating. Wait for it to finish, or cancel it first.")
    other = own.other_client().film(film.id)          # another program sees the same job
    followed = other.events()
    assert next(followed)["state"] == "running"
    other.cancel()
    assert list(events)[-1]["state"] == list(followed)[-1]["state"] == "cancelled"
    own.engine.gate = None
    assert [event["state"] for event in film.events()] == ["cancelled"]

    own.engine.step_seconds = 0.02
    events = film.generate()
    next(event for event in events if event["step"])
    film.pause()
    assert list(events)[-1]["state"] == "paused"
    assert list(film.resume())[-1]["state"] == "done"


def test_a_job_that_fails(own: Served) -> None:
    film = film_of(own, "one")
    own.engine.fail_at = (0, 1)
    with pytest.raises(StudioError) as failed:
        list(film.generate())
    assert failed.value.code == "failed" and failed.value.message == "Out of memory. Choose a smaller size."
    own.engine.fail_at = None
    assert list(film.generate())[-1]["state"] == "done"


def test_a_caller_that_leaves_stops_no_job(own: Served) -> None:
    film = film_of(own, "one", seconds=1)
    own.engine.gate = threading.Semaphore(1)
    client = GradioClient(own.url, verbose=False)
    job = client.submit(film=film.id, api_name="/v1_generate")
    while not job.outputs():
        time.sleep(0.01)
    client.close()
    own.engine.gate = None
    assert list(film.events())[-1]["state"] == "done"


def test_gradios_own_client_and_language(own: Served) -> None:
    client = GradioClient(own.url, verbose=False)
    film = client.predict(name="Plain", api_name="/v1_create")
    answer = client.predict(film["id"], handle_file(str(own.picture)), api_name="/v1_set_reference")
    assert answer["picture"] == own.picture.name
    with pytest.raises(Exception, match="not on the current branch") as error:
        client.predict(film["id"], "nothing", api_name="/v1_remove_segment")
    assert error.value.title == "not_found"
    german = own.client("de").film(film["id"])
    english = own.client("xx").film(film["id"])
    for words, language in (("This project is not here", "xx"), ("Dieses Projekt ist nicht hier", "de")):
        with pytest.raises(StudioError, match=words) as missing:
            own.client(language).film("nowhere")
        assert missing.value.code == "not_found"
    assert german.state["id"] == english.state["id"]


def test_info_shows_names_types_and_texts(own: Served) -> None:
    with urllib.request.urlopen(f"{own.url}/gradio_api/info") as answer:
        info = json.load(answer)["named_endpoints"]
    assert len(info) == len(NAMES) and all(name.startswith("/v1_") for name in info)
    add = info["/v1_add_segment"]
    assert add["description"].startswith("Add a segment")
    seconds = next(p for p in add["parameters"] if p["parameter_name"] == "seconds")
    assert seconds["type"]["oneOf"] == [{"type": "null"}, {"type": "number"}] and "whole section" in seconds["type"]["description"]
    assert add["returns"][0]["type"]["properties"]["section_seconds"] == {"type": "number"}
    assert all(p["type"]["description"] for each in info.values() for p in each["parameters"])


def test_a_browser_is_sent_nothing_of_it(own: Served) -> None:
    """Neither the functions nor a bar that leads to their address."""
    with urllib.request.urlopen(own.url) as answer:
        text = answer.read().decode()
    config = json.loads(text.split("window.gradio_config = ")[1].split(";</script>")[0])
    assert len(config["pages"]) == 1 and [each["type"] for each in config["components"]] == ["html", "html"]
    assert "v1_" not in text


def test_two_clients_on_one_film(own: Served) -> None:
    film = film_of(own)
    others = [own.other_client().film(film.id) for _ in range(2)]

    def write(index: int) -> None:
        for number in range(4):
            others[index].add_segment(f"{index} {number}")

    threads = [threading.Thread(target=write, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    prompts = [segment["prompt"] for segment in film.status()["segments"]]
    assert sorted(prompts) == sorted(f"{i} {n}" for i in range(2) for n in range(4)), "no edit of either is lost"


def test_the_examples_run(
    own: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of README and docs/api.md, as they stand there."""
    own.engine.step_seconds = 0.005                 # a step is seen while it is made
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 48), "orange").save("cat.png")
    for text in ((ROOT / "README.md").read_text("utf-8"), (ROOT / "docs" / "api.md").read_text("utf-8")):
        example = next(code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "studio.client" in code)
        exec(example.replace("http://127.0.0.1:7860", own.url), {})
    assert (tmp_path / "cat.mp4").read_bytes()[4:8] == b"ftyp" and "denoising" in capsys.readouterr().out


def test_without_a_studio() -> None:
    with pytest.raises(StudioError) as error:
        Client("http://127.0.0.1:9")
    assert error.value.code == "unreachable" and "There is no studio at http://127.0.0.1:9" in error.value.message
