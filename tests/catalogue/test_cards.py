"""Model folders: what a card must say, and what is told when files are missing, cut short or changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, ModelError, check, find_models, read_card
from studio.catalogue.fingerprint import fingerprint
from tests import folders


@pytest.fixture()
def card(models: dict[str, ModelCard], tmp_path: Path) -> ModelCard:
    shutil.copytree(models["small"].folder, tmp_path / "models" / "small")
    return read_card(tmp_path / "models" / "small")


def test_a_whole_folder_passes(card: ModelCard) -> None:
    check(card, thorough=True)
    assert card.sizes == ((64, 32), (32, 64))
    assert card.phrases == {"camera": ("pan left",)}


@pytest.mark.parametrize(
    ("line", "wrong", "says"),
    [
        ("fps = 12", "", "'fps' is missing"),
        ("fps = 12", 'fps = "twelve"', "'fps' is missing or of the wrong type"),
        ("fps = 12", "fps = 12\nfpz = 3", "unknown key 'fpz'"),
        ("fps = 12", "fps = = 12", "cannot be read"),
    ],
)
def test_a_wrong_card_names_file_and_key(card: ModelCard, line: str, wrong: str, says: str) -> None:
    path = card.folder / "model.toml"
    path.write_text(path.read_text().replace(line, wrong))
    with pytest.raises(ModelError, match=says) as caught:
        read_card(card.folder)
    assert "model.toml" in str(caught.value)
    cards, problems = find_models(card.folder.parent)
    assert cards == ()
    assert says in problems[0]


def test_a_missing_and_a_truncated_and_a_changed_file(card: ModelCard) -> None:
    weights = card.folder / "transformer" / "diffusion_pytorch_model.safetensors"
    whole = weights.read_bytes()
    weights.unlink()
    with pytest.raises(ModelError, match=r"diffusion_pytorch_model\.safetensors is missing"):
        check(card)
    weights.write_bytes(whole[:-10])
    with pytest.raises(ModelError, match="cut short or changed"):
        load(card, "cpu")
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    check(card)
    with pytest.raises(ModelError, match="checksum differs"):
        check(card, thorough=True)


@pytest.mark.parametrize("folder", ["transformer", "vae", "tokenizer", "text_encoder", "image_encoder"])
def test_a_damaged_part_is_named_by_the_loader(card: ModelCard, folder: str) -> None:
    shutil.rmtree(card.folder / folder)
    path = card.folder / "model.toml"
    path.write_text(path.read_text().split("\n[[files]]")[0])  # a card that lists no files: the loader finds it
    with pytest.raises(ModelError, match=folder):
        load(read_card(card.folder), "cpu")


SOURCE = """
[[sources]]
repository = "somebody/weights"
folders = { vae = "." }
licence = "Some licence"
licence_link = "https://example.org/licence"
"""


@pytest.fixture()
def fetched(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose autoencoder is somebody else's and not here."""
    monkeypatch.delenv("STUDIO_MODELS", raising=False)
    path = card.folder / "model.toml"
    path.write_text(path.read_text().split("\n[[files]]")[0] + SOURCE)
    return path


@pytest.mark.parametrize(
    ("line", "wrong", "says"),
    [
        ('repository = "somebody/weights"', "", "needs 'repository'"),
        ("folders = { vae", "folders = { '../vae'", "'folders' of"),
        ('folders = { vae = "." }', "folders = {}", "needs 'folders'"),
        ('licence = "Some licence"', "licence = 3", "needs 'licence'"),
        ('repository = "somebody/weights"', 'repository = "somebody/weights"\nsize = 3', "unknown key 'size'"),
        ('repository = "somebody/weights"', 'repository = "somebody/weights"\nrevision = 3', "'revision' of"),
    ],
)
def test_a_wrong_source_names_file_and_key(fetched: Path, line: str, wrong: str, says: str) -> None:
    fetched.write_text(fetched.read_text().replace(SOURCE, SOURCE.replace(line, wrong)))
    with pytest.raises(ModelError, match=says) as caught:
        read_card(fetched.parent)
    assert "model.toml" in str(caught.value)


