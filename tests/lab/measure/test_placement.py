"""The placement benchmark, every line of it on a small network and an imitated card; nothing here is a figure of any card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from studio.backbones.framepack import mapped_weights
from studio.lab.__main__ import main, parser
from studio.lab.measure import gauges, offload_films, offloads, placement_runs, placement_table, random_weights
from studio.lab.measure.gauges import ImitatedGpu
from studio.lab.measure.offloads import BF16_RESIDENT, GROUP, INT8_RESIDENT, MODEL, OURS, STREAM
from studio.placement.machine import GB
from studio.placement.profile import PROFILES, read_profile, write_profile

Row = dict[str, Any]


@pytest.fixture
def lean(tmp_path: Path) -> Path:
    """A profile by which two of six blocks stay."""
    from dataclasses import replace

    path = tmp_path / "lean.toml"
    write_profile(replace(read_profile(PROFILES / "card-6gb.toml"), resident=2, vae_tile=128), path)
    return path


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Rows are measured in this process instead of one of their own; what each was asked."""
    asked: list[list[str]] = []

    def run_here(arguments: list[str]) -> int:
        asked.append(arguments)
        return main(arguments)

    monkeypatch.setattr(placement_runs, "_run_command", run_here)
    return asked


def run(*arguments: str) -> int:
    return main(["measure", "placement", *arguments])


def measured(out: Path) -> dict[str, Any]:
    return json.loads((out / "placement.json").read_text())


@pytest.mark.slow
def test_every_way_is_measured_or_says_why_not(
    tmp_path: Path, lean: Path, in_this_process: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    asked = ["--tiny", "--cap-gib", "12", "--size", "64x32", "--steps", "3", "--film", "1", "--profile", str(lean), "-o", str(out)]
    assert run(*asked) == 0
    told, figures = capsys.readouterr(), measured(out)
    rows = {row["row"]: row for row in figures["rows"]}
    assert list(rows) == [OURS, BF16_RESIDENT, INT8_RESIDENT, GROUP, STREAM, MODEL]
    assert {name for name, row in rows.items() if row["failed"]} == {STREAM, MODEL}
    assert "implements streams" in rows[STREAM]["failed"] and rows[MODEL]["failed"].startswith("out of memory on the card")
    for name in (OURS, BF16_RESIDENT, INT8_RESIDENT, GROUP):
        assert len(rows[name]["steps"]) == 2 and rows[name]["seconds_per_step"] > 0 and rows[name]["held"] > 10**7
    plan = rows[OURS]["plan"]
    assert (plan["weights"], plan["resident"], plan["blocks"], plan["stream"]) == ("int8", 2, 6, "ram")
    assert rows[OURS]["copied"] > 0 < rows[OURS]["copy_seconds"] and rows[OURS]["decode_seconds"] > 0
    assert 0 < rows[OURS]["allocated"] <= 12 * GB * gauges.TINY
    ours, whole = (rows[name]["seconds_per_step"] for name in (OURS, INT8_RESIDENT))
    assert rows[OURS]["hidden"] == pytest.approx(1 - (ours - whole) / rows[OURS]["copy_seconds"])
    assert (rows[INT8_RESIDENT]["cap"], rows[BF16_RESIDENT]["cap"], rows[OURS]["cap"]) == (None, None, 12 * GB)
    assert rows[GROUP]["apart"] < 1e-5 < rows[OURS]["apart"] < 0.05, "the same work: exact weights exactly, int8 nearly"
    films = {row["row"]: row for row in figures["films"]}
    assert list(films) == list(offload_films.METHODS)
    assert {name for name, row in films.items() if row["failed"]} == {offload_films.STREAM, offload_films.MODEL}
    assert films[offload_films.OURS]["frames"] == 36 and films[offload_films.GROUP]["frames"] == 37
    assert figures["goals"] == [], "a tiny network meets no goal"
    assert told.out == (out / "placement.md").read_text() and told.out.startswith("**Tried on a small network")
    assert f"| {MODEL}, capped | 64x32 | failed: out of memory on the card" in told.out
    assert [a[a.index("--row") + 1] for a in in_this_process] == [*rows, *films]
    assert all(a.count("--size") == 1 for a in in_this_process)


@pytest.mark.slow
def test_a_cap_with_room_for_all_and_one_with_room_for_nothing(
    tmp_path: Path, in_this_process: list[list[str]]
) -> None:
    for cap, failed in (("24", {STREAM}), ("6", {STREAM, MODEL})):
        out = tmp_path / cap
        arguments = ["--tiny", "--cap-gib", cap, "--size=64x32", "--steps", "2", "--film", "0", "-o", str(out)]
        assert run(*arguments, "--weights", str(tmp_path / "weights")) == 0
        rows = measured(out)["rows"]
        assert {row["row"] for row in rows if row["failed"]} == failed, cap
        assert INT8_RESIDENT not in {row["row"] for row in rows}, "nothing is streamed by this plan"
        assert not measured(out)["films"]


def test_without_a_card_it_says_what_it_needs_and_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert run("--cap-gib", "12", "-o", str(tmp_path / "out")) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("Placements are measured on a CUDA graphics card")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("arguments", "said"), [
    (["--cap-gib", "7"], "invalid choice"), ([], "--cap-gib"), (["--cap-gib", "6", "--size", "640"], "'640' is no size"),
    (["--cap-gib", "6", "--size", "640x650"], "multiples of 16"), (["--cap-gib", "6", "--steps", "1"], "2 steps or more"),
])
def test_wrong_options_are_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(*arguments)
    assert said in capsys.readouterr().err


