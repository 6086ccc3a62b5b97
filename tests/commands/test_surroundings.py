"""What lies around the studio: each thing that libraries read and nobody checks becomes a sentence, before they are imported."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import folders
from studio.catalogue.cards import ModelError, weights_folder
from studio.commands import surroundings, variables
from studio.commands.surroundings import SurroundingsError

NAMES = ("_PROXY", "GRADIO_", "HF_", "SSL_CERT", "STUDIO_", "FFMPEG", "SPACE_ID", "TMPDIR")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment without the variables that the studio looks at; it is restored after the test, whatever the test sets."""
    before = dict(os.environ)
    for name in before:
        if any(part in name.upper() for part in NAMES):
            monkeypatch.delenv(name)
    yield monkeypatch
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize(("value", "expected"), [
    (None, "studio/projects"), ("", "studio/projects"), ("  ", "studio/projects"), ('""', "studio/projects"),
    ("~/films", "me/films"), ('"~/films"', "me/films"), ("films:2026", "here/films:2026"), (" films ", "here/films"),
])  # fmt: skip
def test_the_folder_of_projects(tmp_path: Path, plain: pytest.MonkeyPatch, value: str | None, expected: str) -> None:
    (tmp_path / "here").mkdir()
    plain.chdir(tmp_path / "here")
    plain.setenv("HOME", str(tmp_path / "me"))
    plain.setenv("USERPROFILE", str(tmp_path / "me"))
    if value is not None:
        plain.setenv("STUDIO_HOME", value)
        plain.setenv("STUDIO_MODELS", value)
    assert surroundings.projects_folder(tmp_path / "studio") == tmp_path / expected
    weights = weights_folder(tmp_path / "studio" / "projects" / "model")
    assert weights == tmp_path / expected / "model", "the same for STUDIO_MODELS"


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are Unicode there")
@pytest.mark.parametrize("value", ["~nobody-of-this-name/films", os.fsdecode(b"/tmp/caf\xe9")])
def test_what_is_no_path_is_refused(tmp_path: Path, plain: pytest.MonkeyPatch, value: str) -> None:
    for variable in ("STUDIO_HOME", "STUDIO_MODELS", "GRADIO_TEMP_DIR"):
        plain.setenv(variable, value)
    with pytest.raises(SurroundingsError, match="STUDIO_HOME"):
        surroundings.projects_folder(tmp_path)
    with pytest.raises(ModelError, match="STUDIO_MODELS"):
        weights_folder(tmp_path / "model")
    assert "STUDIO_MODELS" in surroundings.weights_problem()
    with pytest.raises(SurroundingsError, match="GRADIO_TEMP_DIR"):
        surroundings.uploads_folder()


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_folder_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path, plain: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    assert folders.write_problem(tmp_path / "new" / "folder") == ""
    assert not (tmp_path / "new").exists() and [path.name for path in tmp_path.iterdir()] == ["file"]
    assert folders.write_problem(tmp_path / "file") == f"{tmp_path / 'file'} is a file, not a folder"
    assert folders.write_problem(tmp_path / "file" / "films") == f"{tmp_path / 'file'} is a file, not a folder"
    assert folders.write_problem(tmp_path / ("x" * 300)) == "its name is too long"
    with pytest.raises(SurroundingsError, match=r"Projects cannot be kept in .*file.* STUDIO_HOME"):
        surroundings.check_projects(tmp_path / "file")
    surroundings.check_projects(tmp_path / "made", make=True)
    assert (tmp_path / "made").is_dir()
    plain.setattr(tempfile, "TemporaryFile", refuse)
    assert folders.write_problem(tmp_path) == "it cannot be written to"


def test_uploads_go_where_they_can_be_stored(tmp_path: Path, plain: pytest.MonkeyPatch) -> None:
    plain.setattr(tempfile, "tempdir", str(tmp_path))
    assert surroundings.uploads_folder() == tmp_path / "gradio"
    (tmp_path / "gradio").write_text("of another account")
    mine = surroundings.uploads_folder()
    assert mine.is_dir() and mine.parent == tmp_path and mine.name.startswith("memorypack-studio-")
    plain.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio" / "mine"))
    with pytest.raises(SurroundingsError, match=r"Uploads cannot be stored in .* Set GRADIO_TEMP_DIR to a folder"):
        surroundings.uploads_folder()
    plain.delenv("GRADIO_TEMP_DIR")
    plain.setattr(tempfile, "gettempdir", refuse)
    with pytest.raises(SurroundingsError, match="no folder for temporary files"):
        surroundings.uploads_folder()


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_a_number_that_is_no_port(port: int) -> None:
    with pytest.raises(SurroundingsError, match=f"{port} is no port"):
        surroundings.check_address("127.0.0.1", port)


@pytest.mark.parametrize("host", ["nonsense.invalid", "192.0.2.1", "http://127.0.0.1", "x" * 70, "a b"])
def test_a_host_that_is_none(host: str) -> None:
    with pytest.raises(SurroundingsError, match="is no address of this machine"):
        surroundings.check_address(host, None)


def test_a_port_that_is_in_use_or_kept(plain: pytest.MonkeyPatch) -> None:
    assert surroundings.check_address("127.0.0.1", None) == "127.0.0.1"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SurroundingsError, match="is in use, perhaps by a studio that is open"):
            surroundings.check_address("127.0.0.1", taken.getsockname()[1])
    plain.setattr(surroundings, "_bind_problem", lambda place: PermissionError(13, "Permission denied"))
    with pytest.raises(SurroundingsError, match=r"may not be served on 127.0.0.1, port 80: .* --port 7860"):
        surroundings.check_address("127.0.0.1", 80)


