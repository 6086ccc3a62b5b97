"""A user who is logged in chooses another password; nobody else does, and everything that the old one opened is shut."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from studio.access.limits import Limits
from studio.access.users import OnePassword, UserFile, check_password
from tests.access.conftest import PASSWORDS, House

OLD, NEW = "nina's password", "a longer password"


@pytest.fixture
def nina(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    house.users.add("nina", OLD)
    monkeypatch.setitem(PASSWORDS, "nina", OLD)
    yield house.client("nina")
    house.users.remove("nina")


def change(client: TestClient, old: str = OLD, new: str = NEW, **headers: str) -> tuple[int, str]:
    answer = client.post("/password", data={"old": old, "new": new}, headers=headers)
    return answer.status_code, answer.json()["detail"] if answer.content else ""


def test_what_the_old_password_opened_is_shut(house: House, nina: TestClient) -> None:
    other, otto = house.client("nina"), house.client("otto")
    token, key = house.users.make_token("nina"), nina.cookies[house.access.cookie]
    assert change(nina) == (204, "")
    assert nina.get("/config").status_code == 200, "this browser goes on"
    assert other.get("/config").status_code == 401 and otto.get("/config").status_code == 200
    stranger = house.client()
    assert stranger.get("/config", headers={"cookie": f"{house.access.cookie}={key}"}).status_code == 401, "with another key"
    assert stranger.get("/config", headers={"authorization": f"Bearer {token}"}).status_code == 401
    assert stranger.post("/login", data={"username": "nina", "password": OLD}).status_code == 401
    assert stranger.post("/login", data={"username": "nina", "password": NEW}).status_code == 200
    stored = house.users.find("nina")
    assert stored and stored.password.startswith("$argon2id$") and NEW not in house.users.path.read_text("utf-8")


def test_what_is_wrong_is_a_sentence_and_nothing_changes(house: House, nina: TestClient) -> None:
    before = house.users.path.read_bytes()
    assert change(nina, old="wrong") == (403, "This is not your present password. Nothing was changed; try again.")
    assert change(nina, old="wrong", **{"accept-language": "de"})[1].startswith("Das ist nicht dein jetziges Passwort.")
    assert change(nina, new="short") == (422, "A password has 8 to 1024 characters; this one has 5. Choose another one.")
    assert change(nina, new="short", **{"accept-language": "de"})[1].startswith("Ein Passwort hat 8 bis 1024 Zeichen")
    assert change(nina, new="x" * 1025)[0] == 422 and change(nina, new="")[0] == 422
    assert change(nina, new=OLD) == (422, "The new password is the present one. Choose another one; nothing was changed.")
    assert change(nina, new="x" * 9000)[0] == 403, "a form that is too long is not read"
    assert nina.get("/password").status_code == 405
    assert house.users.path.read_bytes() == before and nina.get("/config").status_code == 200


def test_nobody_changes_it_from_elsewhere_or_without_a_session(house: House, nina: TestClient) -> None:
    before = house.users.path.read_bytes()
    for headers in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        assert nina.post("/password", data={"old": OLD, "new": NEW}, headers=headers).status_code == 403
    token = {"authorization": f"Bearer {house.tokens['otto']}"}
    assert house.client().post("/password", data={"old": PASSWORDS["otto"], "new": NEW}, headers=token).status_code in (404, 405)
    assert house.client().post("/password", data={"old": OLD, "new": NEW}).status_code == 401
    assert change(house.client("otto"))[0] == 403, "with another user's old password"
    assert house.users.path.read_bytes() == before


def test_it_is_tried_as_often_as_the_door(house: House, nina: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.access, "limits", Limits())
    assert [change(nina, old="wrong")[0] for _ in range(11)] == [403] * 10 + [429]
    assert "too many tries" in change(nina)[1], "the right one too"
    assert house.client().post("/login", data={"username": "otto", "password": "x"}).status_code == 429


def test_where_there_is_one_password_it_is_not_changed_here(
    house: House, nina: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.access, "users", OnePassword(OLD))
    assert nina.post("/password", data={"old": OLD, "new": NEW}).status_code == 404


def test_a_file_that_cannot_be_written_is_told(house: House, nina: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("studio.access.users.write_json", full)
        assert change(nina) == (
            500, "The new password could not be saved, so the present one stays. Tell whoever runs the studio.")


def test_two_users_change_theirs_at_once(tmp_path: Path, quick_hashes: None) -> None:
    names = [f"user{number}" for number in range(8)]
    users = UserFile(tmp_path)
    for name in names:
        users.add(name, OLD)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: UserFile(tmp_path).set_password(name, NEW), names))
    assert all(check_password(users.find(name), NEW) for name in names), "none is lost"
