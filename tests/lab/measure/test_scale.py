"""`measure scale` on a tiny network: every line that the whole network runs through. Nothing here is a figure of a large model."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from safetensors.torch import load_file

from studio.catalogue.cards import ModelError
from studio.lab.__main__ import main
from studio.lab.commands.scale import FAMILIES as NAMES
from studio.lab.measure import scale, scale_rows, scale_table
from studio.lab.measure.gauges import bytes_read, process_memory
from studio.lab.measure.hub_weights import HubModel, catalogue, split, write_weights
from studio.lab.measure.scale import Guard
from studio.lab.measure.scale_families import FAMILIES, FRAMEPACK
from studio.lab.measure.scale_family import ScaleFamily
from studio.lab.measure.scale_rows import LAYERS, PREPARE, WRITE, Scale
from tests.processes import started

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files and limits")
HOSTS = ("2", "8", "24", "32")


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows are measured in this process, and its memory is not limited; what was asked for as limits."""
    limits: list[int] = []

    def limit(amount: int) -> tuple[int, str]:
        limits.append(amount)
        return amount, "nothing"

    def run_here(options: argparse.Namespace, row: str, _: Guard) -> dict[str, Any]:
        assert main(scale._arguments(options, row)) == 0
        figures: dict[str, Any] = json.loads(scale._row_file(options.output, row).read_text())
        return figures

    monkeypatch.setattr(scale_rows, "limit_data", limit)
    monkeypatch.setattr(scale, "_run_in_process", run_here)
    return limits


def test_a_tiny_network_takes_the_whole_way(
    tmp_path: Path, in_this_process: list[int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "elsewhere"))
    out, folder = tmp_path / "out", tmp_path / "weights"
    status = main(["measure", "scale", "--tiny", "--folder", str(folder), "--host", *HOSTS, "-o", str(out)])
    table = capsys.readouterr().out
    assert status == 0 and not folder.exists() and not (tmp_path / "elsewhere").exists()
    assert table == (out / "scale.md").read_text() and table.startswith("**Tried on a tiny network")
    rows = {row["row"]: row for row in json.loads((out / "scale.json").read_text())["rows"]}
    assert list(rows) == [WRITE, PREPARE, LAYERS, *(f"host {host}" for host in HOSTS)]
    assert not any(row["failed"] for row in rows.values())
    assert rows[WRITE]["state"] == "ready" and rows[WRITE]["files"] > 3 and rows[WRITE]["bytes"] == 2 * rows[WRITE]["parameters"]
    assert rows[LAYERS]["bf16 from memory"] == rows[LAYERS]["bf16 from disk"] == 0 < rows[LAYERS]["int8 from memory"] < 0.02
    assert "the same bits" in table and rows[PREPARE]["bytes"] > rows[WRITE]["parameters"]
    assert set(rows["host 2"]["refused"]) == {"int8", "bf16 from memory"} and "of memory and may use 0.0 GB" in table
    ran = [rows["host 8"], rows["host 24"]]
    assert all(row["finite"] and len(row["step_seconds"]) == 2 and row["copied"] > 0 for row in ran)
    assert all(row["limit"] in in_this_process and row["limit"] > row["plan"]["ram"] for row in ran)
    assert all(abs(scale_table.off(row["plan"]["card_weights"], row["on_card"])) < 0.1 for row in ran), "the plan counts them"
    assert rows["host 32"]["same_as"] == 24 and "| 32 GB | the plan of 24 GB |" in table
    assert "enforced by nothing" in table


def test_the_tiny_network_of_helios_takes_it_too(
    tmp_path: Path, in_this_process: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--family", "helios", "--folder", str(tmp_path / "w"), "--host", "8", "-o", str(tmp_path / "out")]
    assert main(["measure", "scale", "--tiny", *arguments]) == 0
    rows = {row["row"]: row for row in json.loads((tmp_path / "out" / "scale.json").read_text())["rows"]}
    assert not any(row["failed"] for row in rows.values()), capsys.readouterr().out
    assert rows[LAYERS]["bf16 from memory"] == rows[LAYERS]["bf16 from disk"] == 0 < rows[LAYERS]["int8 from memory"] < 0.02
    ran = rows["host 8"]
    assert ran["finite"] and ran["copied"] > 0
    # What stays in float32, which plans count in 16 bits, is a large share of a tiny network.
    assert 0 <= scale_table.off(ran["plan"]["card_weights"], ran["on_card"]) < 0.4


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> HubModel:
    model, config = HubModel(tmp_path_factory.mktemp("hub"), "random"), FRAMEPACK.small_config()
    write_weights(model, config, FRAMEPACK.empty(config).state_dict(), lambda _: None, shard_bytes=60_000)
    return model


def test_shards_are_those_of_the_hub(written: HubModel) -> None:
    layout = FRAMEPACK.empty(FRAMEPACK.small_config()).state_dict()
    index = json.loads((written.snapshot / "diffusion_pytorch_model.safetensors.index.json").read_text())
    shards = sorted(written.snapshot.glob("*.safetensors"))
    assert len(shards) > 2 and set(index["weight_map"]) == set(layout) and index["metadata"]["total_size"] == sum(
        2 * like.numel() for like in layout.values())
    for path in shards:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.resolve().name
        assert all(index["weight_map"][name] == path.name for name in load_file(path))
    theirs = HunyuanVideoFramepackTransformer3DModel.from_pretrained(written.snapshot, torch_dtype=torch.bfloat16).state_dict()
    assert all(value.shape == layout[name].shape and torch.isfinite(value).all() for name, value in theirs.items())


def test_the_catalogue_finds_what_was_written_and_notices_a_changed_byte(written: HubModel) -> None:
    assert catalogue(written, FRAMEPACK.card, thorough=True).state == "ready"
    shard = next(written.snapshot.glob("*.safetensors")).resolve()
    content = shard.read_bytes()
    shard.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match="its checksum differs"):
        catalogue(written, FRAMEPACK.card, thorough=True)
    shard.write_bytes(content)