def test_parts_of_others_are_found_where_the_record_says(fetched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = read_card(fetched.parent)
    assert (card.state, card.missing) == ("not fetched", None)
    assert card.path("vae/config.json") == fetched.parent / "vae" / "config.json"
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "elsewhere"))
    away = read_card(fetched.parent)
    assert away.path("vae") == tmp_path / "elsewhere" / "small" / "vae"
    assert away.path("transformer") == fetched.parent / "transformer", "what is not fetched stays with its card"
    file = {"path": "vae/config.json", "name": "config.json", "size": 2, "sha256": "0" * 64, "git": "1" * 40}
    record = {"version": 1, "accepted": {}, "places": {"vae": str(tmp_path / "cache")},
              "repositories": [{"repository": "somebody/weights", "revision": "2" * 40, "files": [file]}]}
    (tmp_path / "elsewhere" / "small").mkdir(parents=True)
    (tmp_path / "elsewhere" / "small" / "fetched.json").write_text(json.dumps(record))
    card = read_card(fetched.parent)
    assert card.path("vae/config.json") == tmp_path / "cache" / "config.json"
    assert (card.state, card.missing) == ("not fetched", 2)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "config.json").write_text("{}")
    assert (card.state, card.missing) == ("ready", 0)


def test_the_cards_that_ship_can_be_read_and_the_embedded_one_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    cards, problems = find_models(Path(__file__).parents[2] / "models")
    assert problems == () and [(card.name, card.state) for card in cards] == [
        ("memorypack-mini", "ready"), ("panorama-mini", "ready"), ("framepack-f1", "not fetched"),
        ("helios-base", "not fetched"), ("helios-distilled", "not fetched"), ("helios-mid", "not fetched")]
    f1 = cards[2]
    assert (f1.kind, f1.fps, f1.window, f1.section_frames, f1.steps, f1.guidance) == ("framepack", 30, 9, 36, 25, 10.0)
    assert all(side % 16 == 0 for size in f1.sizes for side in size)
    parts = [part for source in f1.sources for part in source.folders]
    assert sorted(parts) == ["feature_extractor", "image_encoder", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2",
                             "transformer", "vae"]
    with pytest.raises(ModelError, match=r"not on this machine. Get it with: python app.py models fetch framepack-f1"):
        check(f1)


def test_no_models_at_all(tmp_path: Path) -> None:
    assert find_models(tmp_path / "none") == ((), ())
    with pytest.raises(ModelError, match=r"no model\.toml"):
        read_card(tmp_path)


def test_a_fingerprint_covers_every_shard(tmp_path: Path) -> None:
    whole = folders.large(tmp_path / "a" / "large")
    parted = folders.large(tmp_path / "b" / "large", shard="20KB")
    shards = [file for file in parted.files if file.path.startswith("transformer/") and file.path.endswith(".safetensors")]
    assert len(shards) > 1
    name = fingerprint(parted)
    first = next(file for file in whole.files if file.path.startswith("transformer/") and file.path.endswith(".safetensors"))
    assert fingerprint(whole) == f"large:{first.sha256[:16]}", "of one file it is that file's, as it always was"
    for shard in shards:
        other = tuple(replace(file, sha256="f" * 64) if file == shard else file for file in parted.files)
        assert fingerprint(replace(parted, files=other)) != name
    assert fingerprint(replace(parted, files=tuple(reversed(parted.files)))) == name
    assert name.startswith("large:") and len(name) == len("large:") + 16


def test_a_shard_without_a_checksum_is_named_by_its_ends(tmp_path: Path) -> None:
    card = folders.large(tmp_path / "large", shard="20KB")
    bare = replace(card, files=tuple(replace(file, sha256="") for file in card.files))
    shard = sorted(card.path("transformer").glob("*.safetensors"))[-1]
    content, name = shard.read_bytes(), fingerprint(bare)
    for changed in (content[:-1] + b"\1", b"\1" + content[1:]):
        shard.write_bytes(changed)
        assert fingerprint(bare) != name
    shard.write_bytes(content)
    assert fingerprint(bare) == name


def test_large_films_of_the_model_that_ships() -> None:
    """The card, the family and the code that sees large films agree on what is large, and every size is made as said."""
    from studio.backbones.animatic.film_size import TRAINED_SIDE, latent_size, view_factor
    from studio.backbones.registry import sees_outside_frame

    card = read_card(Path(__file__).parents[2] / "models" / "memorypack-mini")
    assert card.large is not None and card.large.above == TRAINED_SIDE
    assert card.default_size == (640, 384)
    assert card.clock((640, 384)) == (24, 72) and card.clock((320, 192)) == (12, 36)
    for size in card.sizes:
        assert card.is_large(size) == sees_outside_frame(card, size) == (view_factor(*size) > 1)
        h, w = latent_size(*size)
        assert (16 * view_factor(*size) * w, 16 * view_factor(*size) * h) == size
