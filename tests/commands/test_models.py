"""`python app.py models`: what it lists, asks, fetches and finds wrong. The hub is one on this machine."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from huggingface_hub import constants

from studio.catalogue.cards import ModelCard, find_models, read_card
from studio.catalogue.hub.record import read_record
from studio.commands import models as catalogue
from tests import folders
from tests.catalogue.fake_hub import SHIPPED, Hub, card_of, fill, serve

ROOT = Path(__file__).parents[2]
NAME = "framepack-f1"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.large(tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="module")
def hub(large: ModelCard) -> Iterator[Hub]:
    hub, server = serve()
    fill(hub, large, read_card(SHIPPED).sources)
    yield hub
    server.shutdown()
    server.server_close()


@pytest.fixture()
def models(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A studio's models: one that ships, one that does not."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "no cache"))
    monkeypatch.delenv("STUDIO_MODELS", raising=False)
    root = tmp_path / "studio" / "models"
    card_of(root / NAME)
    shutil.copytree(ROOT / "models" / "memorypack-mini", root / "memorypack-mini")
    return root


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_command_fetches_the_card_that_ships(hub: Hub, tmp_path: Path) -> None:
    """The whole way, in a process of its own: list, fetch, check, list."""
    own = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "home"), "STUDIO_MODELS": str(tmp_path)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "app.py", "models", *arguments], cwd=ROOT, env={**os.environ, **own}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120,
        )

    first = run()
    assert first.returncode == 0 and f"{NAME}      FramePack-F1      not fetched" in first.stdout
    refused = run("fetch", NAME)
    assert refused.returncode == 1 and "add --accept-licence" in refused.stderr and not (tmp_path / NAME).exists()
    fetched = run("fetch", NAME, "--accept-licence")
    assert fetched.returncode == 0, fetched.stderr
    assert "FramePack-F1 is ready" in fetched.stderr and (tmp_path / NAME / "transformer" / "config.json").is_file()
    checked = run("check", NAME, "--thorough")
    assert checked.returncode == 0 and "by checksum" in checked.stderr
    assert "ready, " in next(line for line in run().stdout.splitlines() if line.startswith(NAME))


def test_licences_are_shown_before_anything_comes(
    models: Path, hub: Hub, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.asked.clear()
    monkeypatch.setattr(sys, "stdin", Terminal("no\n"))
    assert catalogue.fetch(NAME, models, accept=False, cache=None) == 1
    said = capsys.readouterr().err
    for source in read_card(models / NAME).sources:
        assert source.repository in said and source.licence in said and source.licence_link in said and source.notice in said
    assert "European Union" in said and said.endswith("Nothing was downloaded.\n") and hub.asked == []
    assert [path.name for path in (models / NAME).iterdir()] == ["model.toml"]


def test_a_yes_is_asked_for_once(
    models: Path, hub: Hub, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("yes\n"))
    assert catalogue.fetch(NAME, models, accept=False, cache=None) == 0
    assert set(read_record(models / NAME).accepted) == {source.licence_link for source in read_card(models / NAME).sources}
    (models / NAME / "vae" / "config.json").unlink()
    capsys.readouterr()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert catalogue.fetch(NAME, models, accept=False, cache=None) == 0
    assert "licence" not in capsys.readouterr().err


def test_a_list_says_what_is_lacking(models: Path, hub: Hub, capsys: Captured) -> None:
    assert catalogue.fetch(NAME, models, accept=True, cache=None) == 0
    size = (models / NAME / "transformer" / "diffusion_pytorch_model.safetensors").stat().st_size
    (models / NAME / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    capsys.readouterr()
    assert catalogue.show(models) == 0
    mini, f1 = capsys.readouterr().out.splitlines()
    shipped = sum(file.size for file in read_card(models / "memorypack-mini").files)
    assert mini.startswith("memorypack-mini") and f"ready, {shipped / 1e6:.1f} MB" in mini
    assert f"incomplete, {size / 1e6:.1f} MB of " in f1


def test_a_check_names_all_that_is_wrong(models: Path, hub: Hub, capsys: Captured) -> None:
    assert catalogue.check(NAME, models, thorough=False) == 1
    assert "models fetch framepack-f1" in capsys.readouterr().err
    assert catalogue.fetch(NAME, models, accept=True, cache=None) == 0
    folder = models / NAME
    capsys.readouterr()
    assert catalogue.check(NAME, models, thorough=True) == 0
    assert capsys.readouterr().out == ""
    (folder / "vae" / "config.json").unlink()
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    changed = folder / "text_encoder" / "model.safetensors"
    changed.write_bytes(changed.read_bytes()[:-1] + b"\x77")
    (folder / "vae" / "stranger.bin").write_bytes(b"?")
    assert catalogue.check(NAME, models, thorough=False) == 1
    quick = capsys.readouterr().out
    assert f"{folder / 'vae' / 'config.json'} is missing." in quick and "cut short or changed" in quick and "checksum" not in quick
    assert f"{folder / 'vae' / 'stranger.bin'} does not belong to the model" in quick
    assert catalogue.check(NAME, models, thorough=True) == 1
    assert f"{changed} is not the file that it should be (its checksum differs)." in capsys.readouterr().out


def test_the_model_that_ships_is_whole_and_has_no_strangers(models: Path, capsys: Captured) -> None:
    assert catalogue.check("memorypack-mini", models, thorough=True) == 0
    assert capsys.readouterr().out == ""
    assert catalogue.fetch("memorypack-mini", models, accept=True, cache=None) == 1
    assert "nothing to fetch" in capsys.readouterr().err


def test_a_name_that_is_none(models: Path, capsys: Captured) -> None:
    for run in (partial(catalogue.fetch, accept=True, cache=None), partial(catalogue.check, thorough=False)):
        assert run("nope", models) == 1
        assert f"There is no model 'nope' in {models} (there are: memorypack-mini, {NAME})." in capsys.readouterr().err


def test_ctrl_c_keeps_what_came(models: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("studio.catalogue.hub.fetch._download", stop)
    assert catalogue.fetch(NAME, models, accept=True, cache=None) == 130
    assert "What is there is kept" in capsys.readouterr().err and read_record(models / NAME).accepted


def test_fetching_does_not_change_the_default(models: Path) -> None:
    assert [card.name for card in find_models(models)[0]] == ["memorypack-mini", NAME]
    assert catalogue.fetch(NAME, models, accept=True, cache=None) == 0
    cards, _ = find_models(models)
    assert [(card.name, card.state) for card in cards] == [("memorypack-mini", "ready"), (NAME, "ready")]
