"""What an artist meets before the studio opens: launchers, requirements, licence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
unix = pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash")


def test_requirements_are_those_of_the_project() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == PROJECT["dependencies"]


def test_the_licence_is_the_one_declared() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert PROJECT["license"] == "Apache-2.0" and PROJECT["license-files"] == ["LICENSE"]
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text and len(text) > 11_000


@unix
def test_the_launcher_is_sound_and_executable() -> None:
    subprocess.run(["bash", "-n", "launch.sh"], cwd=ROOT, check=True)
    assert os.access(ROOT / "launch.sh", os.X_OK)
    asked = ["git", "ls-files", "--stage", "launch.sh"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert listed.stdout[:6] in ("", "100755"), "git must know that it is executable"


def folder_with(tmp_path: Path, python: str) -> Path:
    """A folder like a fresh checkout, with `python` (a shell script) as the only Python."""
    for name in ("launch.sh", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "cmp", "cp", "rm", "mkdir", "chmod", "uname", "cat"):
        (tools / name).symlink_to(str(shutil.which(name)))
    if python:
        (tools / "python3").write_text(f"#!{shutil.which('bash')}\n{python}")
        (tools / "python3").chmod(0o755)
    return tmp_path


def launch(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(folder / "tools"), "HOME": str(folder), "PYTHONHOME": "/nowhere", **more}
    return subprocess.run(
        [str(folder / "launch.sh"), *arguments], cwd="/", env=environment, capture_output=True, text=True, timeout=30
    )


# stands for Python: knows its version, makes a "virtual environment" of itself, and tells what it was asked to run
PYTHON = """
case "$1 $2" in
  "-c "*) [ -z "${PYTHONHOME+set}" ] ;;
  "--version "*) echo "Python 3.12.0" ;;
  "-m venv") rm -rf .venv; mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  "-m pip") echo "pip: $*"; [ ! -e refuse ] ;;
  *) printf 'ran: %s\\n' "$@" ;;
esac
"""


@unix
def test_without_python_it_says_what_to_do(tmp_path: Path) -> None:
    for python in ("", "exit 1"):                                # none at all, or one that is too old
        folder = tmp_path / str(bool(python))
        folder.mkdir()
        result = launch(folder_with(folder, python))
        assert result.returncode == 1
        assert "needs Python 3.11 or newer, 64 bit" in result.stderr and "run ./launch.sh again" in result.stderr


@unix
def test_it_installs_once_and_passes_arguments_on(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, PYTHON)
    first = launch(folder, "render", "a story.toml")
    assert first.returncode == 0, first.stderr
    assert "--editable ." in first.stdout
    assert first.stdout.endswith("ran: app.py\nran: render\nran: a story.toml\n")
    second = launch(folder, "--port", "7870")
    assert second.stdout == "ran: app.py\nran: --port\nran: 7870\n"
    (folder / "pyproject.toml").write_text("changed")
    assert "--editable ." in launch(folder).stdout, "new dependencies are installed"


@unix
def test_a_failed_installation_is_told_and_tried_again(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, PYTHON)
    (folder / "refuse").touch()
    result = launch(folder)
    assert result.returncode == 1 and "installation stopped" in result.stderr and "ran:" not in result.stdout
    (folder / "refuse").unlink()
    assert launch(folder).stdout.endswith("ran: app.py\n")


@unix
def test_an_environment_whose_python_is_gone_is_made_again(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, PYTHON)
    assert launch(folder).returncode == 0
    (folder / ".venv" / "bin" / "python").write_text("#!/nowhere/python\n")
    again = launch(folder)
    assert again.returncode == 0, again.stderr
    assert "Making .venv" in again.stdout and "--editable ." in again.stdout and again.stdout.endswith("ran: app.py\n")


@unix
def test_a_folder_with_spaces_and_an_index_with_signs(tmp_path: Path) -> None:
    folder = tmp_path / "my films & more (2)"
    folder.mkdir()
    folder_with(folder, PYTHON)
    result = launch(folder, "--port", "7870", TORCH_INDEX="https://example.org/a b?c&d")
    assert result.returncode == 0, result.stderr
    assert "--editable . --extra-index-url https://example.org/a b?c&d" in result.stdout
    assert result.stdout.endswith("ran: app.py\nran: --port\nran: 7870\n")


@unix
def test_the_studios_own_exit_status_comes_back(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, PYTHON.replace("  *) printf", "  *) exit 130; printf"))
    assert launch(folder).returncode == 130


@unix
def test_a_failed_environment_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, PYTHON.replace("mkdir -p .venv/bin &&", "mkdir -p .venv/bin && exit 1;"))
    result = launch(folder)
    assert result.returncode == 1 and "python3-venv" in result.stderr
    assert not (folder / ".venv").exists()


def test_the_windows_launcher_says_the_same() -> None:
    raw = (ROOT / "launch.bat").read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n"), "cmd.exe wants its own line ends"
    assert raw.isascii(), "cmd.exe shows other letters in the wrong code page"
    text = raw.decode("ascii")
    for what in ("-m venv --clear .venv", "app.py %*", "Python 3.11 or newer, 64 bit", "installed.toml"):
        assert what in text
    labels = {line[1:].strip() for line in text.splitlines() if line.startswith(":")}
    wanted = {part.split()[0] for part in text.split("goto ")[1:]}
    assert wanted == labels == {"environment", "install", "open", "nowhere", "stop"}


def test_the_windows_launcher_survives_what_cmd_does_to_lines() -> None:
    lines = (ROOT / "launch.bat").read_text("ascii").splitlines()
    assert all(line.count('"') % 2 == 0 for line in lines if not line.startswith("rem")), "an open quote swallows the line"
    assert 'cd /d "%~dp0" || goto nowhere' in lines, "its own folder may have spaces in its name"
    depth = 0
    for line in lines:
        bare = "".join(line.split('"')[::2])                     # cmd looks at signs outside quotes only
        if line.lstrip().startswith("rem"):
            continue
        if line.lstrip().startswith("echo"):
            assert not set(bare) & set("()<>|&^%"), f"cmd would not print this as it is: {line}"
        opened = bare.count("(") - bare.count(")")
        depth += opened
        assert 0 <= depth <= 1, "no block within a block: variables in it would be read too early"
        if depth and not opened:
            assert "%" not in line, f"read before the block begins: {line}"
    assert depth == 0
    ends = [line.strip() for line in lines if line.strip().startswith("exit")]
    assert ends == ["exit /b %STATUS%"] and 'if "%STATUS%"=="0" exit /b 0' in lines, "the studio's own status comes back"


def test_the_space_is_described_as_the_hub_reads_it() -> None:
    """The table at the top of the README: its keys, and what must agree with the project."""
    table = (ROOT / "README.md").read_text("utf-8").split("---\n")[1]
    said = dict(line.split(": ", 1) for line in table.splitlines())
    keys = {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "header", "fullWidth",
            "short_description", "suggested_hardware", "startup_duration_timeout", "license"}
    assert said.keys() == keys and said["sdk"] == "gradio" and (ROOT / said["app_file"]).is_file()
    gradio = next(line for line in PROJECT["dependencies"] if line.startswith("gradio=="))
    assert said["sdk_version"].startswith(gradio.removeprefix("gradio==").removesuffix("*"))
    assert len(said["short_description"]) <= 60 and said["license"] == PROJECT["license"].lower()
    assert tuple(map(int, said["python_version"].strip('"').split("."))) >= (3, 11) and PROJECT["requires-python"] == ">=3.11"
