"""The image for Docker, without Docker: the Dockerfile and .dockerignore are read, and compared with what they name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
KNOWN = {"ARG", "FROM", "RUN", "COPY", "ENV", "VOLUME", "USER", "WORKDIR", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT",
         "CMD"}
FOLDERS = """
import app
from studio.catalogue.cards import weights_folder
from huggingface_hub import constants
print(app.home(), weights_folder(app.MODELS / "framepack-f1"), constants.HF_HUB_CACHE, sep="\\n")
"""
"""A program that says where the studio keeps projects and weights, and where it looks for those in the hub's cache."""


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile: its name in capitals, its options (`--chmod=755`), and the rest of its line."""

    name: str
    options: tuple[str, ...]
    rest: str

    @property
    def words(self) -> list[str]:
        """The rest as words: of a JSON list (the exec form), or between blanks."""
        return list(json.loads(self.rest)) if self.rest.startswith("[") else self.rest.split()


def read_dockerfile(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, without comments, continued lines joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = []
    for line in lines.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            words = rest.split()
            options = tuple(word for i, word in enumerate(words) if all(w.startswith("--") for w in words[: i + 1]))
            found.append(Instruction(name.upper(), options, rest.strip().removeprefix(" ".join(options)).strip()))
    return found


FILE = read_dockerfile((ROOT / "Dockerfile").read_text("utf-8"))


def every(name: str) -> list[Instruction]:
    return [one for one in FILE if one.name == name]


def only(name: str) -> Instruction:
    (one,) = every(name)
    return one


def place(wanted: str) -> int:
    """Where the instruction stands whose line begins like this."""
    (found,) = (i for i, one in enumerate(FILE) if f"{one.name} {one.rest}".startswith(wanted))
    return found


def variables() -> dict[str, str]:
    return dict(word.split("=", 1) for one in every("ENV") for word in one.words)


def as_expression(pattern: str) -> str:
    """A pattern of .dockerignore as a regular expression for a whole path (`**`: any folders, `*`: within one name)."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meant.get(part, re.escape(part)) for part in parts)


def sent(paths: Iterable[str], rules: str) -> set[str]:
    """Those of `paths` that Docker sends to the build: the last rule decides that fits a path or a folder above it."""
    lines = [line.strip() for line in rules.splitlines() if line.strip() and not line.startswith("#")]
    compiled = [(not line.startswith("!"), re.compile(as_expression(line.lstrip("!")))) for line in lines]
    kept = set()
    for path in paths:
        above = [path, *(str(folder) for folder in Path(path).parents if folder.name)]
        left_out = False
        for excludes, rule in compiled:
            if any(rule.fullmatch(name) for name in above):
                left_out = excludes
        if not left_out:
            kept.add(path)
    return kept


def files() -> list[str]:
    """Every file of the project that the image could need, as paths from its top."""
    folders = ("assets", "models", "presets", "studio", "tests", "docs")
    found = [*ROOT.iterdir(), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    return [path.relative_to(ROOT).as_posix() for path in found if path.is_file() and "__pycache__" not in path.parts]


RULES = (ROOT / ".dockerignore").read_text("utf-8")


def test_all_instructions_are_known_and_their_lists_are_json() -> None:
    assert {one.name for one in FILE} <= KNOWN
    for one in (*every("ENTRYPOINT"), *every("CMD"), *every("VOLUME")):
        assert one.words and all(isinstance(word, str) for word in one.words)
    assert [one for one in FILE if not one.rest] == []


def test_what_is_not_a_dockerfile_is_noticed() -> None:
    one, two = read_dockerfile("# about\nRUN a \\\n    b\ncopy --chmod=755 x /y\n")
    assert one == Instruction("RUN", (), "a      b") and two == Instruction("COPY", ("--chmod=755",), "x /y")
    with pytest.raises(json.JSONDecodeError):
        _ = read_dockerfile("CMD ['python']")[0].words


def test_one_argument_chooses_between_two_stages_of_the_same_python() -> None:
    assert FILE[0] == Instruction("ARG", (), "DEVICE=cpu")
    *stages, last = (one.words for one in every("FROM"))
    assert [stage[1:] for stage in stages] == [["AS", "cpu"], ["AS", "cuda"]] and last == ["${DEVICE}"]
    (image,) = {stage[0] for stage in stages}
    space = re.search(r'^python_version: "(.+)"$', (ROOT / "README.md").read_text("utf-8"), re.M)
    assert space and image == f"python:{space[1]}-slim", "the Python of the Space"


def test_packages_are_those_of_the_project() -> None:
    torch = next(line for line in PROJECT["dependencies"] if line.startswith("torch="))
    cpu, cuda, rest = (one.rest for one in every("RUN") if one.rest.startswith("pip install "))
    assert re.findall(r'"(.+?)"', cpu) == [torch] and cpu.endswith("--index-url https://download.pytorch.org/whl/cpu")
    assert re.findall(r'"(.+?)"', cuda) == [torch, *PROJECT["optional-dependencies"]["cuda"]] and "index" not in cuda
    assert " -r /app/requirements.txt " in rest and re.findall(r'"(.+?)"', rest) == PROJECT["optional-dependencies"]["network"]
    assert "[dev]" not in (ROOT / "Dockerfile").read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="the image's shell is not there")