def test_a_profile_that_is_not_there_ends_it_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--tiny", "--cap-gib", "6", "--profile", "card-7gb", "-o", str(tmp_path / "out")) == 1
    assert "There is no profile 'card-7gb'" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize(("code", "said"), [(-9, "the system ended it (signal 9)"), (1, "it ended with 1")])
def test_a_process_that_dies_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str) -> None:
    monkeypatch.setattr(placement_runs, "_run_command", lambda _: code)
    out = tmp_path / "out"
    assert run("--tiny", "--cap-gib", "6", "--size", "64x32", "--film", "0", "-o", str(out)) == 0
    rows = measured(out)["rows"]
    assert [row["row"] for row in rows] == [OURS, BF16_RESIDENT, GROUP, STREAM, MODEL]
    assert all(said in row["failed"] for row in rows)


@pytest.mark.slow
def test_a_row_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    asked = ["--tiny", "--cap-gib", "24", "--steps", "2", "--size", "32x32", "--size", "64x32", "-o", str(tmp_path)]
    row = placement_runs._measure_in_process(parser().parse_args(["measure", "placement", *asked]), GROUP, (64, 32))
    assert row["row"] == GROUP and row["size"] == [64, 32] and not row["failed"] and row["seconds_per_step"] > 0


def test_what_is_measured_is_written_as_it_comes(tmp_path: Path) -> None:
    out, seen = tmp_path, list[int]()
    options = parser().parse_args(
        ["measure", "placement", "--tiny", "--cap-gib", "6", "--size", "64x32", "--film", "0", "-o", str(out)])

    def fail(row: str, size: tuple[int, int]) -> Row:
        seen.append(len(measured(out)["rows"]) if (out / "placement.json").exists() else 0)
        return {"row": row, "size": list(size), "failed": "broken"}

    placement_runs.measure(options, fail, ImitatedGpu())
    assert seen == [0, 1, 2, 3, 4]


def figures(cap: int, ours: Row, **films: float) -> dict[str, Any]:
    common = {"size": [640, 640], "failed": ""}
    rows = [
        {**common, "row": OURS, "seconds_per_step": 4.2, "plan": {"weights": "int8", "streamed": 5}, **ours},
        {**common, "row": BF16_RESIDENT, "seconds_per_step": 4.0, "plan": {"weights": "bf16", "streamed": 0}},
    ]
    return {
        "machine": {"tiny": False}, "cap_gib": cap, "rows": rows,
        "films": [{**common, "row": getattr(offload_films, row), "seconds": seconds} for row, seconds in films.items()],
    }


def met(found: dict[str, Any]) -> list[bool | None]:
    return [goal["met"] for goal in placement_table.goals(found)]


def test_goals_are_met_missed_or_not_measured() -> None:
    amounts = {"driver": 5 * GB, "held": 12 * GB, "taken": 25 * GB}
    assert met(figures(6, amounts)) == [True, None, False, None]
    assert met(figures(12, {**amounts, "taken": 1})) == [None, True, True, None]
    assert met(figures(12, {**amounts, "seconds_per_step": 4.5})) == [None, False, False, None]
    assert met(figures(6, {"reserved": 6 * GB, "held": 1})) == [False, None, True, None], "CUDA's own comes on top"
    assert met(figures(24, {**amounts, "plan": {"weights": "bf16", "streamed": 0}})) == [None] * 4
    assert met(figures(24, {**amounts, "failed": "x"}, OURS=100.0, STREAM=131.0, GROUP=200.0))[3] is True
    assert met(figures(24, amounts, OURS=100.0, STREAM=129.0))[3] is False, "beside the best of the stock pipeline's"


