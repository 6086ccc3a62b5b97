"""A studio with a password and no users: the films stay where they are, and what belongs to users is not served."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from studio.access import front as launched
from studio.access.users import OnePassword, UserFile
from studio.session import Studio
from tests.access.conftest import ADDRESS
from tests.fake_engine import FakeEngine, card

PASSWORD = "the only password"


@pytest.mark.usefixtures("quick_hashes")
def test_one_password_opens_the_films_that_were_there(tmp_path: Path) -> None:
    users = UserFile(tmp_path)
    users.add("mira", "mira's password")
    engine = FakeEngine()
    before = Studio(tmp_path, engine, (card(),)).create("Made before")
    before.store.close()
    (studio,), _, options = launched.guarded_page(OnePassword(PASSWORD), tmp_path, lambda home: Studio(home, engine, (card(),)))
    assert studio.home == tmp_path
    application = Starlette(middleware=options["app_kwargs"]["middleware"], lifespan=options["app_kwargs"]["lifespan"])
    with TestClient(application, base_url=ADDRESS) as client:
        assert "username" not in client.get("/login").text
        document = f"/gradio_api/file={quote(str(before.folder / 'project.json'))}"
        assert client.get(document).status_code == 401
        assert client.post("/login", data={"password": PASSWORD}).status_code == 200
        assert "Made before" in client.get(document).text
        assert client.get(f"/gradio_api/file={quote(str(users.path))}").status_code == 403
        client.cookies.clear()
        assert client.get(document, headers={"authorization": f"Bearer {PASSWORD}"}).status_code == 200
