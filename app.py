"""The one entry: opens the studio in a browser; renders a story, exports and imports projects and fetches models without one.

    python app.py
    python app.py render story.toml -o film.mp4
    python app.py export PROJECT --as otio -o cut.zip
    python app.py import project.zip
    python app.py open film.mp4
    python app.py read-mark film.mp4
    python app.py models
    python app.py doctor
    python app.py mcp
    python app.py users add NAME
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Any, TextIO

from studio.commands import surroundings
from studio.commands.guard import adopt_servers, complain, guard, heed_termination
from studio.commands.network import LOCAL, add_network_options, check_open, is_local, proxy_options, tls_options
from studio.commands.options import add_film_commands, add_model_commands
from studio.commands.surroundings import SurroundingsError
from studio.commands.users import add_password_options, add_users_command, change_users, chosen_users
from studio.engine import heap

ROOT = Path(__file__).parent
MODELS = ROOT / "models"
NO_MCP = 'Agents are served with a package that is not here. Install it: pip install "memorypack-studio[mcp]"'
CALM = 6.0
"""Seconds after the engine is ready in which nobody must want anything before it measures the machine."""


def home() -> Path:
    """Where projects live: STUDIO_HOME, or `projects` beside this file. Raises SurroundingsError: STUDIO_HOME is no path."""
    return surroundings.projects_folder(ROOT)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options of a command line (None: of this process). Ends the process with the usage where they are wrong."""
    about = "MemoryPack Studio: long films, segment by segment, with a tree of takes."
    parser = argparse.ArgumentParser(prog="app.py", description=about)
    parser.set_defaults(run=open_studio)
    add_network_options(parser)
    add_password_options(parser)
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser window")
    parser.add_argument("--share", action="store_true", help="make a temporary public link through Gradio")
    parser.add_argument("--mcp", action="store_true", help="serve agents too, under /mcp (Model Context Protocol)")

    commands = parser.add_subparsers(title="commands", metavar="")
    add_film_commands(commands, render=render_story, take_in=import_project, find=open_film, export=export_film,
                      read=read_mark)
    add_model_commands(commands, show=list_models, fetch=fetch_model, check=check_model, calibrate=calibrate_model,
                       examine=run_doctor, agent=serve_agent)
    add_users_command(commands)
    commands.choices["users"].set_defaults(run=run_users)
    return parser.parse_args(arguments)


def open_studio(options: argparse.Namespace) -> int:
    """Serve the page at once; the engine warms up behind it. Returns the process's exit status."""
    on_space, place = "SPACE_ID" in os.environ, getattr(options, "place", "")
    agents = getattr(options, "mcp", False) or os.environ.get("STUDIO_MCP", "") == "1"
    if agents and not has_mcp():
        return complain(NO_MCP)
    try:
        projects = home()
        surroundings.check_projects(projects, make=True)
        everywhere = on_space and not os.environ.get("GRADIO_SERVER_NAME", "").strip()
        host = surroundings.check_address("0.0.0.0" if everywhere else options.host.strip() or LOCAL, options.port)
        users = chosen_users(options, projects)
        check_open(host, protected=users is not None, accepted=options.no_password or on_space)
        more: dict[str, Any] = proxy_options(options.root_path) | tls_options(options.tls_cert, options.tls_key)
        for note in surroundings.prepare_page(options.share, host):
            say(note, sys.stderr)
    except SurroundingsError as error:
        return complain(str(error))
    public, root_path = (on_space or options.share) and users is None, str(more.get("root_path", ""))
    with heap.keep_all():
        from studio.access.front import guarded_page, open_page
        from studio.catalogue.cards import find_models
        from studio.engine.rates import NAME as RATES
        from studio.engine.rates import Rates
        from studio.farm.address import AddressError
        from studio.farm.choice import choose_engine
        from studio.session import Studio, go_on, start_sweeper

        models, problems = find_models(MODELS)
        try:
            engine = choose_engine(models, problems, MODELS, Rates(projects / RATES))
        except AddressError as error:
            return complain(str(error))
        engine.watch(lambda status: say(status.note, sys.stdout))
        if users is None:
            studios = [Studio(projects, engine, models, shared=public, visitors=public and on_space)]
            page, settings = open_page(studios[0], public, host, is_local(host), root_path, agents)
        else:
            studios, page, settings = guarded_page(users, projects, lambda home: Studio(home, engine, models), root_path, agents,
                                                    max(0.0, options.disk_limit) * 1e9)
        try:
            page.launch(server_name=host, server_port=options.port, share=options.share, prevent_thread_lock=True,
                        inbrowser=not (on_space or options.no_browser or place), **settings | more)
        except (OSError, OverflowError) as error:
            where = f"{options.host}, port {options.port or 'from 7860'}"
            return complain(f"The studio cannot be served on {where} ({error}). Choose another --port.")
    adopt_servers()
    heed_termination()
    if agents or place:
        tell_addresses(str(page.local_url).rstrip("/"), agents, place, browser=not options.no_browser)
    if public:  # visitors leave empty projects behind
        start_sweeper(studios[0])
    engine.start(calm=CALM)
    for each in studios:
        threading.Thread(target=each.library.prepare, name="studio-library", daemon=True).start()
        threading.Thread(target=go_on, args=(each,), name="studio-go-on", daemon=True).start()
    page.block_thread()
    return 0


