"""Weights that a machine has already: real caches, written by the hub's own library, are used and not copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants, hf_hub_download

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, check, read_card
from studio.catalogue.hub import fetch as fetching
from studio.catalogue.hub.caches import find_caches
from studio.catalogue.hub.download import Download, plan_download
from studio.catalogue.hub.errors import FetchError
from tests.catalogue.fake_hub import Hub, serve
from tests.catalogue.test_hub_fetch import F1, HUNYUAN, REDUX, WEIGHTS, card, get, hub, server

__all__ = ["card", "hub", "serve", "server"]     # fixtures
Cached = Callable[..., Path]


@pytest.fixture()
def cached(hub: Hub, tmp_path: Path) -> Cached:
    """A folder of FramePack's, filled as FramePack fills it: with HF_HOME at its hf_download."""

    def fill(*repositories: str, but: str = "") -> Path:
        folder = tmp_path / "FramePack"
        for repository in repositories or (F1, HUNYUAN, REDUX):
            _, files = hub.repositories[repository].files("main") or ("", {})
            for name in files:
                if name != but:
                    hf_hub_download(repository, name, cache_dir=folder / "hf_download" / "hub", endpoint=hub.url)
        hub.asked.clear()
        return folder

    return fill


def bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors") if not path.is_symlink())


def test_framepacks_own_folder_is_used_where_it_is(card: ModelCard, hub: Hub, cached: Cached) -> None:
    folder = cached()
    whole, download, counted = get(card, hub, *find_caches(card.folder.parents[1], folder))
    assert (download.download_size, counted, hub.asked) == (0, 0, []) and bytes_of(card.folder) == 0
    assert whole.state == "ready" and all(whole.path(part).is_relative_to(folder) for part in ("transformer", "vae", "tokenizer_2"))
    check(whole, thorough=True)
    load(whole, "cpu")
    _, again, _ = get(whole, hub)                                    # without naming the folder again
    assert (again.download_size, hub.asked) == (0, [])


def test_a_folder_beside_the_studio_is_found_by_itself(card: ModelCard, cached: Cached, tmp_path: Path) -> None:
    folder = cached(F1)
    studio = tmp_path / "studio"
    studio.mkdir()
    assert folder / "hf_download" / "hub" in find_caches(studio)


def test_this_accounts_cache_is_found(cached: Cached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = cached(F1) / "hf_download" / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(mine))
    assert find_caches(tmp_path / "far" / "away" / "studio") == (mine,)


def test_a_cache_a_home_or_framepack_can_be_named(cached: Cached, tmp_path: Path) -> None:
    folder = cached(F1)
    for named in (folder, folder / "hf_download", folder / "hf_download" / "hub"):
        assert find_caches(tmp_path / "far" / "away" / "studio", named)[0].resolve() == folder / "hf_download" / "hub"
    with pytest.raises(FetchError, match="There are no weights in"):
        find_caches(tmp_path, tmp_path / "models")


def test_without_network_a_whole_cache_is_enough(
    card: ModelCard, cached: Cached, models: dict[str, ModelCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    caches = find_caches(card.folder.parents[1], cached())
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    download = plan_download(card, caches)
    fetching.fetch(download, lambda count, path: None)
    whole = read_card(card.folder)
    check(whole, thorough=True)
    assert {f.path: f.sha256 for f in whole.files} == {f.path: f.sha256 for f in models["large"].files}
    load(whole, "cpu")


@pytest.mark.parametrize("lack", [WEIGHTS, "tokenizer/tokenizer.json", "text_encoder/model.safetensors"])
def test_without_network_half_a_cache_is_not(card: ModelCard, cached: Cached, lack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    caches = find_caches(card.folder.parents[1], cached(but=lack))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FetchError, match="HF_HUB_OFFLINE"):
        plan_download(card, caches)


def test_without_network_a_cut_file_is_seen(card: ModelCard, cached: Cached, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = cached()
    blob = next(folder.rglob(f"snapshots/*/{WEIGHTS}")).resolve()
    blob.write_bytes(blob.read_bytes()[:-1])
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FetchError, match="HF_HUB_OFFLINE"):
        plan_download(card, find_caches(card.folder.parents[1], folder))


def test_what_is_missing_in_a_cache_is_fetched_and_the_rest_linked(card: ModelCard, hub: Hub, cached: Cached) -> None:
    folder = cached(but="text_encoder/config.json")
    whole, download, _ = get(card, hub, *find_caches(card.folder.parents[1], folder))
    assert [name for name, _ in hub.asked] == ["text_encoder/config.json"]
    assert [file.path for _, file, _ in download.to_link] == ["text_encoder/model.safetensors"]
    link = whole.path("text_encoder/model.safetensors")
    assert link.is_symlink() and link.resolve().is_relative_to(folder) and "text_encoder" not in whole.places
    check(whole, thorough=True)
    load(whole, "cpu")


def test_where_links_are_refused_files_are_shared_or_fetched(
    card: ModelCard, hub: Hub, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cached(but="text_encoder/config.json")

    def refuse(*_: object, **__: object) -> None:
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    whole, _, _ = get(card, hub, *find_caches(card.folder.parents[1], folder))
    weights = whole.path("text_encoder/model.safetensors")
    assert weights.stat().st_nlink == 2 and weights.samefile(next(folder.rglob("text_encoder/model.safetensors")))
    shutil.rmtree(card.folder / "text_encoder")
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    hub.asked.clear()
    again, _, _ = get(card, hub, *find_caches(card.folder.parents[1], folder))
    assert sorted(name for name, _ in hub.asked) == ["text_encoder/config.json", "text_encoder/model.safetensors"]
    check(again, thorough=True)


def test_an_older_snapshot_serves_for_what_did_not_change(card: ModelCard, hub: Hub, cached: Cached) -> None:
    folder = cached()
    hub.repositories[F1].commit(**{"config.json": hub.repositories[F1].files("main")[1]["config.json"] + b"\n"})  # type: ignore[index]
    whole, download, _ = get(card, hub, *find_caches(card.folder.parents[1], folder))
    assert [(name, asked) for name, asked in hub.asked] == [("config.json", "")]
    assert whole.path(f"transformer/{WEIGHTS}").is_symlink() and "vae" in download.record.places
    check(whole, thorough=True)


def test_a_cache_without_links_is_read(card: ModelCard, hub: Hub, cached: Cached) -> None:
    """As on Windows: snapshots hold the files themselves, and an older commit's must be compared."""
    folder = cached(F1)
    snapshot = next((folder / "hf_download" / "hub").glob("models--lllyasviel--Frame*/snapshots/*"))
    for path in (path for path in snapshot.iterdir() if path.is_file()):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    weights = (snapshot / WEIGHTS).read_bytes()
    older = snapshot.rename(snapshot.with_name("0" * 40))
    download: Download = plan_download(card, find_caches(card.folder.parents[1], folder), hub.url)
    assert download.record.places == {"transformer": str(older)}
    (older / WEIGHTS).write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    download = plan_download(card, find_caches(card.folder.parents[1], folder), hub.url)
    assert "transformer" not in download.record.places and WEIGHTS in {file.name for _, file in download.to_download}


def test_a_cache_that_was_cleaned_is_missed(card: ModelCard, hub: Hub, cached: Cached) -> None:
    folder = cached()
    whole, _, _ = get(card, hub, *find_caches(card.folder.parents[1], folder))
    shutil.rmtree(folder)
    gone = read_card(card.folder)
    assert gone.state == "not fetched" and gone.missing == sum(file.size for file in whole.files)
    again, _, _ = get(gone, hub)
    assert again.state == "ready" and again.places == {}
