"""Certificates of a test's own making, as C2PA asks for them: an authority, and a signer that it vouches for."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def make_key(kind: str = "p256") -> Key:
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(curves[kind])


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(subject: str, key: Key, authority: Key, usage: dict[str, bool], is_authority: bool) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    flags = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                           "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False) | usage
    made = (
        x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name("Authority")).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.KeyUsage(**flags), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if is_authority:
        return made
    return made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)  # type: ignore[arg-type]


def write_credentials(folder: Path, kind: str = "p256", password: bytes | None = None) -> Path:
    """A folder with certificates.pem and key.pem."""
    authority, key = make_key(), make_key(kind)
    root = _certificate("Authority", authority, authority, {"key_cert_sign": True, "crl_sign": True}, is_authority=True)
    own = _certificate("An artist", key, authority, {"digital_signature": True}, is_authority=False)
    signed = [made.sign(authority, hashes.SHA256()) for made in (own, root)]  # type: ignore[arg-type]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "certificates.pem").write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in signed))
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
    return folder
