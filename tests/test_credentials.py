"""Content credentials of exports: signed, checked by the library's reader, broken by any change, refused with a sentence."""

from __future__ import annotations

import shutil
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from studio.commands import doctor
from studio.media import MediaError
from studio.media.clip import read_clip
from studio.media.credentials import LINEAGE, SIGNED, SOURCE, VARIABLE, read_credentials
from studio.media.export import read_lineage
from studio.session import Session
from tests.certificates import write_credentials
from tests.shelves import make_film, make_studio, render_all


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return render_all(make_film(make_studio(tmp_path), "the sea", "the land"))


EXPORTS: dict[str, Callable[[Session], Path]] = {
    "film": lambda s: s.films.export_film(),
    "take": lambda s: s.films.export_take(s.project.path()[0].id),
    "gif": lambda s: s.films.export_take(s.project.path()[0].id, "gif"),
    "webp": lambda s: s.films.export_take(s.project.path()[0].id, "webp"),
    "poster": lambda s: s.films.export_take(s.project.path()[0].id, "poster"),
    "takes": lambda s: s.films.contact_sheet([s.project.path()[0].id]),
    "sheet": lambda s: s.exports.make("sheet").path,
    "prores": lambda s: s.exports.make("prores").path,
}


def actions(found: dict) -> list[dict]:
    made = found["manifests"][found["active_manifest"]]
    return next(a["data"]["actions"] for a in made["assertions"] if a["label"].startswith("c2pa.actions"))


@pytest.mark.parametrize("kind", EXPORTS)
def test_every_export_says_that_and_how_it_was_made(
    session: Session, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = EXPORTS[kind](session)
    assert read_credentials(plain) is None, "without a certificate nothing is signed"
    monkeypatch.setenv(VARIABLE, str(write_credentials(tmp_path / "mine")))
    path = EXPORTS[kind](session)
    found = read_credentials(path)
    assert found and path.suffix in SIGNED
    assert found["validation_state"] == "Valid", found.get("validation_status")
    made = found["manifests"][found["active_manifest"]]
    assert made["title"] == session.project.name and made["signature_info"]["common_name"] == "An artist"
    assert [(a["action"], a["digitalSourceType"]) for a in actions(found)] == [("c2pa.created", SOURCE)]
    record = next(a["data"] for a in made["assertions"] if a["label"] == LINEAGE)
    assert record["takes"][0]["prompt"] == "the sea" and record["project"] == session.project.name
    assert not [p for p in path.parent.iterdir() if p != path], "nothing is left beside it"


def test_a_signed_film_plays_as_before(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = session.films.export_film()
    monkeypatch.setenv(VARIABLE, str(write_credentials(tmp_path / "mine")))
    signed = session.films.export_film()
    assert (read_clip(signed) == read_clip(plain)).all() and read_lineage(signed) == read_lineage(plain)


@pytest.mark.parametrize("kind", ["p384", "rsa", "ed25519"])
def test_kinds_of_keys(session: Session, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(write_credentials(tmp_path / "mine", kind)))
    found = read_credentials(session.films.export_film())
    assert found and found["validation_state"] == "Valid"


def test_a_change_is_found_and_another_program_drops_them(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(write_credentials(tmp_path / "mine")))
    path = session.films.export_film()
    changed = bytearray(path.read_bytes())
    at = changed.index(b"mdat") + 40
    changed[at] ^= 1
    (tmp_path / "changed.mp4").write_bytes(changed)
    found = read_credentials(tmp_path / "changed.mp4")
    assert found and found["validation_state"] == "Invalid"
    with av.open(str(path)) as source, av.open(str(tmp_path / "again.mp4"), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    assert read_credentials(tmp_path / "again.mp4") is None


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _text(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text("no certificate")  # type: ignore[return-value]


def _other_key(folder: Path) -> None:
    shutil.copy(write_credentials(folder.parent / "other") / "key.pem", folder / "key.pem")


@pytest.mark.parametrize(
    ("harm", "told"),
    [(shutil.rmtree, "No such file"), (_without("key.pem"), r"key\.pem: No such file"), (_text("key.pem"), "no private key"),
     (_text("certificates.pem"), "COSE|certificate"), (_other_key, "does not match"),
     (lambda folder: write_credentials(folder, password=b"secret"), "password")],
)
def test_credentials_that_cannot_be_used(
    session: Session, harm: Callable[[Path], None], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_credentials(tmp_path / "mine")
    harm(folder)
    monkeypatch.setenv(VARIABLE, str(folder))
    with pytest.raises(MediaError, match=told) as error:
        session.films.export_film()
    assert "nothing was exported" in str(error.value) and str(tmp_path) not in str(error.value)
    assert not list((session.store.films / "exports").glob("*/*")), "no file without credentials is left"


def test_no_film_is_made_that_cannot_be_signed(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    assert session.exports.make("ffv1").path.is_file(), "it is not signed"

    def encode(*_: object) -> None:
        raise AssertionError("time was spent on it")

    monkeypatch.setattr("studio.media.export.compose", encode)
    monkeypatch.setattr("studio.session.exports.exports.write_master", encode)
    for make in (session.films.export_film, lambda: session.exports.make("prores")):
        with pytest.raises(MediaError, match="nothing was exported"):
            make()


def test_the_doctor_says_so_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    options = Namespace(size=None, sections=None, profile=None, model=None, vram=None, ram=None, card=None)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    doctor.examine(options, tmp_path / "models", tmp_path)
    assert "content credentials" in capsys.readouterr().out
    monkeypatch.setenv(VARIABLE, str(write_credentials(tmp_path / "mine")))
    doctor.examine(options, tmp_path / "models", tmp_path)
    assert "content credentials" not in capsys.readouterr().out
