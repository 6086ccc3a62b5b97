"""From forced weights to a model folder: the engine opens it, films with it as the trainee does, and not as the base does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack import mapped_weights
from studio.backbones.load import load
from studio.catalogue.cards import ADAPTER, CARD, LORA, RECALL, ModelCard, ModelError, read_card, weights_folder
from studio.catalogue.fingerprint import fingerprint
from studio.catalogue.hub.record import RECORD, FetchedRepository, HubFile, Record, write_record
from studio.diffusion.flow import noise
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.__main__ import main
from studio.lab.train.finetune import open_run
from studio.lab.train.forced_folder import export
from studio.lab.train.recipe import RecipeError
from studio.lab.train.trainee import Trainee, save_trained
from studio.memory.snapshot import Snapshot
from tests import folders

MEMORY = 'memory = { heads = 2, window = [3, 1, 1], keep = [1, 1, 1], text_tokens = 2, image_side = 1, trained_index = 28 }\n'


def recipe(folder: Path, base: Path, part: str, more: str = "") -> Path:
    path = folder / "recipe.toml"
    path.write_text(
        f'run = "{folder}/run"\nmodel = "{base}"\narms = ["direct"]\nseeds = [3]\ncurriculum = [[2, 4], [3, 1]]\nsections = 3\n'
        f'part = "{part}"\nrank = 2\ndevice = "cpu"\n{more}', "utf-8")
    return path


def trained(path: Path) -> Trainee:
    """A run as its last step leaves it, with weights that are not the base's."""
    from studio.lab.train.checkpoints import WeightAverage
    from studio.lab.train.forcing_recipe import ForcingRecipe
    from studio.lab.train.recipe import read_recipe

    run = open_run(read_recipe(path, ForcingRecipe), "direct", 3)
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in run.trainee.trained.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=draw))
    run.average, run.step = WeightAverage(run.trainee.trained, 0.9), run.steps
    run.save()
    run.trainee.trained.requires_grad_(False)
    save_trained(run.trainee, run.folder)
    return run.trainee


def filmed(model: FilmModel) -> Tensor:
    """Two sections."""
    picture = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    snapshot = Snapshot.initial(model.codec.encode(picture))
    for number in range(2):
        shape = (1, snapshot.start.shape[1], model.card.window, *snapshot.start.shape[3:])
        *_, last = denoise_section(
            model.backbone, snapshot, model.conditioner("pan left", picture), noise(shape, number),
            Sampling(2, model.card.guidance, model.card.window, model.card.shift), memory=model.memory, rope=model.rope)
        assert isinstance(last, SectionResult)
        snapshot = last.snapshot
    return last.latents


@pytest.mark.parametrize("part", ["output", "all", "lora"])
def test_the_embedded_kind_is_a_folder_of_its_own(tmp_path: Path, part: str) -> None:
    base = folders.remembering(tmp_path / "base")
    path = recipe(tmp_path, base.folder, part)
    made = trained(path)
    card = export(path, tmp_path / "forced")
    model = load(card, "cpu")
    ours, theirs, before = filmed(model), filmed(made.model), filmed(load(base, "cpu"))
    assert torch.equal(ours, theirs) if part != "lora" else torch.allclose(ours, theirs, atol=1e-4)
    assert not torch.allclose(ours, before, atol=1e-2)
    assert card.has_memory and model.fingerprint != fingerprint(replace(base, name=card.name))
    kept, own = (load_file(each.path("transformer/diffusion_pytorch_model.safetensors")) for each in (base, card))
    changed = {name.split(".")[0] for name in kept if not torch.equal(kept[name], own[name])}
    assert kept.keys() == own.keys() and ({"norm_out", "proj_out"} == changed if part == "output" else len(changed) > 1)
    text = (card.folder / "README.md").read_text()
    assert fingerprint(base) in text and "direct forcing" in text and "seed 3" in text and "1 with 3 sections" in text
    assert "Made from Remembering by direct forcing" in card.summary and card.title == "Remembering, forced (direct)"
    assert str(tmp_path) not in text + (card.folder / CARD).read_text()
    assert card.phrases == base.phrases and not (tmp_path / "forced.draft").exists()


def test_a_memory_in_the_context_takes_the_place_of_one_that_is_asked(tmp_path: Path) -> None:
    base = folders.remembering(tmp_path / "base")
    path = recipe(tmp_path, base.folder, "output", MEMORY.replace("[3, 1, 1]", "[3, 1, 2]"))
    made = trained(path)
    card = export(path, tmp_path / "forced")
    assert card.has_memory and not (card.folder / RECALL).exists()
    assert torch.equal(filmed(load(card, "cpu")), filmed(made.model))


