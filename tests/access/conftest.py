"""A studio with two users behind its door, asked in this process: mira, who logs in, and otto, whose film nobody else may reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from studio.access import passwords, users
from studio.access.access import Access
from studio.access.front import front
from studio.access.user_pages import UserPages
from studio.access.users import UserFile
from studio.session import Session, Studio
from tests.access import attacks
from tests.fake_engine import FakeEngine
from tests.lora_shelves import lora, model
from tests.shelves import make_film, render_all

ADDRESS = "http://127.0.0.1:7860"
PASSWORDS = {"mira": "mira's password", "otto": "otto's password"}
SECRET = "otto alone knows this"


@pytest.fixture(scope="session")
def quick_hashes() -> Iterator[None]:
    """Hashes that cost nothing, and wrong passwords that are answered at once."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(users, "_hasher", lambda: cheap)
        patch.setattr(passwords, "SLOW_SECONDS", 0.0)
        yield


@dataclass
class House:
    """A studio with users."""

    home: Path
    users: UserFile
    access: Access
    server: TestClient
    film: Session                    # otto's
    tokens: dict[str, str] = field(default_factory=dict)
    upload: str = ""                 # otto's

    def client(self, name: str = "") -> TestClient:
        """A browser of its own, logged in as a user, or as nobody."""
        self.server.cookies.clear()
        client = TestClient(self.server.app, base_url=ADDRESS, raise_server_exceptions=False)
        client.portal = self.server.portal
        if name:
            answer = client.post("/login", data={"username": name, "password": PASSWORDS[name]})
            assert answer.status_code == 200, answer.text
        return client

    def call(self, client: TestClient, function: str, **named: Any) -> Any:
        """What a function of the API answers: its value, or the data of its error event."""
        asked = client.post(f"/gradio_api/call/v2/v1_{function}", json=named)
        if asked.status_code != 200:
            return asked
        return last_event(client.get(f"/gradio_api/call/v1_{function}/{asked.json()['event_id']}").text)


def last_event(text: str) -> Any:
    """The data of the last event of a stream."""
    return json.loads(text.strip().split("\n\n")[-1].split("\n")[1].removeprefix("data: "))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, quick_hashes: None) -> Iterator[House]:
    """The studio. Its tests share it, so they change nothing that others look at."""
    home = tmp_path_factory.mktemp("house")
    engine, known = FakeEngine(), UserFile(home)
    for name, password in PASSWORDS.items():
        known.add(name, password)
    cards = (model(home / "models"),)
    from studio.mcp.http import app_options

    def make_studio(name: str) -> Studio:
        folder = home / "users" / name
        folder.mkdir(exist_ok=True)
        return Studio(folder, engine, cards)

    pages = UserPages(make_studio, agents=lambda studio, uploads: app_options(studio, False, "", uploads))
    access = Access(known, pages)
    access.limits = Unlimited()  # type: ignore[assignment]
    film = make_film(pages.studio("otto"), SECRET)
    render_all(film)
    film.add_lora(0, lora(home))
    options = front(access)[1]["app_kwargs"]
    application = Starlette(middleware=options["middleware"], lifespan=options["lifespan"])
    with TestClient(application, base_url=ADDRESS) as server:
        made = House(home, known, access, server, film, {name: known.make_token(name) for name in PASSWORDS})
        Image.new("RGB", (8, 8), "red").save(home / "secret.png")
        sent = made.client("otto").post("/gradio_api/upload", files={"files": ("secret.png", (home / "secret.png").read_bytes())})
        made.upload = sent.json()[0]
        yield made


class Unlimited:
    """Limits that never refuse."""

    login: Callable[..., int] = staticmethod(lambda *_: 0)
    user: Callable[..., int] = staticmethod(lambda *_: 0)
    stranger: Callable[..., int] = staticmethod(lambda *_: 0)
    right: Callable[..., None] = staticmethod(lambda *_: None)


Tree = dict[str, tuple[int, int]]


def tree(folder: Path) -> Tree:
    """All files of a folder, with size and time."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def values(house: House) -> dict[str, str]:
    (take,) = house.film.project.takes
    return {"home": str(house.home), "mira": str(house.home / "users/mira"), "otto": str(house.home / "users/otto"),
            "film": str(house.film.folder), "film_id": house.film.id, "take": take, "upload": house.upload,
            "lora": house.film.project.current().segments[0].loras[0].sha256}


@pytest.fixture(scope="module")
def mira(house: House) -> TestClient:
    return house.client("mira")


@pytest.fixture(scope="module")
def secrets(house: House, values: dict[str, str]) -> list[bytes]:
    """What no answer may hold."""
    files = [Path(file.format(**values)) for file in attacks.FOREIGN]
    contents = [file.read_bytes()[:400] for file in files if file.is_file() and "proc" not in str(file)]
    return [SECRET.encode(), b"root:x:0", b"$argon2id$", *filter(None, contents)]


@pytest.fixture
def untouched(house: House) -> Iterator[None]:
    """Otto's films and the users are after every attack what they were before, and nothing lies where nobody may write."""
    before = tree(house.home / "users" / "otto"), (house.home / "users/users.json").read_bytes()
    yield
    after = tree(house.home / "users" / "otto"), (house.home / "users/users.json").read_bytes()
    assert after == before
    assert not [path for path in (house.home, house.home / "users", Path("/tmp")) if (path / "escaped.png").exists()]
