"""`app.py users`, and where passwords come from: a prompt, a file or STUDIO_PASSWORD, never a command line that others can read."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from studio.access.users import FOLDER, OnePassword, UserFile, Users, UsersError, has_packages
from studio.commands.surroundings import SurroundingsError

VARIABLE = "STUDIO_PASSWORD"
NO_PACKAGES = 'Passwords need packages that are not here. Install them: pip install "memorypack-studio[network]"'


def add_password_options(parser: argparse.ArgumentParser) -> None:
    """Put the options that are about passwords on the command line."""
    parser.add_argument("--password", action="store_true",
                        help=f"ask whoever opens the studio for a password; it is read from {VARIABLE}, or asked for now")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="the same; the password is the file's first line")
    parser.add_argument("--users", action="store_true", help="ask for a name and a password; each user has films of their own")


def add_users_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `users` on the command line."""
    users = commands.add_parser("users", help="list, add and remove those who may use the studio with --users")
    users.set_defaults(change=None)
    actions = users.add_subparsers(title="commands (without one: list the users)", metavar="")
    actions.add_parser("list", help="list the users")
    for name, about in (("add", "add a user; asks for the password"), ("remove", "remove a user, whose films stay where they are"),
                        ("password", "give a user another password; sessions and tokens end"),
                        ("token", "make a token for programs and agents, which is shown once")):
        action = actions.add_parser(name, help=about)
        action.set_defaults(change=name)
        action.add_argument("name", help="the user's name")
        if name in ("add", "password"):
            action.add_argument("--password-file", type=Path, metavar="FILE", help=f"its first line (default: {VARIABLE}, or ask)")
        if name == "add":
            action.add_argument("--keep-films", action="store_true", help="the user gets the films of an earlier user of that name")


def chosen_users(options: argparse.Namespace, projects: Path) -> Users | None:
    """Who may use the studio that these options open; None: everyone who reaches it.

    Raises:
        SurroundingsError: there are no such users, no password can be had, or a package is missing.
    """
    one = options.password or options.password_file is not None or bool(os.environ.get(VARIABLE))
    if not (one or options.users):
        return None
    if not has_packages():
        raise SurroundingsError(NO_PACKAGES)
    if options.users and (options.password or options.password_file):
        raise SurroundingsError("--users and --password are two ways to guard the studio. Choose one of them.")
    try:
        if not options.users:
            return OnePassword(read_password(options.password_file))
        users = UserFile(projects)
        if not users.all():
            raise SurroundingsError("There are no users yet. Add one: python app.py users add NAME")
        return users
    except UsersError as error:
        raise SurroundingsError(str(error)) from None


def read_password(file: Path | None, twice: bool = False) -> str:
    """A password from a file, from STUDIO_PASSWORD, or asked for. `twice`: ask for it again, since it is new.

    Raises:
        SurroundingsError: the file cannot be read, or there is nobody to ask.
    """
    if file is not None:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise SurroundingsError(f"The password in {file} cannot be read ({error}).") from None
        return lines[0] if lines else ""
    if password := os.environ.get(VARIABLE):
        return password
    if not sys.stdin or not sys.stdin.isatty():
        raise SurroundingsError(f"Nobody can be asked for a password here. Set {VARIABLE}, or name a file with --password-file.")
    password = getpass.getpass("Password: ")
    if twice and getpass.getpass("The same again: ") != password:
        raise SurroundingsError("These were two passwords. Nothing was changed; try again.")
    return password


def change_users(options: argparse.Namespace, projects: Path) -> list[str]:
    """`app.py users`. Returns the lines to print.

    Raises:
        SurroundingsError, UsersError: nothing was changed; the message says why.
    """
    users, change = UserFile(projects), options.change
    if change in ("add", "password") and not has_packages():
        raise SurroundingsError(NO_PACKAGES)
    if change is None:
        return [f"{name}: {len(user.tokens)} tokens" for name, user in sorted(users.all().items())] or ["There are no users."]
    name = options.name
    if change == "add":
        users.add(name, read_password(options.password_file, twice=True), options.keep_films)
        return [f"{name} may use the studio, with films in {projects / FOLDER / name}. Open it with: python app.py --users"]
    if change == "password":
        users.set_password(name, read_password(options.password_file, twice=True))
        return [f"{name} has another password. Sessions and tokens with the old one have ended."]
    if change == "token":
        return [users.make_token(name)]
    users.remove(name)
    return [f"{name} may not use the studio any more. The films are still in {projects / FOLDER / name}, and nobody of that name "
            "is added without --keep-films while they are there."]
