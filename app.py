"""The one entry: opens the studio in a browser; renders a story, exports and imports projects and fetches models without one.

    python app.py
    python app.py render story.toml -o film.mp4
    python app.py export PROJECT --as otio -o cut.zip
    python app.py import project.zip
    python app.py open film.mp4
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
from studio.commands.guard import adopt_servers, guard
from studio.commands.network import LOCAL, add_network_options, check_open, is_local, proxy_options, tls_options
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
    _add_film_commands(commands)
    _add_model_commands(commands)
    add_users_command(commands)
    commands.choices["users"].set_defaults(run=run_users)
    return parser.parse_args(arguments)


def _add_film_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that make films, take them in and hand them over."""
    render = commands.add_parser("render", help="render a story file to an MP4, without a browser")
    render.set_defaults(run=render_story)
    render.add_argument("story", type=Path, nargs="?", help="story.toml: reference image and timeline")
    render.add_argument("-o", "--output", type=Path, default=Path("film.mp4"), help="the film (default: film.mp4)")
    render.add_argument("--image", type=Path, help="reference image instead of the story's")
    render.add_argument("--preset", help="draft, standard or fine, instead of the story's")
    render.add_argument("--model", help="folder under models/ (default: the first)")
    render.add_argument("--seed", type=int, help="seed of the whole story: every segment's seed follows from it")
    render.add_argument("--resume", type=Path, metavar="FOLDER", help="continue the film of a project folder")

    arrival = commands.add_parser("import", help="put a project that was exported as a ZIP beside the others")
    arrival.set_defaults(run=import_project)
    arrival.add_argument("file", type=Path, help="the ZIP")

    back = commands.add_parser("open", help="open the take at which an exported film ends, or what it was made of as a new film")
    back.set_defaults(run=open_film)
    back.add_argument("file", type=Path, help="an exported film, GIF, WebP or contact sheet, or the .json beside it")
    back.add_argument("--only", action="store_true", help="do not open the studio: say which film it is, or import it")
    back.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    back.add_argument("--no-browser", action="store_true", help="do not open a browser window")

    leaving = commands.add_parser("export", help="write a project's film as a timeline, a list, a storyboard or a master")
    leaving.set_defaults(run=export_film)
    leaving.add_argument("project", help="a project's folder, or its name in the studio's list of films")
    leaving.add_argument("--as", dest="kind", default="film", metavar="WHAT",
                         help="film, otio, edl, xml, shots, storyboard, sheet, frames, prores or ffv1 (default: film)")
    leaving.add_argument("-o", "--output", type=Path, help="the file; for a ZIP also a folder (default: the film's name)")
    leaving.add_argument("--rate", type=int, metavar="FPS", help="of an MP4; it lasts as long as before (default: the film's own)")
    leaving.add_argument("--sidecar", action="store_true", help="of an MP4: write beside it, as .json, how it was made")
    leaving.add_argument("--blend", action="store_true", help="at another rate: mix neighbouring frames (default: the nearest one)")
    leaving.add_argument("--label", default="", metavar="TEXT", help="in the corner of an MP4's frames, such as “Made with AI”")
    leaving.add_argument("--first", type=int, default=1, metavar="N", help="the first frame's number, of pictures (default: 1)")
    leaving.add_argument("--paper", default="a4", help="of a storyboard: a4 or letter (default: a4)")


