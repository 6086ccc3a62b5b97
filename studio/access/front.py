"""What Gradio launches: a page for everyone, or an empty page with a door before it and a page for each user behind it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from studio.access.access import Access
from studio.access.door import Door
from studio.access.origins import LOCAL, NoFetching, OwnPages
from studio.access.user_pages import UserPages
from studio.access.users import FOLDER, ONLY, UserFile, Users
from studio.session import Studio, limit_disk
from studio.ui import page as pages
from studio.ui.one_app import leave_apps_out


def open_page(
    studio: Studio, public: bool, host: str, local: bool, root_path: str, agents: bool
) -> tuple[gr.Blocks, dict[str, Any]]:
    """The page of a studio without a password, and the options of `Blocks.launch`.

    Args:
        studio: what it shows.
        public: several people use it.
        host: the address that it is served on.
        local: that is this machine's alone.
        root_path: of the studio, behind a proxy, which calls it by names of its own.
        agents: whether agents are served too.
    """
    page = pages.build(studio, public=public)
    served: dict[str, Any] = {"middleware": [Middleware(NoFetching)]}
    if agents:
        from studio.mcp.http import app_options

        served |= app_options(studio, public, "" if root_path else host)
    if not public:                                  # there, pages of other sites may be programs for it
        hosts = LOCAL if local and not root_path else ()
        served["middleware"].insert(0, Middleware(OwnPages, root_path=root_path, hosts=hosts))
    return page, pages.launch_options(public) | {"blocked_paths": [str(studio.home / FOLDER)], "app_kwargs": served}


def guarded_page(
    users: Users, projects: Path, make_studio: Callable[[Path], Studio], root_path: str = "", agents: bool = False,
    disk_limit: float = 0.0,
) -> tuple[list[Studio], gr.Blocks, dict[str, Any]]:
    """The page to launch for users, and how.

    Args:
        users: those who may come in.
        projects: the folder of all projects. Users have a folder each in it; one user without a name has all of it.
        make_studio: a studio on a folder.
        root_path: of the studio, behind a proxy.
        agents: whether agents are served too.
        disk_limit: bytes that each of several users may keep; 0: any number.

    Returns:
        The studios of all users that there are, the page, and the options of `Blocks.launch`.
    """
    def home(name: str) -> Path:
        """The folder of a user's films, made where there is none yet, with its limit."""
        folder = projects / FOLDER / name if name != ONLY else projects
        folder.mkdir(parents=True, exist_ok=True)
        if disk_limit and name != ONLY:
            limit_disk(folder, int(disk_limit))
        return folder

    own = UserPages(lambda name: make_studio(home(name)), root_path, _serve_agents if agents else None)
    page, settings = front(Access(users, own, root_path, named=isinstance(users, UserFile)))
    names = list(users.all()) if isinstance(users, UserFile) else [ONLY]
    return [own.studio(name) for name in names], page, settings


def front(access: Access) -> tuple[gr.Blocks, dict[str, Any]]:
    """An empty page that is launched with a door before it, and the options for that. The users' pages are opened behind it."""
    with leave_apps_out(), gr.Blocks(title=pages.TITLE, analytics_enabled=False) as page:
        pass

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        """Close the users' pages when the server stops."""
        try:
            yield
        finally:
            await access.pages.close()

    return page, pages.launch_options() | {"app_kwargs": {
        "middleware": [Middleware(NoFetching), Middleware(Door, access=access)], "lifespan": lifespan}}


def _serve_agents(studio: Studio, uploads: Path) -> dict[str, Any]:
    from studio.mcp.http import app_options

    return app_options(studio, False, "", uploads)
