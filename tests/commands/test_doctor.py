"""The command `doctor`: what it prints about this machine, about imaginary ones, and for wrong options."""

from __future__ import annotations

from pathlib import Path

import pytest

import app
from studio.commands import doctor
from studio.placement.machine import GB, Gpu, Machine
from studio.placement.profile import PROFILES
from tests import folders


def examined(capsys: pytest.CaptureFixture[str], *arguments: str, models: Path = app.MODELS) -> tuple[int, str, str]:
    status = doctor.examine(app.parse(["doctor", *arguments]), models, Path("not") / "there")
    output = capsys.readouterr()
    return status, output.out, output.err


def test_the_command_is_the_doctors(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(doctor, "examine", lambda options, models, home: calls.append((models, home)) or 3)
    options = app.parse(["doctor", "--vram", "8", "--ram", "16", "--size", "640x480", "--model", "m"])
    assert (options.vram, options.ram, options.size, options.model) == (8, 16, "640x480", "m")
    assert options.run(options) == 3 and calls == [(app.MODELS, app.home())]


def test_this_machine_without_a_card(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "probe_machine", lambda _: Machine("Darwin", 4, 16 * GB, 9 * GB, 50 * GB))
    status, out, err = examined(capsys)
    assert (status, err) == (0, "")
    assert out.startswith("This machine\n  system    macOS, 4 processor cores\n  memory    16.0 GB, 9.0 GB of it free\n")
    assert "It runs, on the processor, as a whole." in out
    assert "no card that PyTorch can compute with" in out and "not sensible here" in out
    assert "\n  attention PyTorch's own (SDPA)\n" in out


def test_this_machine_with_an_old_card(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    card = Gpu("NVIDIA GeForce RTX 2060", (7, 5), 6 * GB, 5 * GB + GB // 2)
    monkeypatch.setattr(doctor, "probe_machine", lambda _: Machine("Linux", 8, 32 * GB, 28 * GB, 50 * GB, card))
    _, out, _ = examined(capsys, "--model", "framepack-f1", "--size", "640x640")
    assert "RTX 2060 (compute capability 7.5), 6.0 GB, 5.5 GB of it free" in out and "no bfloat16 units" in out
    assert "profile '6 GB card': weights as 8-bit integers" in out
    assert "if the RTX 2060 reaches 70% of 6.45 TFLOPS (float32, since it has no bfloat16 units)." in out
    assert "MemoryPack mini" not in out
    assert "FlashAttention 2 (flash) needs a card of compute capability 8.0" in out
    assert "  Attention: PyTorch's own (SDPA), the best that was found." in out


@pytest.mark.parametrize(("vram", "ram", "expected"), [
    ("24", "32", "all 17.6 GB of weights"), ("12", "32", "from memory, block by block in every step"),
    ("6", "8", "more free memory: weights are read from disk in every step"),
])
def test_imaginary_machines(vram: str, ram: str, expected: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = examined(capsys, "--vram", vram, "--ram", ram, models=tmp_path)
    assert status == 0 and out.startswith("An imagined machine\n")
    assert "FramePack-F1 (framepack-f1)" in out and expected in out and "Its folder is not there" in out


def test_the_profile_can_be_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("--vram", "24", "--ram", "64", "--model", "framepack-f1")
    _, out, _ = examined(capsys, *arguments, "--profile", "card-12gb", models=tmp_path)
    assert "asked for: card-12gb" in out and "profile '12 GB card'" in out
    monkeypatch.setenv("STUDIO_PROFILE", "card-8gb")
    _, out, _ = examined(capsys, *arguments, models=tmp_path)
    assert "It is loaded like this." in out and "asked for: card-8gb" in out and "profile '8 GB card'" in out
    status, _, err = examined(capsys, *arguments, "--profile", "card-7gb", models=tmp_path)
    assert status == 1 and "There is no profile 'card-7gb'. There are: card-12gb" in err


def test_an_attention_backend_that_is_not_here(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text((PROFILES / "card-24gb.toml").read_text("utf-8").replace('"auto"', '"sage"'), "utf-8")
    arguments = ("--vram", "24", "--ram", "64", "--model", "framepack-f1", "--profile", str(mine))
    status, out, _ = examined(capsys, *arguments, models=tmp_path)
    assert status == 1 and "It will not run." in out and "backend 'sage': SageAttention is not installed: pip install" in out


def test_what_does_not_run_says_what_to_change(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ("--vram", "4", "--ram", "32", "--size", "640x640")
    status, out, _ = examined(capsys, *arguments, "--model", "framepack-f1", models=tmp_path)
    assert status == 1 and "It will not run." in out and "short" in out and "What to change:" in out
    assert examined(capsys, *arguments, models=tmp_path)[0] == 0, "nobody asked for this model"


def test_a_damaged_model_is_told_and_the_others_are_examined(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folders.small(tmp_path / "small")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.toml").write_text("title = 3")
    _, out, err = examined(capsys, "--vram", "0", "--ram", "16", "--size", "64x32", models=tmp_path)
    assert "broken" in err and "(small), 64 x 32\n  It runs, on the processor" in out


@pytest.mark.parametrize(("arguments", "expected"), [
    (("--vram", "8", "--ram", "16", "--size", "big"), "'big' is no size"),
    (("--vram", "8", "--ram", "16", "--model", "nobody"),
     "There is no model 'nobody'. There are: memorypack-mini, panorama-mini, framepack-f1, helios-base, helios-distilled, "
     "helios-mid."),
    (("--vram", "-1", "--ram", "16"), "GB of graphics memory"),
    (("--ram", "16"), "--card NAME, --vram GB"),
    (("--card", "RTX 4075"), "Near are: RTX 4070, RTX 4070 Ti."),
    (("--card", "RTX 4070", "--vram", "8"), "say --card or --vram, not both"),
])
def test_wrong_questions(arguments: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = examined(capsys, *arguments)
    assert status == 1 and expected in err


def test_the_card_alone_may_be_imagined(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "system_memory", lambda: (20 * GB, 3 * GB))
    _, out, _ = examined(capsys, "--vram", "8", models=tmp_path)
    assert "memory    20.0 GB" in out


def test_a_card_by_its_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ("--ram", "32", "--model", "framepack-f1", "--size", "640x640")
    status, out, _ = examined(capsys, "--card", "rtx4070", *arguments, models=tmp_path)
    assert status == 0 and "graphics  RTX 4070 (compute capability 8.9), 12.0 GB" in out
    assert "504 GB/s; PCIe 4.0 x16; 58.3 TFLOPS in bfloat16 and 233.2 TOPS in int8, calculated from cores" in out
    assert "profile '12 GB card'" in out and "if the RTX 4070 reaches 70% of 58.3 TFLOPS (bfloat16)." in out
    _, out, _ = examined(capsys, "--card", "4060 ti", *arguments, models=tmp_path)
    assert "8.0 GB" in out and 'It comes with 16 GB as well: --card "RTX 4060 Ti 16GB".' in out and "profile '8 GB card'" in out
    _, out, _ = examined(capsys, "--card", "4060 ti 16gb", *arguments, models=tmp_path)
    assert "16.0 GB" in out and "profile '16 GB card'" in out
    _, out, _ = examined(capsys, "--card", "NVIDIA GeForce RTX 3070 Ti Laptop GPU", *arguments, models=tmp_path)
    assert "A laptop that gives its card less power is slower." in out


def test_a_card_that_is_not_in_the_table_says_what_it_counts_as(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    card = Gpu("Somebody's card", (8, 9), 12 * GB, 11 * GB)
    monkeypatch.setattr(doctor, "probe_machine", lambda _: Machine("Linux", 8, 32 * GB, 28 * GB, 50 * GB, card))
    _, out, _ = examined(capsys, models=tmp_path)
    assert "It is not in the studio's table of cards: for estimates of time it counts as an RTX 3060." in out
    assert "if the card is like an RTX 3060 and reaches 70% of 25.5 TFLOPS (bfloat16)." in out
    _, out, _ = examined(capsys, "--vram", "12", "--ram", "32", models=tmp_path)
    assert "No card was named: for estimates of time it counts as an RTX 3060." in out