@pytest.mark.parametrize("command", [one.rest for one in every("RUN")])
def test_commands_can_be_read_by_a_shell(command: str) -> None:
    assert subprocess.run(["/bin/sh", "-n", "-c", command], timeout=60, check=False).returncode == 0
    assert subprocess.run(["/bin/sh", "-n", "-c", f"{command} && ("], stderr=subprocess.DEVNULL, timeout=60, check=False).returncode


def test_only_cuda_has_a_compiler_which_triton_asks_for() -> None:
    (install,) = (one.rest for one in every("RUN") if "apt-get" in one.rest)
    assert place("FROM python:3.12-slim AS cuda") < place("RUN apt-get") < place("FROM ${DEVICE}")
    assert " --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*" in install


def test_a_change_of_code_installs_nothing_again() -> None:
    assert place("COPY requirements.txt") < place("RUN pip install --no-cache-dir --root-user-action=ignore -r")
    copies = [i for i, one in enumerate(FILE) if one.name == "COPY" and one.words[0] != "requirements.txt"]
    assert min(copies) > max(i for i, one in enumerate(FILE) if one.name == "RUN" and "install" in one.rest)
    assert place("COPY studio") > max(place(f"COPY {folder}") for folder in ("models", "assets", "presets"))


def test_what_is_copied_is_there_and_reaches_the_build() -> None:
    kept = sent(files(), RULES)
    for one in every("COPY"):
        *sources, target = one.words
        assert target.startswith("/app/")
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(path == source or path.startswith(f"{source}/") for path in kept), f".dockerignore leaves out {source}"


def test_all_that_the_studio_reads_reaches_the_build() -> None:
    here = files()
    kept = sent(here, RULES)
    code = {path for path in here if path.startswith("studio/") and not path.startswith("studio/lab/")}
    cards = {path for path in here if re.fullmatch(r"models/[^/]+/model\.toml", path)}
    shown = {path for path in here if path.startswith(("presets/", "assets/examples/", "assets/fonts/", "models/memorypack-mini/"))}
    assert len(code) > 200 and len(cards) > 3 and len(shown) > 60
    assert code | cards | shown | {"app.py", "LICENSE", "assets/icon.svg", "assets/icon.png"} <= kept


def test_films_weights_tests_and_history_stay_out() -> None:
    private = [
        ".git/config", ".gitignore", ".venv/bin/python", "projects/film/project.json", "projects/loras/a.safetensors", "key.pem",
        "tests/conftest.py", "docs/design.md", "README.md", "runs/a/log.txt", "studio/lab/__main__.py",
        "studio/ui/__pycache__/page.pyc", "models/framepack-f1/transformer/a.safetensors", "models/framepack-f1/fetched.json",
        "models/helios-base/prepared/preview.safetensors", "models/framepack-f1/.incoming/a", "models/my-model/model.safetensors",
    ]  # fmt: skip
    assert sent(private, RULES) == set()
    assert not [path for path in sent(files(), RULES) if path.startswith(("tests/", "docs/", "studio/lab/"))]


