"""Users in a file: hashed passwords, tokens, names that are folders, and a file that is damaged."""

from __future__ import annotations

import argparse
import stat
import sys
from pathlib import Path

import pytest

from studio.access.users import ONLY, OnePassword, User, UserFile, UsersError, check_password
from studio.commands.users import change_users

pytestmark = pytest.mark.usefixtures("quick_hashes")


def test_a_user_is_known_by_password_and_by_token_and_neither_is_in_the_file(tmp_path: Path) -> None:
    users = UserFile(tmp_path)
    users.add("mira", "a long password")
    token = users.make_token("mira")
    again = UserFile(tmp_path)                                 # as another process reads it
    assert check_password(again.find("mira"), "a long password") and again.by_token(token) == again.find("mira")
    assert not check_password(again.find("mira"), "another one") and not check_password(None, "a long password")
    assert again.find("otto") is None and again.by_token("") is None
    text = users.path.read_text()
    assert "a long password" not in text and token not in text and "$argon2id$" in text
    if sys.platform != "win32":
        assert stat.S_IMODE(users.path.stat().st_mode) == 0o600


def test_another_password_ends_tokens_and_another_process_sees_it(tmp_path: Path) -> None:
    users, other = UserFile(tmp_path), UserFile(tmp_path)
    users.add("mira", "a long password")
    token = users.make_token("mira")
    assert other.by_token(token)
    users.set_password("mira", "the next password")
    assert other.by_token(token) is None and check_password(other.find("mira"), "the next password")
    users.remove("mira")
    assert other.find("mira") is None and other.all() == {}


@pytest.mark.parametrize("name", ["", "..", "a/b", "Mira", "a b", "a" * 33, "-a", ".a", "mira\n", "müller"])
def test_a_name_is_a_folder_of_its_own(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsersError, match="cannot be a user's name"):
        UserFile(tmp_path).add(name, "a long password")
    assert not (tmp_path / "users").exists()


def test_what_cannot_be_a_password_or_is_there_already_is_refused(tmp_path: Path) -> None:
    users = UserFile(tmp_path)
    for password in ("", "short", "x" * 2000, "\ud800" * 10):
        with pytest.raises(UsersError, match="password"):
            users.add("mira", password)
    users.add("mira", "a long password")
    with pytest.raises(UsersError, match="already"):
        users.add("mira", "a long password")
    with pytest.raises(UsersError, match="no user “otto”"):
        users.make_token("otto")
    assert not check_password(users.find("mira"), "x" * 10**7)


def test_who_is_added_under_a_name_that_was_another_users_does_not_get_the_films(tmp_path: Path) -> None:
    users = UserFile(tmp_path)
    users.add("mira", "a long password")
    token = users.make_token("mira")
    film = users.path.parent / "mira" / "film" / "project.json"
    film.parent.mkdir(parents=True)
    film.write_text("a film")
    users.remove("mira")
    with pytest.raises(UsersError, match=r"files of an earlier mira.*--keep-films"):
        users.add("mira", "the next password")
    assert users.find("mira") is None and film.is_file()
    users.add("mira", "the next password", keep_films=True)
    assert users.by_token(token) is None and not check_password(users.find("mira"), "a long password")
    users.remove("mira")
    add = argparse.Namespace(change="add", name="mira", password_file=tmp_path / "password", keep_films=False)
    add.password_file.write_text("the next password")
    with pytest.raises(UsersError, match="files of an earlier mira"):
        change_users(add, tmp_path)
    film.unlink()                                              # folders without files are nobody's
    assert "mira may use the studio" in change_users(add, tmp_path)[0]


@pytest.mark.parametrize("text", ["", "[]", '{"users": []}', '{"users": {"../x": {"password": "y"}}}', '{"users": {"a": {}}}'])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    users = UserFile(tmp_path)
    users.add("mira", "a long password")
    users.path.write_text(text)
    with pytest.raises(UsersError, match="cannot be read"):
        users.find("mira")
    assert not check_password(User("mira", "no hash"), "no hash")


def test_one_password_needs_no_name_and_is_its_own_token() -> None:
    one = OnePassword("the only password")
    assert one.find("anyone") is one.find(ONLY) and one.find(ONLY).name == ONLY
    assert check_password(one.find(""), "the only password") and not check_password(one.find(""), "another")
    assert one.by_token("the only password") and one.by_token("") is None
