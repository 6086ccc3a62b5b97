"""Fetching from a hub that behaves and one that does not: what comes, what is kept, what is said."""

from __future__ import annotations

import errno
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, ModelError, check, find_models, read_card
from studio.catalogue.hub import fetch as fetching
from studio.catalogue.hub.download import INCOMING, Download, plan_download
from studio.catalogue.hub.errors import FetchError
from studio.catalogue.hub.record import RECORD, read_record
from tests.catalogue.fake_hub import Hub, Repository, card_of, fill, serve

WEIGHTS = "diffusion_pytorch_model.safetensors"
F1, HUNYUAN, REDUX = "lllyasviel/FramePack_F1_I2V_HY_20250503", "hunyuanvideo-community/HunyuanVideo", "lllyasviel/flux_redux_bfl"


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    hub, server = serve()
    yield hub
    server.shutdown()
    server.server_close()


@pytest.fixture()
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)       # what a cut may cost; 10 MB otherwise
    monkeypatch.delenv("STUDIO_MODELS", raising=False)
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(seconds / 100))      # between two attempts of the hub's client
    return card_of(tmp_path / "models" / "framepack-f1")


@pytest.fixture()
def hub(server: Hub, models: dict[str, ModelCard], card: ModelCard) -> Hub:
    server.__init__(url=server.url)  # type: ignore[misc]  # as new, at the same address
    fill(server, models["large"], card.sources)
    return server


def get(card: ModelCard, hub: Hub, *caches: Path) -> tuple[ModelCard, Download, int]:
    """Fetch, and read the card again. Tells also how many bytes the progress counted."""
    counted = 0

    def progress(count: int, path: str) -> None:
        nonlocal counted
        counted += count

    download = plan_download(card, caches, hub.url)
    fetching.fetch(download.accept("2026-01-01"), progress)
    return read_card(card.folder), download, counted


def test_three_repositories_become_one_model(card: ModelCard, hub: Hub, models: dict[str, ModelCard]) -> None:
    assert (card.state, card.missing) == ("not fetched", None)
    with pytest.raises(ModelError, match=r"python app.py models fetch framepack-f1"):
        load(card, "cpu")
    whole, download, counted = get(card, hub)
    assert (whole.state, whole.missing) == ("ready", 0)
    check(whole, thorough=True)
    wanted = {file.path: file for file in models["large"].files}
    assert {file.path: (file.size, file.sha256) for file in whole.files} == {p: (f.size, f.sha256) for p, f in wanted.items()}
    assert download.download_size == download.size == counted == sum(file.size for file in wanted.values())
    assert not (card.folder / INCOMING).exists(), "nothing half is left"
    ours, theirs = load(whole, "cpu"), load(models["large"], "cpu")
    assert all(torch.equal(a, b) for a, b in zip(ours.backbone.parameters(), theirs.backbone.parameters(), strict=True))
    assert ours.fingerprint.split(":")[1:] == theirs.fingerprint.split(":")[1:]


def test_the_record_says_where_from(card: ModelCard, hub: Hub) -> None:
    get(card, hub)
    record = read_record(card.folder)
    assert [known.repository for known in record.repositories] == [F1, HUNYUAN, REDUX]
    assert all(known.revision == next(iter(hub.repositories[known.repository].commits)) for known in record.repositories)
    assert record.accepted == {source.licence_link: "2026-01-01" for source in card.sources}
    assert plan_download(read_card(card.folder), (), hub.url).unaccepted_sources() == ()


def test_fetching_again_downloads_nothing(card: ModelCard, hub: Hub) -> None:
    whole, _, _ = get(card, hub)
    hub.asked.clear()
    _, download, counted = get(whole, hub)
    assert hub.asked == [] and download.download_size == counted == 0


