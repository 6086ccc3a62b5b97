"""Content credentials (C2PA): a signed statement in an exported file that a model made it, and how.

Only with a certificate of the user's own: a folder that STUDIO_CREDENTIALS names, with `certificates.pem` (the signer's own first,
then those that vouch for it) and `key.pem` (its private key, without a password). Without one, files carry what they carry anyway,
an unsigned record. Whoever gets a file can check with any C2PA reader who signed it, and that nothing was changed since.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.language import sentence
from studio.media import MediaError
from studio.media.disk import atomic_write

if TYPE_CHECKING:
    from c2pa import Signer

VARIABLE = "STUDIO_CREDENTIALS"
CERTIFICATES, KEY = "certificates.pem", "key.pem"
SIGNED = {".mp4", ".mov", ".gif", ".webp", ".png"}
"""Endings of the exports that can hold credentials."""
MAKER = "MemoryPack Studio"
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's word for where the pixels come from: a trained model, from a picture of the artist's."""
LINEAGE = "org.memorypack.lineage"
"""The assertion that holds the record of how the film was made."""
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class Credentials:
    """A certificate to sign exports with."""

    folder: Path

    def sign(self, file: Path, title: str, record: Mapping[str, Any]) -> None:
        """Put a signed statement into a file, in its place.

        Args:
            file: with one of the endings in SIGNED.
            title: of the film.
            record: how it was made, as a table for JSON.

        Raises:
            MediaError: the certificate or its key cannot be used, or the disk is full.
        """
        from c2pa import Builder

        signer, size = self._signer, file.stat().st_size
        with atomic_write(file, need=size + 2**20) as temporary:
            signed = temporary.with_name(f"{temporary.name}{file.suffix}")          # the library goes by the ending
            try:
                Builder(json.dumps(statement(title, record))).sign_file(file, signed, signer)
                shutil.move(signed, temporary)
            except OSError:
                raise
            except Exception as error:
                raise self._trouble(str(error)) from error
            finally:
                signed.unlink(missing_ok=True)

    def check(self) -> None:
        """Raises MediaError: the certificate or its key cannot be used."""
        _ = self._signer

    @cached_property
    def _signer(self) -> Signer:
        try:
            from c2pa import C2paSignerInfo, Signer
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        except ImportError as error:
            raise self._trouble(sentence(
                'the package c2pa-python is missing: pip install "memorypack-studio[credentials]"')) from error
        try:
            certificates, key = ((self.folder / name).read_bytes() for name in (CERTIFICATES, KEY))
        except OSError as error:
            raise self._trouble(sentence(
                "{name}: {reason}", name=Path(error.filename or self.folder).name, reason=error.strerror)) from error
        try:
            info = C2paSignerInfo(_algorithm(load_pem_private_key(key, None)), certificates, key, None)
            return Signer.from_info(info)
        except Exception as error:
            raise self._trouble(sentence(
                "{key} is no private key that can be used, or has a password ({error})",
                key=KEY, error=str(error))) from error

    def _trouble(self, why: str) -> MediaError:
        return MediaError(sentence(
            "The content credentials in the folder that {variable} names could not be used: {why}. Mend them, or unset {variable} "
            "to export without them; nothing was exported, and the film is as it was.", variable=VARIABLE, why=why))


def find_credentials() -> Credentials | None:
    """The user's credentials; None: exports are not signed."""
    folder = os.environ.get(VARIABLE, "").strip()
    return Credentials(Path(folder).expanduser()) if folder else None


def check_credentials(ending: str) -> None:
    """Check, before time is spent on it, that a file with such an ending can be signed, if it is to be.

    Raises:
        MediaError: the user has credentials that cannot be used.
    """
    credentials = find_credentials()
    if credentials and ending in SIGNED:
        credentials.check()


def add_credentials(file: Path, title: str, record: Mapping[str, Any]) -> None:
    """Sign an exported file, where the user has credentials and the file can hold them. On failure the file is removed.

    Raises:
        MediaError: as `Credentials.sign`.
    """
    credentials = find_credentials()
    if credentials is None or file.suffix not in SIGNED:
        return
    try:
        credentials.sign(file, title, record)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def statement(title: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """What is signed: that a model made the film from a picture, with which program, and the record."""
    action = {"action": "c2pa.created", "digitalSourceType": SOURCE, "softwareAgent": {"name": MAKER}}
    return {
        "claim_generator_info": [{"name": MAKER}],
        "title": title,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
            {"label": LINEAGE, "data": dict(record)},
        ],
    }


def read_credentials(file: Path) -> dict[str, Any] | None:
    """The signed statement in a file, as its library reads it, with `validation_state`; None: there is none.

    Raises:
        MediaError: the file cannot be read.
    """
    from c2pa import C2paError, Reader

    try:
        with Reader(file) as reader:
            found: dict[str, Any] = json.loads(reader.json())
            return found
    except C2paError as error:
        if "ManifestNotFound" in str(error):
            return None
        raise MediaError(sentence("{name} cannot be read ({error}).", name=file.name, error=str(error))) from error


def _algorithm(key: object) -> str:
    """C2PA's name of the algorithm that a private key signs with. Raises ValueError: there is none."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise ValueError("a kind of key that C2PA does not know")