def fetched(folder: Path) -> ModelCard:
    """A model of FramePack-F1's kind whose parts lie elsewhere on this machine, as `models fetch --from` leaves it."""
    parts = folders.large(folder / "parts")
    home = folder / "large"
    home.mkdir()
    names = sorted({file.path.partition("/")[0] for file in parts.files})
    facts = folders.CARD.format(title="Large", window=3, frames=12, shift=0.0, kind="framepack")
    table = ", ".join(f'{name} = "{name}"' for name in names)
    (home / CARD).write_text(
        f'{facts}\n[[sources]]\nrepository = "some/body"\nfolders = {{ {table} }}\nlicence = "Theirs"\n'
        'licence_link = "https://example.org/licence"\n', "utf-8")
    files = tuple(HubFile(file.path, file.path, file.size, file.sha256, "") for file in parts.files)
    places = {name: str(parts.folder / name) for name in names}
    weights_folder(home).mkdir(parents=True, exist_ok=True)
    write_record(Record((FetchedRepository("some/body", "abc", files),), {}, places), weights_folder(home))
    return read_card(home)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_fetched_weights_are_used_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool) -> None:
    if elsewhere:
        monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "disk"))
    base = fetched(tmp_path)
    path = recipe(tmp_path, base.folder, "lora", MEMORY)
    made = trained(path)
    card = export(path, tmp_path / "forced")
    home = weights_folder(card.folder)
    assert {file.name for file in {*card.folder.iterdir(), *home.iterdir()}} == {"README.md", CARD, LORA, ADAPTER, RECORD}
    assert (home / RECORD).is_file() and (home == card.folder) == (not elsewhere)
    assert card.sources == base.sources and card.missing == 0 and card.has_memory
    model = load(card, "cpu")
    ours = filmed(model)
    assert torch.allclose(ours, filmed(made.model), atol=1e-4)
    assert not torch.allclose(ours, filmed(load(base, "cpu")), atol=1e-2)
    assert not torch.allclose(ours, filmed(replace(model, backbone=load(base, "cpu").backbone)), atol=1e-2)      # the LoRA is in it
    assert model.fingerprint != fingerprint(replace(base, name=card.name))
    # As a card of graphics would be given them: merged before they are quantized, and stored by what was merged.
    plain = mapped_weights.load_transformer(card, "fp32", torch.float32, lambda _: None, aligned=True).state_dict()
    whole = {name.replace("image_projection.inner.", "image_projection."): t for name, t in model.backbone.state_dict().items()}
    assert all(torch.allclose(tensor, whole[f"transformer.{name}"], atol=1e-6) for name, tensor in plain.items())
    told: list[str] = []
    for _ in range(2):
        mapped_weights.load_transformer(card, "int8", torch.float32, told.append)
    assert len(told) == 1
    other = replace(card, files=tuple(replace(f, sha256="other") if f.path == LORA else f for f in card.files))
    mapped_weights.load_transformer(other, "int8", torch.float32, told.append)
    assert len(told) == 2                                                                 # another LoRA: they are made again


def test_a_lora_that_does_not_fit_is_said(tmp_path: Path) -> None:
    base = fetched(tmp_path)
    path = recipe(tmp_path, base.folder, "lora", MEMORY)
    trained(path)
    card = export(path, tmp_path / "forced")
    pairs = load_file(card.folder / LORA)
    save_file({name.replace("transformer_blocks.0", "transformer_blocks.9"): t for name, t in pairs.items()}, card.folder / LORA)
    size = (card.folder / LORA).stat().st_size
    same = replace(card, files=tuple(replace(file, size=size) if file.path == LORA else file for file in card.files))
    with pytest.raises(ModelError, match=r"cannot be loaded: .*it names the layer .*blocks\.9\."):
        load(same, "cpu")
    with pytest.raises(ModelError, match=r"does not fit Large.*it names the layer .*blocks\.9\."):
        mapped_weights.load_transformer(same, "fp32", torch.float32, lambda _: None)
    (card.folder / LORA).unlink()
    with pytest.raises(ModelError, match="is missing"):
        load(card, "cpu")


def test_what_cannot_be_exported_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = folders.small(tmp_path / "base")
    path = recipe(tmp_path, base.folder, "output")

    def said(*arguments: str) -> str:
        assert main(["train", "force", str(path), "--export", str(tmp_path / "forced"), *arguments]) == 2
        return capsys.readouterr().err

    assert "is at step 0 of 5" in said()
    assert "Say which arm with --arm: the recipe has direct, not noise" in said("--arm", "noise")
    assert "Say which seed with --seed: the recipe has 3, not 1" in said("--seed", "1")
    trained(path)
    assert "trained on another model" in _exported(tmp_path, path, folders.large(tmp_path / "whole"))
    assert "only a LoRA can go with them" in _exported(tmp_path, path, fetched(tmp_path))
    assert not list(tmp_path.glob("*.draft"))
    assert main(["train", "force", str(path), "--export", str(tmp_path / "forced")]) == 0
    assert (tmp_path / "forced" / CARD).is_file()
    assert "is there already" in said()
    with pytest.raises(RecipeError, match="the studio has no codec for it"):
        small = path.read_text() + "small = { channels = 4 }\n"
        path.write_text(small)
        export(path, tmp_path / "another")
    assert json.loads((tmp_path / "forced" / "transformer" / "config.json").read_text())["_class_name"]


def _exported(folder: Path, path: Path, base: ModelCard) -> str:
    """What is said about a run that was trained on something else than this base."""
    other = folder / "other.toml"
    other.write_text(path.read_text().replace(str(folder / "base"), str(base.folder)))
    with pytest.raises(RecipeError) as error:
        export(other, folder / "another")
    return str(error.value)