def test_the_last_rule_of_dockerignore_that_fits_decides() -> None:
    rules = "*\n!a\na/b\n**/*.pyc\n"
    assert sent(["a/x", "a/b/c", "a/d/e.pyc", "b", "e.pyc", "a/bb"], rules) == {"a/x", "a/bb"}


def test_it_runs_as_a_user_who_can_write_films_but_no_code() -> None:
    user = place("USER")
    assert FILE[user].rest == "studio" and user < place("ENTRYPOINT") < place("CMD")
    assert not [one for one in FILE[user:] if one.name in ("RUN", "COPY")], "all that is installed belongs to root"
    copies = [one for one in every("COPY") if one.words[0] != "requirements.txt"]
    assert all(one.options == ("--chmod=755",) for one in copies), "a checkout that only its owner can read works too"
    assert not [one for one in FILE if "--chown" in " ".join(one.options)]
    volumes = only("VOLUME").words
    made = next(one for one in every("RUN") if "useradd" in one.rest).rest
    assert all(volume in made.partition("install -d -o studio")[2].split() for volume in volumes)
    assert sorted(variables().values()) == sorted(volumes) and place("VOLUME") > place("RUN useradd")


def test_each_variable_moves_a_folder_of_the_studio(tmp_path: Path) -> None:
    here = {name: value for name, value in os.environ.items() if not name.startswith(("STUDIO_", "HF_", "HUGGINGFACE_"))}
    moved = {name: str(tmp_path / name) for name in variables()}
    line = [sys.executable, "-c", FOLDERS]
    done = subprocess.run(line, cwd=ROOT, env=here | moved, capture_output=True, text=True, timeout=60, check=True)
    found = done.stdout.splitlines()
    assert len(found) == len(moved), found
    assert {name for name in moved for folder in found if folder.startswith(moved[name])} == set(moved)


def test_what_it_starts_is_a_command_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    assert only("ENTRYPOINT").words == ["python", "/app/app.py"] and only("WORKDIR").rest == "/app"
    options = app.parse(only("CMD").words)
    assert options.run is app.open_studio and options.host == "0.0.0.0" and options.no_password and not options.share
    assert str(options.port) == only("EXPOSE").rest


def test_its_health_is_asked_of_the_page_past_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = only("HEALTHCHECK")
    assert {option.partition("=")[0] for option in asked.options} <= {"--interval", "--timeout", "--start-period", "--retries"}
    command, _, words = asked.rest.partition(" ")
    python, flag, program = json.loads(words)
    assert (command, python, flag) == ("CMD", "python", "-c") and f"http://127.0.0.1:{only('EXPOSE').rest}'" in program
    monkeypatch.setenv("http_proxy", "http://nowhere.invalid:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    answers = {"/": 200}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers[self.path or "/"])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        asks = [sys.executable, "-c", program.replace(f":{only('EXPOSE').rest}", f":{server.server_port}")]
        assert subprocess.run(asks, timeout=60, check=False).returncode == 0
        answers["/"] = 503
        assert subprocess.run(asks, stderr=subprocess.DEVNULL, timeout=60, check=False).returncode == 1
        server.shutdown()
    assert subprocess.run(asks, stderr=subprocess.DEVNULL, timeout=60, check=False).returncode == 1, "nothing is served"


def test_readme_publishes_the_port_on_this_machine_alone() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    commands = re.findall(r"^docker run .+$", text, re.M)
    port = only("EXPOSE").rest
    assert commands and all(f" -p 127.0.0.1:{port}:{port} " in line for line in commands if " -p " in line)
    for line in commands:
        mounted = re.findall(r" -v \S+?:(/\S+)", line)
        assert mounted and all(folder in only("VOLUME").words for folder in mounted)
    assert [line for line in commands if " --gpus all " in line and line.rstrip().endswith("memorypack-studio:cuda")]