def test_the_table_says_what_was_not_measured() -> None:
    found = figures(6, {"driver": 5 * GB, "held": 12 * GB, "taken": 13 * GB, "first_step": 9.0, "copied": 7 * GB,
                        "copy_seconds": 0.5, "decode_seconds": 1.0, "cap": 6 * GB})
    found["rows"][0]["plan"] |= {"resident": 0, "blocks": 60, "stream": "ram", "vae_tile": 192}
    found["rows"][1] = {"row": BF16_RESIDENT, "size": [640, 640], "failed": "out of | memory"}
    found["machine"] |= {"card": "A card", "card_bytes": 24 * GB, "ram_bytes": 64 * GB, "torch": "2", "diffusers": "0"}
    found["goals"] = placement_table.goals(found)
    table = placement_table.markdown(found)
    assert "Measured on A card (24 GiB), 64 GiB of memory" in table and "a cap of 6 GiB" in table
    assert f"| {OURS}, capped | 640x640 | 4.2 | 9 |  |  | 5.00 | 12.00 | 13.00 | not measured |  |" in table
    assert "failed: out of / memory" in table and "0 of 60 blocks on the card; streamed: 7.00 GiB from ram, 0.5 s alone" in table
    assert "| 5 GiB | yes |" in table and table.count("| not measured |  |") == 3
    widths = {line.count("|") for line in table.splitlines() if line.startswith("| ours") or line.startswith("| way")}
    assert len(widths) == 1


def test_weights_are_written_once_and_are_of_a_sound_scale(tmp_path: Path) -> None:
    said: list[str] = []

    def made() -> Path:
        card = random_weights.write_model(tmp_path, random_weights.small_config(), ((64, 32),), said.append)
        return card.path(random_weights.FILE)

    path = made()
    before, bytes_ = path.stat().st_mtime_ns, path.read_bytes()
    assert made().stat().st_mtime_ns == before and len(said) == 1
    path.write_bytes(bytes_[: len(bytes_) // 2])
    assert made().read_bytes() == bytes_ and len(said) == 2, "the same again"
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - no mapping
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    wide = tensors["single_transformer_blocks.0.proj_mlp.weight"]
    assert wide.std() * wide.shape[1] ** 0.5 == pytest.approx(1, abs=0.1)
    assert not torch.equal(wide, tensors["single_transformer_blocks.1.proj_mlp.weight"])
    assert (tensors["transformer_blocks.0.attn.norm_q.weight"] == 1).all() and not tensors["proj_out.bias"].any()


def test_large_weights_are_written_in_shards_that_are_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.placement.device.weight_shards.SHARD_BYTES", 60_000)
    said: list[str] = []
    cards = [random_weights.write_model(tmp_path, random_weights.small_config(), ((64, 32),), said.append) for _ in range(2)]
    assert len(said) == 1 and cards[0] == cards[1] and len(cards[0].files) > 2 and cards[0].state == "ready"
    assert {path.name for path in (tmp_path / "transformer").glob("*.safetensors")} == {
        Path(file.path).name for file in cards[0].files}
    network = mapped_weights.load_transformer(cards[0], "bf16", torch.bfloat16, said.append)
    assert all(torch.isfinite(weight).all() for weight in network.parameters())


def test_the_full_model_is_framepack_f1s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its layout, without a weight: 12.9 billion parameters, each of them drawn at a scale."""
    from accelerate import init_empty_weights
    from diffusers import HunyuanVideoFramepackTransformer3DModel

    with init_empty_weights():
        layout = HunyuanVideoFramepackTransformer3DModel.from_config(random_weights.full_config()).state_dict()
    assert 12.8e9 < sum(tensor.numel() for tensor in layout.values()) < 12.95e9
    small = {name: torch.empty(tuple(min(edge, 3) for edge in like.shape), device="meta") for name, like in layout.items()}
    values = dict(random_weights.random_tensors(small))
    assert set(values) == set(layout) and all(torch.isfinite(value).all() for value in values.values())


def test_any_error_of_a_way_is_told_in_a_line() -> None:
    assert offloads.describe_error(torch.OutOfMemoryError("CUDA out of memory. Tried 2 GiB. GPU 0 has\nmore")) == (
        "out of memory on the card: CUDA out of memory. Tried 2 GiB")
    assert offloads.describe_error(ValueError("no\nway")) == "ValueError: no"
    assert offloads.describe_error(MemoryError()) == "MemoryError: "