def test_an_ipv6_address_gets_brackets(plain: pytest.MonkeyPatch) -> None:
    plain.setattr(surroundings, "_bind_problem", lambda place: None)
    assert surroundings.check_address("::1", 7860) == "[::1]" == surroundings.check_address("[::1]", 7860)


@pytest.mark.parametrize("proxy", ["socks4://127.0.0.1:9", "http://[::1", "http://proxy:port", "ftp://proxy", "nonsense:x"])
def test_a_proxy_that_cannot_be_used_stops_a_download_and_not_the_page(plain: pytest.MonkeyPatch, proxy: str) -> None:
    plain.setenv("ALL_PROXY", proxy)
    with pytest.raises(SurroundingsError, match=r"ALL_PROXY is .* cannot be used"):
        surroundings.prepare_download()
    with pytest.raises(SurroundingsError, match="ALL_PROXY"):
        surroundings.prepare_page(True, "127.0.0.1")
    assert surroundings.prepare_page(False, "127.0.0.1") == []
    assert opens(), "Gradio's library makes a client when it is imported"


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "127.0.0.1:9", "socks5://127.0.0.1:9", "socks5h://u:p@127.0.0.1:9"])
def test_a_proxy_is_used_for_everything_but_the_own_page(plain: pytest.MonkeyPatch, proxy: str) -> None:
    import urllib.request

    plain.setenv("HTTP_PROXY", proxy)
    plain.setenv("NO_PROXY", "example.org")
    assert surroundings.prepare_download() == [] and list(variables.proxy_misfits()) == []
    assert surroundings.prepare_page(True, "192.0.2.7") == []
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "example.org,localhost,127.0.0.1,::1,192.0.2.7"
    assert opens() and urllib.request.proxy_bypass("127.0.0.1:7860") and not urllib.request.proxy_bypass("gradio.app")


def opens() -> bool:
    """Whether a client of Gradio's HTTP library can be made in this environment."""
    return subprocess.run([sys.executable, "-c", "import httpx; httpx.Client()"], check=False, capture_output=True).returncode == 0


def test_settings_that_libraries_stumble_over_are_set_aside_with_a_sentence(tmp_path: Path, plain: pytest.MonkeyPatch) -> None:
    wrong = {
        "FFMPEG_BINARY": "/nope/ffmpeg", "SSL_CERT_FILE": "/nope", "GRADIO_SERVER_PORT": "abc", "GRADIO_DEBUG": "yes",
        "GRADIO_SHARE": "True", "HF_ENDPOINT": "hf-mirror.com", "HF_HUB_DOWNLOAD_TIMEOUT": "long", "HF_TOKEN": "hf_é",
    }
    for name, value in wrong.items():
        plain.setenv(name, value)
    told = surroundings.problems(tmp_path)
    assert all(os.environ[name] == value for name, value in wrong.items()), "the doctor changes nothing"
    assert surroundings.prepare_page(False, "127.0.0.1") == told
    for name in wrong:
        assert any(name in sentence for sentence in told) and name not in os.environ
    assert surroundings.problems(tmp_path) == [] and opens()


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR is not looked at there")
def test_a_folder_for_temporary_files_that_cannot_be_written(tmp_path: Path, plain: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    plain.setenv("TMPDIR", str(tmp_path / "file"))
    note, = surroundings.prepare_page(False, "127.0.0.1")
    assert "TMPDIR" in note and "Another folder is used" in note and "TMPDIR" not in os.environ


def test_settings_that_are_right_stay(tmp_path: Path, plain: pytest.MonkeyPatch) -> None:
    right = {
        "FFMPEG_BINARY": sys.executable, "GRADIO_ROOT_PATH": "/studio", "GRADIO_SERVER_PORT": "7900",
        "HF_ENDPOINT": "https://hf-mirror.com", "GRADIO_TEMP_DIR": str(tmp_path), "HF_HUB_ETAG_TIMEOUT": "20",
    }
    for name, value in right.items():
        plain.setenv(name, value)
    assert surroundings.problems(tmp_path) == [] == surroundings.prepare_page(False, "127.0.0.1")
    assert all(os.environ[name] == value for name, value in right.items())


def test_a_space_keeps_the_settings_of_its_host(plain: pytest.MonkeyPatch) -> None:
    for name, value in {"SPACE_ID": "a/b", "GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_NUM_PORTS": "1"}.items():
        plain.setenv(name, value)
    assert surroundings.prepare_page(False, "0.0.0.0") == []
    assert os.environ["GRADIO_NUM_PORTS"] == "1" and os.environ["GRADIO_SERVER_NAME"] == "0.0.0.0"


@pytest.mark.parametrize(("name", "value"), [
    ("HF_ENDPOINT", "nonsense"), ("HF_ENDPOINT", "http://[::1"), ("HF_TOKEN", "hf_é"), ("STUDIO_MODELS", "{file}"),
])  # fmt: skip
def test_a_download_says_what_is_missing_before_it_asks_for_anything(
    tmp_path: Path, plain: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (tmp_path / "file").write_text("")
    plain.setenv(name, value.format(file=tmp_path / "file"))
    with pytest.raises(SurroundingsError, match=name):
        surroundings.prepare_download()