def tell_addresses(url: str, agents: bool, place: str, browser: bool) -> None:
    """Say where agents are served at `url`, and where the film of the query `place` is shown; open that in a `browser`."""
    if agents:
        say(f"Agents are served on {url}/mcp", sys.stdout)
    if place:
        say(f"It is shown on {url}/?{place}", sys.stdout)
        if browser:
            webbrowser.open(f"{url}/?{place}")


def has_mcp() -> bool:
    """Whether the package is installed that agents are served with."""
    return importlib.util.find_spec("mcp") is not None


def serve_agent(options: argparse.Namespace) -> int:
    """`app.py mcp`. Returns the exit status."""
    if not has_mcp():
        return complain(NO_MCP)
    projects = home()
    surroundings.check_projects(projects, make=True)
    for note in surroundings.prepare_media():
        say(note, sys.stderr)
    with heap.keep_all():
        from studio.catalogue.cards import find_models
        from studio.engine.rates import NAME as RATES
        from studio.engine.rates import Rates
        from studio.farm.address import AddressError
        from studio.farm.choice import choose_engine
        from studio.mcp.stdio import output_alone, serve
        from studio.session import Studio

    with output_alone() as out:
        models, problems = find_models(MODELS)
        try:
            engine = choose_engine(models, problems, MODELS, Rates(projects / RATES))
        except AddressError as error:
            return complain(str(error))
        engine.watch(lambda status: say(status.note, sys.stderr))
        engine.start(calm=CALM)
        serve(Studio(projects, engine, models), out, basic=options.tools == "basic")
    return 0


def say(sentence: str, out: TextIO) -> None:
    """Write a line at once, also where the output is a pipe; a pipe that was closed ends nothing."""
    with contextlib.suppress(OSError, ValueError):
        out.write(f"{sentence}\n")
        out.flush()


def render_story(options: argparse.Namespace) -> int:
    """`app.py render`. Returns the exit status."""
    for note in surroundings.prepare_media():
        say(note, sys.stderr)
    projects = home()
    if not options.resume:
        surroundings.check_projects(projects)
    from studio.commands.render import render

    return render(options, MODELS, projects)


def import_project(options: argparse.Namespace) -> int:
    """`app.py import`. Returns the exit status."""
    from studio.commands import import_project as command

    projects = home()
    surroundings.check_projects(projects)
    return command.import_project(options.file, projects)


def open_film(options: argparse.Namespace) -> int:
    """`app.py open`. Returns the exit status."""
    for note in surroundings.prepare_media():
        say(note, sys.stderr)
    from studio.commands.open_film import find_film

    projects = home()
    surroundings.check_projects(projects, make=True)
    place = find_film(options.file, MODELS, projects)
    if place is None:
        return 1
    if options.only:
        return 0
    return open_studio(argparse.Namespace(**{**vars(parse([])), **vars(options), "host": LOCAL, "place": place}))


def export_film(options: argparse.Namespace) -> int:
    """`app.py export`. Returns the exit status."""
    for note in surroundings.prepare_media():
        say(note, sys.stderr)
    from studio.commands.export import export

    return export(options, MODELS, home())


def read_mark(options: argparse.Namespace) -> int:
    """`app.py read-mark`. Returns the exit status."""
    for note in surroundings.prepare_media():
        say(note, sys.stderr)
    from studio.commands.read_mark import read_mark as read

    return read(options.file, home())


def list_models(_: argparse.Namespace) -> int:
    """`app.py models`. Returns the exit status."""
    from studio.commands.models import show

    return show(MODELS)


def fetch_model(options: argparse.Namespace) -> int:
    """`app.py models fetch`. Returns the exit status."""
    for note in surroundings.prepare_download():
        say(note, sys.stderr)
    from studio.commands.models import fetch

    return fetch(options.name, MODELS, options.accept_licence, options.cache)


def check_model(options: argparse.Namespace) -> int:
    """`app.py models check`. Returns the exit status."""
    from studio.commands.models import check

    return check(options.name, MODELS, options.thorough)


def calibrate_model(options: argparse.Namespace) -> int:
    """`app.py models calibrate`. Returns the exit status."""
    from studio.commands.calibrate import calibrate

    return calibrate(options.name, MODELS, options.again, options.picture)


def run_users(options: argparse.Namespace) -> int:
    """`app.py users`. Returns the exit status."""
    from studio.access.users import UsersError

    try:
        for line in change_users(options, home()):
            say(line, sys.stdout)
    except (SurroundingsError, UsersError) as error:
        return complain(str(error))
    return 0


def run_doctor(options: argparse.Namespace) -> int:
    """`app.py doctor`. Returns the exit status."""
    from studio.commands.doctor import examine

    return examine(options, MODELS, home())


def main(arguments: list[str] | None = None) -> int:
    """Run the command of a command line (None: of this process). Whatever goes wrong is told in a sentence. Returns the status."""
    return guard(lambda: run(parse(arguments)))


def run(options: argparse.Namespace) -> int:
    """Run the command that was asked for. Returns the exit status."""
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