def test_a_download_that_was_cut_goes_on_in_the_next_run(card: ModelCard, hub: Hub) -> None:
    hub.cut[WEIGHTS], hub.dies = 5000, True
    with pytest.raises(FetchError, match="answered with error 503"):
        get(card, hub)
    begun = read_card(card.folder)
    here = (card.folder / "transformer" / "config.json").stat().st_size
    assert (begun.state, begun.missing) == ("incomplete", sum(file.size for file in begun.files) - here)
    with pytest.raises(ModelError, match=r"not complete.*models fetch framepack-f1"):
        load(begun, "cpu")
    assert [part.stat().st_size for part in (card.folder / INCOMING).glob("*.part")] == [5000]
    hub.asked.clear()
    hub.broken.clear()
    whole, download, counted = get(begun, hub)
    assert hub.ranges(WEIGHTS)[0] == "bytes=5000-" and download.partial_size == 5000 and counted == download.download_size - 5000
    check(whole, thorough=True)


def test_a_cut_within_a_run_is_no_trouble(card: ModelCard, hub: Hub) -> None:
    hub.cut[WEIGHTS] = 7000
    whole, download, counted = get(card, hub)
    assert hub.ranges(WEIGHTS)[:2] == ["", "bytes=7000-"] and counted == download.download_size
    check(whole, thorough=True)


def test_a_server_that_does_not_know_ranges_begins_anew(card: ModelCard, hub: Hub) -> None:
    download = plan_download(card, (), hub.url)
    _, file = next((r, f) for r, f in download.to_download if f.name == WEIGHTS)
    (card.folder / INCOMING).mkdir()
    (card.folder / INCOMING / f"{file.sha256}.part").write_bytes(b"x" * 3000)
    hub.deaf = True
    whole, again, counted = get(card, hub)
    assert again.partial_size == 3000 and counted == again.download_size - 3000
    check(whole, thorough=True)


def test_what_was_changed_on_the_way_is_thrown_away(card: ModelCard, hub: Hub) -> None:
    hub.spoilt.add(WEIGHTS)
    with pytest.raises(FetchError, match=f"{WEIGHTS} of {F1} did not arrive .* checksum differs"):
        get(card, hub)
    assert (card.folder / "transformer" / "config.json").is_file() and list((card.folder / INCOMING).glob("*.part")) == []
    hub.spoilt = {"tokenizer/tokenizer_config.json"}                  # a small file: held against its Git id
    with pytest.raises(FetchError, match=r"tokenizer_config.json"):
        get(card, hub)
    hub.spoilt.clear()
    check(get(card, hub)[0], thorough=True)


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        ((403, "GatedRepo"), "is gated.*accept the terms.*hf auth login"),
        ((404, "RepoNotFound"), "does not know .*removed, renamed or made private"),
        ((404, "RevisionNotFound"), "not the revision or file"),
        ((403, ""), r"refused .* \(403\)"),
        ((429, ""), "asks to wait"),
        ((503, ""), "answered with error 503"),
    ],
)
def test_a_refusal_says_what_to_do(card: ModelCard, hub: Hub, refusal: tuple[int, str], says: str) -> None:
    hub.repositories[HUNYUAN].refusal = refusal
    with pytest.raises(FetchError, match=says) as caught:
        get(card, hub)
    assert HUNYUAN in str(caught.value) or refusal[0] == 429
    assert "What is there already is kept" in str(caught.value)


def test_no_such_repository_as_strangers_are_told(card: ModelCard, hub: Hub) -> None:
    del hub.repositories[REDUX]
    with pytest.raises(FetchError, match=f"does not know {REDUX}"):
        get(card, hub)


def test_a_login_is_used_and_told_to_the_hub_alone(card: ModelCard, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    get(card, hub)
    assert hub.tokens == {("127.0.0.1", "Bearer hf_secret"), ("localhost", "")}


def test_no_network(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FetchError, match=r"could not be reached.*Check the network"):
        plan_download(card, (), "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FetchError, match=r"HF_HUB_OFFLINE is set"):
        plan_download(card, ())


def test_too_little_room_is_told_before_the_download(card: ModelCard, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**5))
    with pytest.raises(FetchError, match=r"not enough room in .*: 0\.\d MB are needed and 0\.1 MB are free.*STUDIO_MODELS"):
        get(card, hub)
    assert hub.asked == []


def test_a_disk_that_fills_up_on_the_way(card: ModelCard, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching._Counted, "write", full)
    with pytest.raises(FetchError, match=r"disk of .* is full.*What is there already is kept"):
        get(card, hub)


def test_a_folder_that_cannot_be_written(card: ModelCard, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"file/framepack-f1"):
        get(read_card(card.folder), hub)


def test_weights_on_another_disk(card: ModelCard, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "large disk"))
    whole, _, _ = get(read_card(card.folder), hub)
    assert whole.state == "ready" and whole.path("vae") == tmp_path / "large disk" / "framepack-f1" / "vae"
    assert [path.name for path in card.folder.iterdir()] == ["model.toml"]
    load(whole, "cpu")


