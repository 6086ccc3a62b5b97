"""The lab's command line: every command has its own options and no others, and what is wrong is a sentence and status 2."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from studio.lab.__main__ import main, parser
from studio.lab.commands.measure import LEAST_PSI_SECTIONS, MODEL_PARTS

ROOT = Path(__file__).parents[2]
OPTIONS: dict[str, set[str]] = {
    "train autoencoder": set(), "train weather": set(), "train film": set(), "train memory": set(), "train export": set(),
    "train force": {"--export", "--arm", "--seed"},
    "measure model": {"--model", "--only", "--quick", "--pictures", "--size", "--output"},
    "measure memory": {"--model", "--quick", "--pictures", "--sections", "--gaps", "--arms", "--memories", "--encoder", "--quality",
                       "--size", "--output"},
    "measure psi": {"--model", "--sections", "--output"},
    "measure cache": {"--model", "--size", "--steps", "--rule", "--thresholds", "--output"},
    "measure kept": {"--results", "--output"},
    "measure film-memory": {"--model", "--arms", "--seeds", "--threads", "--output"},
    "measure learn": {"--scenes"},
    "measure exports": {"--seconds", "--size", "--output"},
    "measure sheet": {"--model", "--pictures", "--size", "--output"},
    "measure placement": {"--cap-gib", "--size", "--steps", "--film", "--profile", "--weights", "--output", "--tiny"},
    "measure startup": {"--output"}, "measure stock": {"--output"}, "measure page": {"--sessions", "--output"},
    "measure load": {"--sessions", "--rendering", "--minutes", "--output"},
    "measure farm": {"--workers", "--takes", "--rounds", "--size", "--steps", "--output"},
    "measure sections": {"--model", "--sizes", "--rounds", "--long", "--output"},
    "measure neighbour": {"--size", "--output"},
    "measure benchmark": {"--only", "--model", "--sizes", "--rounds", "--long", "--size", "--sessions", "--output"},
    "language": set(),
    "world film": {"--output", "--size", "--seed", "--picture"},
    "world still": {"--output", "--size", "--seed", "--picture"},
}
ALL = set().union(*OPTIONS.values())
NEEDED = {"world film": ["script.toml", "-o", "film.mp4"], "world still": ["script.toml", "-o", "still.png"],
          "measure placement": ["--cap-gib", "12"]}


def ended(*arguments: str) -> object:
    """The status with which the command line is refused, or its help shown."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return end.value.code


@pytest.mark.parametrize("command", OPTIONS)
def test_help_tells_a_commands_own_options_and_their_defaults(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(*command.split(), "--help") == 0
    usage, _, described = capsys.readouterr().out.partition("options:\n")
    assert usage.startswith(f"usage: python -m studio.lab {command} ")
    assert set(re.findall(r"^  (?:-\w[^,]*, )?(--[a-z-]+)", described, re.MULTILINE)) == OPTIONS[command] | {"--help"}
    without_help = described.replace("show this help message and exit", "")
    stated = without_help.count("(default:") + without_help.count("(required)")
    assert stated == len(OPTIONS[command]), "every option says its default, or that it is required"


@pytest.mark.parametrize("command", OPTIONS)
def test_an_option_of_other_commands_is_refused(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.toml").write_text("[[sections]]\n")
    for option in [*sorted(ALL - OPTIONS[command]), "--mod"]:
        assert ended(*command.split(), *NEEDED.get(command, []), option) == 2
        assert f"unrecognized arguments: {option}" in capsys.readouterr().err


def test_the_groups_are_told_without_torch() -> None:
    code = "import sys; from studio.lab.__main__ import parser; print(parser().format_help()); assert 'torch' not in sys.modules"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for group in ("train", "measure", "world"):
        assert re.search(rf"^    {group} ", shown, re.MULTILINE)
        assert f"{{{group}" not in shown
    assert "Exit status:" in shown


@pytest.mark.parametrize(("line", "message"), [
    ("", "required: GROUP"), ("measure", "required: COMMAND"), ("measure nothing", "invalid choice: 'nothing'"),
    ("train film none.toml", "there is no file none.toml"), ("train force --seed 1", "give --export FOLDER too"),
    ("train force --seed one --export x", "'one' is not a whole number from 0"),
    ("measure psi --sections 39", f"the film needs {LEAST_PSI_SECTIONS} sections or more, not 39"),
    ("measure sections --long 3", "3 are too few"), ("measure sections --sizes large", "'large' is no size"),
    ("measure benchmark --only camera", "invalid choice: 'camera'"),
    ("measure model --only startup", "invalid choice: 'startup'"), ("measure model --pictures 0", "not a whole number from 1"),
    ("measure cache --thresholds 0", "'0' is not a number above 0"), ("measure cache --size 0x16", "'0x16' is no size"),
    ("measure learn --scenes many", "'many' is not a whole number from 1"),
    ("measure placement --cap-gib 12 --film -1", "'-1' is not a whole number from 0"),
])
def test_what_is_wrong_is_a_sentence(line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(*line.split()) == 2
    shown = capsys.readouterr()
    assert message in shown.err and not shown.out


def test_a_recipe_that_cannot_be_used_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("colour = 3\n")
    for command in ("autoencoder", "weather", "film", "memory", "force", "export"):
        assert main(["train", command, str(recipe)]) == 2
        assert "unknown key 'colour'" in capsys.readouterr().err


def test_films_too_short_to_look_away_are_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when a model's sections are much shorter than the world's."""
    from studio.lab.train import finetune
    from studio.lab.world import film

    recipe = tmp_path / "recipe.toml"
    recipe.touch()
    monkeypatch.setattr(finetune, "finetune", lambda _: film(1, 64, 32, 2, late_return=True))
    assert main(["train", "force", str(recipe)]) == 2
    assert "a film needs 5, not 2. Give the films more sections" in capsys.readouterr().err


def test_shipped_recipes_are_taken_by_themselves() -> None:
    for command in ("autoencoder", "weather", "film", "memory", "force", "export"):
        assert parser().parse_args(["train", command]).recipe.is_file()


def test_parts_of_a_model_are_those_that_are_measured() -> None:
    from studio.lab.measure.model_figures import PARTS

    assert MODEL_PARTS == PARTS
