"""`app.py users`, and the options that ask for passwords: from a file, the environment or a prompt, never from the command line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import app
from studio.access import users
from studio.access.users import ONLY, UserFile, check_password
from studio.commands import users as command
from studio.commands.surroundings import SurroundingsError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(users, "_hasher", lambda: cheap)
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.delenv("STUDIO_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path


def file(home: Path, text: str) -> Path:
    path = home / "password.txt"
    path.write_text(text)
    return path


def test_users_are_added_listed_given_tokens_and_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(home, "a long password\nthe file's second line\n")
    assert app.main(["users"]) == 0 and "There are no users." in capsys.readouterr().out
    assert app.main(["users", "add", "mira", "--password-file", str(path)]) == 0
    assert str(home / "users" / "mira") in capsys.readouterr().out
    assert check_password(UserFile(home).find("mira"), "a long password")
    assert app.main(["users", "token", "mira"]) == 0
    token = capsys.readouterr().out.strip()
    assert UserFile(home).by_token(token)
    assert app.main(["users", "list"]) == 0 and capsys.readouterr().out.strip() == "mira: 1 tokens"
    assert app.main(["users", "password", "mira", "--password-file", str(file(home, "the next password"))]) == 0
    assert UserFile(home).by_token(token) is None
    assert app.main(["users", "remove", "mira"]) == 0 and UserFile(home).all() == {}


def test_what_cannot_be_done_is_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, told in (
        (["users", "remove", "mira"], "There is no user “mira”"),
        (["users", "add", "../x", "--password-file", str(file(home, "a long password"))], "cannot be a user's name"),
        (["users", "add", "mira", "--password-file", str(home / "none")], "cannot be read"),
        (["users", "add", "mira", "--password-file", str(file(home, ""))], "8 to 1024 characters"),
        (["users", "add", "mira"], "Nobody can be asked for a password here"),
        (["--users", "--no-browser"], "There are no users yet"),
        (["--password", "--no-browser"], "Set STUDIO_PASSWORD"),
        (["--password", "--users", "--no-browser"], "Choose one of them"),
    ):
        assert app.main(arguments) == 1
        assert told in capsys.readouterr().err, arguments


def test_a_new_password_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    answers = iter(["a long password", "another one", "a long password", "a long password"])
    monkeypatch.setattr(command.getpass, "getpass", lambda _: next(answers))
    with pytest.raises(SurroundingsError, match="two passwords"):
        command.read_password(None, twice=True)
    assert command.read_password(None, twice=True) == "a long password"


def test_a_password_in_the_environment_is_asked_for_without_an_option(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command.chosen_users(app.parse([]), home) is None
    monkeypatch.setenv("STUDIO_PASSWORD", "a long password")
    for arguments in ([], ["--password"], ["--no-password"]):
        only = command.chosen_users(app.parse(arguments), home)
        assert only is not None and check_password(only.find(ONLY), "a long password"), arguments


def test_without_the_packages_a_sentence_says_how_to_get_them(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "has_packages", lambda: False)
    assert command.chosen_users(app.parse([]), home) is None
    for arguments in (["--password"], ["--users"], ["--password-file", "x"]):
        with pytest.raises(SurroundingsError, match="memorypack-studio\\[network\\]"):
            command.chosen_users(app.parse(arguments), home)


def test_no_option_takes_a_password_from_the_command_line() -> None:
    for arguments in (["--password", "secret-one"], ["--password=secret-one"], ["users", "add", "mira", "secret-one"]):
        with pytest.raises(SystemExit):
            app.parse(arguments)