def test_a_shard_holds_as_much_as_fits_and_at_least_one_tensor() -> None:
    layout = {name: torch.empty(size, dtype=torch.int8, device="meta") for name, size in zip("abcd", (3, 3, 9, 1), strict=True)}
    assert list(split(layout, 6)) == [["a", "b"], ["c"], ["d"]]


def options(tmp_path: Path, *arguments: str) -> argparse.Namespace:
    from studio.lab.__main__ import parser

    parsed = parser().parse_args(["measure", "scale", "-o", str(tmp_path / "out"), *arguments])
    (tmp_path / "out" / "rows").mkdir(parents=True)
    parsed.folder = tmp_path / "weights"
    return parsed


def test_a_row_is_ended_where_the_machines_memory_goes_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "system_memory", lambda: (2**34, 2**30))
    with started([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        assert scale._watch(process, Guard(0, 2)) == "ended here: less than 2 GB of the machine's memory were free"
        assert process.returncode
    assert scale._watch(subprocess.Popen([sys.executable, "-c", ""]), Guard(0, 0)) == ""


def test_a_row_is_not_begun_without_memory_and_says_how_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = options(tmp_path)
    monkeypatch.setattr(scale, "system_memory", lambda: (2**34, 2**33))
    assert scale._run_in_process(asked, WRITE, Guard(14, 2))["failed"] == (
        "not begun: 8.0 GB of memory are free, and 14 GB are wanted")
    for code, expected in (("import sys; sys.exit(3)", "it ended with 3"),
                           ("import os; os.kill(os.getpid(), 9)", "the system ended it (signal 9)")):
        popen = subprocess.Popen
        monkeypatch.setattr(subprocess, "Popen", lambda *_, run=popen, code=code, **__: run([sys.executable, "-c", code]))
        assert scale._run_in_process(asked, WRITE, Guard(0, 0))["failed"] == expected
        monkeypatch.setattr(subprocess, "Popen", popen)


def test_what_fails_is_told_and_nothing_is_run_without_weights(
    tmp_path: Path, in_this_process: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scale_rows, "write_weights", full)
    assert main(["measure", "scale", "--tiny", "--folder", str(tmp_path / "w"), "-o", str(tmp_path / "out")]) == 0
    assert "- write: failed: OSError: [Errno 28] No space left on device" in capsys.readouterr().out
    assert [row["row"] for row in json.loads((tmp_path / "out" / "scale.json").read_text())["rows"]] == [WRITE]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("kept")
    assert main(["measure", "scale", "--tiny", "--folder", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    assert "is not empty. Name a new folder" in capsys.readouterr().err and (tmp_path / "mine").read_text() == "kept"


def test_a_network_that_the_planner_counts_otherwise_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = ScaleFamily.empty
    monkeypatch.setattr(ScaleFamily, "empty", lambda family, config: empty(family, {**config, "num_layers": 1}))
    measured = scale_rows.measure(WRITE, Scale(FRAMEPACK, FRAMEPACK.small_config(), tmp_path, 6, 1, (8,), True))
    assert measured["failed"].startswith("RuntimeError: the planner counts ")


@linux
def test_memory_beyond_the_limit_is_refused_by_the_system() -> None:
    code = (
        "from studio.lab.measure.memory_limit import limit_data\n"
        "assert limit_data(2**28) == (2**28, 'setrlimit(RLIMIT_DATA)')\n"
        "small = bytearray(2**26)\n"
        "try:\n    bytearray(2**28)\nexcept MemoryError:\n    print('refused')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"


@linux
def test_gauges_read_what_the_system_says(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/status").write_text("Name:\tx\nRssAnon:\t 3 kB\nRssFile:\t 5 kB\nRssShmem:\t 1 kB\n")
    (tmp_path / "proc/self/io").write_text("rchar: 9\nread_bytes: 4096\n")
    assert (process_memory(tmp_path), process_memory(tmp_path, ("RssFile",)), bytes_read(tmp_path)) == (4096, 5120, 4096)
    assert bytes_read(tmp_path / "none") is None and (bytes_read() or 0) >= 0


def test_the_options_name_the_families_that_there_are() -> None:
    assert tuple(FAMILIES) == NAMES


def test_shares_are_of_what_the_plan_says() -> None:
    assert scale_table.off(100, 112) == pytest.approx(0.12) and scale_table.off(0, 5) == 0


def test_a_row_that_failed_keeps_its_place_in_the_table() -> None:
    rows = [{"row": "host 12", "failed": "ended here: a | b"}, {"row": LAYERS, "failed": "RuntimeError: no"}]
    table = scale_table.markdown({"tiny": False, "cap_gib": 6, "rows": rows})
    assert table.startswith("- layers: failed: RuntimeError: no\n") and "| 12 GB | failed: ended here: a / b |" in table
    assert "The limits were not enforced; mapped files" in table
