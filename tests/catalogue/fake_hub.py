"""A small hub on this machine: the routes of the real one that fetching uses, with faults on demand.

Large files (*.safetensors) are kept as Git LFS keeps them: known by SHA-256 and served from another address, with Range.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from studio.catalogue.cards import ModelCard, read_card
from studio.catalogue.hub.record import HubSource
from tests import folders

SHIPPED = Path(__file__).parents[2] / "models" / "framepack-f1"


@dataclass
class Repository:
    """Files of each commit; the newest commit is main."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refusal: tuple[int, str] | None = None         # status and X-Error-Code

    def commit(self, **changes: bytes | None) -> str:
        newest = dict(list(self.commits.values())[-1]) if self.commits else {}
        newest |= {name: content for name, content in changes.items() if content is not None}
        for name in [name for name, content in changes.items() if content is None]:
            newest.pop(name)
        sha = hashlib.sha1(f"{len(self.commits)}{sorted(newest)}".encode()).hexdigest()
        self.commits[sha] = newest
        return sha

    def files(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        sha = list(self.commits)[-1] if revision == "main" else revision
        return (sha, self.commits[sha]) if sha in self.commits else None


@dataclass
class Hub:
    """What the server serves, what it was asked, and how it fails."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)       # file name, Range header
    tokens: set[tuple[str, str]] = field(default_factory=set)        # host, Authorization header
    cut: dict[str, int] = field(default_factory=dict)                # file name -> bytes after which the connection breaks, once
    dies: bool = False                                               # after a cut: answers 503 from then on
    broken: dict[str, int] = field(default_factory=dict)             # file name -> status instead of the file
    spoilt: set[str] = field(default_factory=set)                    # file names whose first byte changes on the way
    deaf: bool = False                                               # to Range

    def ranges(self, name: str) -> list[str]:
        return [asked for path, asked in self.asked if path == name]


def git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_large(name: str) -> bool:
    return name.endswith(".safetensors")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True        # a body that waits until its head was acknowledged comes 40 ms later
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.tokens.add((self.headers["Host"].partition(":")[0], self.headers.get("Authorization", "")))
        if asked := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self.listing(asked[1], asked[2] or "main")
        elif asked := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self.resolve(*asked.groups())
        elif asked := re.fullmatch(r"/cdn/([^/]+/[^/]+)/([^/]+)/(.+)", path):
            found = self.hub.repositories[asked[1]].files(asked[2])
            assert found
            self.content(asked[3], found[1][asked[3]], {})
        else:
            self.answer(404)

    def found(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        repository = self.hub.repositories.get(name)
        if repository is None:
            return self.answer(401, {"X-Error-Code": "RepoNotFound"})     # as the real one answers strangers
        if repository.refusal:
            return self.answer(repository.refusal[0], {"X-Error-Code": repository.refusal[1]})
        return repository.files(revision) or self.answer(404, {"X-Error-Code": "RevisionNotFound"})

    def listing(self, name: str, revision: str) -> None:
        if found := self.found(name, revision):
            sha, files = found
            siblings = [{"rfilename": path, "size": len(content), "blobId": git_id(content)} | (
                {"lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}}
                if is_large(path) else {}) for path, content in files.items()]
            body = json.dumps({"id": name, "sha": sha, "siblings": siblings, "private": False, "tags": [], "downloads": 0}).encode()
            self.answer(200, {"Content-Type": "application/json"}, body)

    def resolve(self, name: str, revision: str, path: str) -> None:
        if found := self.found(name, revision):
            sha, files = found
            if path not in files:
                return self.answer(404, {"X-Error-Code": "EntryNotFound"})
            content = files[path]
            etag = hashlib.sha256(content).hexdigest() if is_large(path) else git_id(content)
            facts = {"X-Repo-Commit": sha, "ETag": f'"{etag}"'}
            if is_large(path):
                elsewhere = f"{self.hub.url.replace('127.0.0.1', 'localhost')}/cdn/{name}/{sha}/{path}"   # another host
                self.answer(302, {**facts, "Location": elsewhere, "X-Linked-ETag": f'"{etag}"', "X-Linked-Size": str(len(content))})
            else:
                self.content(path, content, facts)
        return None

    def content(self, path: str, content: bytes, facts: dict[str, str]) -> None:
        asked = self.headers.get("Range", "")
        if self.command == "GET":
            self.hub.asked.append((path, asked))
        if path in self.hub.broken and self.command == "GET":
            return self.answer(self.hub.broken[path])
        if path in self.hub.spoilt:
            content = bytes([content[0] ^ 1]) + content[1:]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and not self.hub.deaf else 0
        if start:
            facts = {**facts, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        cut = self.hub.cut.pop(path, None) if self.command == "GET" else None
        if cut is not None and self.hub.dies:
            self.hub.broken[path] = 503
        return self.answer(206 if start else 200, facts, content[start:], cut)

    def answer(self, status: int, facts: dict[str, str] | None = None, body: bytes = b"", cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in (facts or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True


def serve() -> tuple[Hub, ThreadingHTTPServer]:
    """A hub on a free port of this machine; `shutdown` and `server_close` end it."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return hub, server


def fill(hub: Hub, model: ModelCard, sources: tuple[HubSource, ...]) -> None:
    """Spread the parts of a model folder over repositories, beside files that nobody wants."""
    for source in sources:
        files = {"README.md": b"# Weights", ".gitattributes": b"*.safetensors filter=lfs", "old/model.safetensors": b"other",
                 "model_index.json" if "." not in source.folders.values() else "pickle.bin": b"{}"}
        for part, folder in source.folders.items():
            for path in sorted((model.folder / part).iterdir()):
                files[path.name if folder == "." else f"{folder}/{path.name}"] = path.read_bytes()
        hub.repositories[source.repository] = Repository()
        hub.repositories[source.repository].commit(**files)


def card_of(folder: Path) -> ModelCard:
    """A model folder without weights: the sources of the card that ships, and the measures of the tiny large kind."""
    folder.mkdir(parents=True)
    facts = folders.CARD.format(title="Large", window=3, frames=12, shift=0.0, kind="framepack")
    sources = (SHIPPED / "model.toml").read_text("utf-8").partition("[[sources]]")
    (folder / "model.toml").write_text(facts + "\n" + sources[1] + sources[2])
    return read_card(folder)