def test_two_at_once(card: ModelCard, hub: Hub) -> None:
    download = plan_download(card, (), hub.url)
    with fetching._lock(download.folder), pytest.raises(FetchError, match=r"being fetched already"):
        fetching.fetch(download, lambda count, path: None)


def test_a_download_that_was_begun_keeps_its_commit(card: ModelCard, hub: Hub) -> None:
    hub.broken["vae/config.json"] = 500
    with pytest.raises(FetchError):
        get(card, hub)
    first = next(iter(hub.repositories[F1].commits))
    hub.repositories[F1].commit(**{"config.json": b"{}"})
    hub.broken.clear()
    whole, _, _ = get(read_card(card.folder), hub)
    assert read_record(card.folder).repositories[0].revision == first
    check(whole, thorough=True)


def test_a_commit_that_is_gone_gives_way_to_the_newest(card: ModelCard, hub: Hub) -> None:
    get(card, hub)
    files = next(iter(hub.repositories[F1].commits.values()))
    hub.repositories[F1] = Repository({"f" * 40: {**files, "config.json": files["config.json"] + b" "}})
    whole, download, _ = get(read_card(card.folder), hub)
    assert [file.path for _, file in download.to_download] == ["transformer/config.json"]
    assert read_record(card.folder).repositories[0].revision == "f" * 40
    check(whole, thorough=True)


def test_files_put_there_by_hand_are_read_before_they_are_trusted(
    card: ModelCard, hub: Hub, models: dict[str, ModelCard]
) -> None:
    shutil.copytree(models["large"].folder / "vae", card.folder / "vae")
    weights = card.folder / "vae" / WEIGHTS
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    _, download, _ = get(card, hub)
    assert [file.path for _, file in download.to_download if file.path.startswith("vae/")] == [f"vae/{WEIGHTS}"]
    assert weights.read_bytes() == whole


def test_names_that_lead_elsewhere_are_left_out(card: ModelCard, hub: Hub) -> None:
    evil = ("image_encoder/../../evil.json", "image_encoder/a\\b.json", "/evil.json", "image_encoder/C:evil.json")
    hub.repositories[REDUX].commit(**dict.fromkeys(evil, b"{}"))
    download = plan_download(card, (), hub.url)
    assert {file.name for _, file in download.record.files}.isdisjoint(evil)


def test_a_repository_without_a_part(card: ModelCard, hub: Hub) -> None:
    hub.repositories[REDUX].commit(**{"feature_extractor/preprocessor_config.json": None})
    with pytest.raises(FetchError, match=f"{REDUX} has nothing for 'feature_extractor' in its folder"):
        get(card, hub)


@pytest.mark.parametrize("damage", ["{", "[]", '{"version": 9}', '{"version": 1, "repositories": 3, "accepted": {}, "places": {}}'])
def test_a_damaged_record_is_named(card: ModelCard, damage: str) -> None:
    (card.folder / RECORD).write_text(damage)
    cards, problems = find_models(card.folder.parent)
    assert cards == () and RECORD in problems[0] and "Delete it and fetch the model again" in problems[0]


def test_a_record_cannot_lead_out_of_the_folder(card: ModelCard, hub: Hub) -> None:
    get(card, hub)
    table = json.loads((card.folder / RECORD).read_text())
    table["repositories"][0]["files"][0]["path"] = "../../secret.json"
    (card.folder / RECORD).write_text(json.dumps(table))
    with pytest.raises(ModelError, match=r"is damaged"):
        read_card(card.folder)