def _add_model_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that are about models and the machine."""
    models = commands.add_parser("models", help="list the models, fetch weights, check them, calibrate them")
    models.set_defaults(run=list_models)
    actions = models.add_subparsers(title="commands (without one: list the models)", metavar="")
    fetch = actions.add_parser("fetch", help="download a model's weights, or go on with a download that was cut")
    fetch.set_defaults(run=fetch_model)
    fetch.add_argument("name", help="folder under models/")
    fetch.add_argument("--accept-licence", action="store_true", help="accept the licences without being asked (for scripts)")
    fetch.add_argument("--from", dest="cache", type=Path, metavar="FOLDER", help="a hub cache or FramePack folder with weights")
    check = actions.add_parser("check", help="look for missing and truncated files, and for files that do not belong to the model")
    check.set_defaults(run=check_model)
    check.add_argument("name", help="folder under models/")
    check.add_argument("--thorough", action="store_true", help="compare checksums too: reads every file")

    measure = actions.add_parser("calibrate", help="measure once which steps a large model can leave out, on its own weights: for "
                                 "the preset Calibrated draft")
    measure.set_defaults(run=calibrate_model)
    measure.add_argument("name", help="folder under models/")
    measure.add_argument("--again", action="store_true", help="measure it again, though it was measured already")
    measure.add_argument("--picture", type=Path, metavar="FILE", help="what is filmed for it (default: the lighthouse)")

    agents = commands.add_parser("mcp", help="serve an agent that starts this command, over its standard input and output")
    agents.set_defaults(run=serve_agent)

    doctor = commands.add_parser("doctor", help="say what this machine has, which models run on it, and how")
    doctor.set_defaults(run=run_doctor)
    doctor.add_argument("--model", help="folder under models/ (default: all)")
    doctor.add_argument("--size", metavar="WxH", help="of the film in pixels (default: each model's own)")
    doctor.add_argument("--sections", type=int, metavar="N", help="of the whole film (default: 20); matters where the memory grows")
    doctor.add_argument("--profile", help="of presets/profiles, or a file.toml (default: STUDIO_PROFILE, or the best that fits)")
    doctor.add_argument("--card", metavar="NAME", help='plan for this graphics card, such as "RTX 4070" or "3080 laptop 16GB"')
    doctor.add_argument("--vram", type=float, metavar="GB", help="plan for this much graphics memory; 0: no graphics card")
    doctor.add_argument("--ram", type=float, metavar="GB", help="and this much memory (default: this machine's)")


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
        from studio.engine.engine import Engine
        from studio.engine.rates import NAME as RATES
        from studio.engine.rates import Rates
        from studio.session import Studio, start_sweeper

        models, problems = find_models(MODELS)
        engine = Engine(models, problems, rates=Rates(projects / RATES))
        engine.watch(lambda status: say(status.note, sys.stdout))
        if users is None:
            studios = [Studio(projects, engine, models, shared=public, visitors=public and on_space)]
            page, settings = open_page(studios[0], public, host, is_local(host), root_path, agents)
        else:
            studios, page, settings = guarded_page(users, projects, lambda home: Studio(home, engine, models), root_path, agents,
                                                    max(0.0, options.disk_limit) * 1e9)
        try:
            page.launch(
                server_name=host,
                server_port=options.port,
                share=options.share,
                inbrowser=not (on_space or options.no_browser or place),
                prevent_thread_lock=True,
                **settings | more,
            )
        except (OSError, OverflowError) as error:
            where = f"{options.host}, port {options.port or 'from 7860'}"
            return complain(f"The studio cannot be served on {where} ({error}). Choose another --port.")
    adopt_servers()
    if agents:
        say(f"Agents are served on {str(page.local_url).rstrip('/')}/mcp", sys.stdout)
    if place:
        shown = f"{str(page.local_url).rstrip('/')}/?{place}"
        say(f"It is shown on {shown}", sys.stdout)
        if not options.no_browser:
            webbrowser.open(shown)
    if public:  # visitors leave empty projects behind
        start_sweeper(studios[0])
    engine.start(calm=CALM)
    for each in studios:
        threading.Thread(target=each.library.prepare, name="studio-library", daemon=True).start()
        threading.Thread(target=each.go_on, name="studio-go-on", daemon=True).start()
    page.block_thread()
    return 0


def has_mcp() -> bool:
    """Whether the package is installed that agents are served with."""
    return importlib.util.find_spec("mcp") is not None


def serve_agent(_: argparse.Namespace) -> int:
    """`app.py mcp`. Returns the exit status."""
    if not has_mcp():
        return complain(NO_MCP)
    projects = home()
    surroundings.check_projects(projects, make=True)
    for note in surroundings.prepare_media():
        say(note, sys.stderr)
    with heap.keep_all():
        from studio.catalogue.cards import find_models
        from studio.engine.engine import Engine
        from studio.engine.rates import NAME as RATES
        from studio.engine.rates import Rates
        from studio.mcp.stdio import output_alone, serve
        from studio.session import Studio

    with output_alone() as out:
        models, problems = find_models(MODELS)
        engine = Engine(models, problems, rates=Rates(projects / RATES))
        engine.watch(lambda status: say(status.note, sys.stderr))
        engine.start(calm=CALM)
        serve(Studio(projects, engine, models), out)
    return 0


def say(sentence: str, out: TextIO) -> None:
    """Write a line at once, also where the output is a pipe; a pipe that was closed ends nothing."""
    with contextlib.suppress(OSError, ValueError):
        out.write(f"{sentence}\n")
        out.flush()


def complain(sentence: str) -> int:
    """Say why the studio cannot start. Returns the exit status."""
    say(sentence, sys.stderr)
    return 1


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
