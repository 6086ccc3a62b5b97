"""Puts the functions on a page as endpoints of Gradio's API: `/gradio_api/info` shows their names, types and texts."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.api_component import Api
from gradio_client.utils import json_schema_to_python_type, python_type_to_json_schema

from studio.api.all_calls import AllCalls
from studio.api.errors import ApiError, as_api_error
from studio.api.functions import PREFIX, Description, check_arguments, describe, descriptions, say_type
from studio.language import choose_language, sentence, translate
from studio.ui.api import PageApi
from studio.ui.one_app import leave_apps_out

UNREADABLE = sentence(
    "This call cannot be read: an argument is missing, or names a file that was not uploaded. Nothing was changed.")


def add_endpoints(page: gr.Blocks, api: PageApi) -> None:
    """Put the functions beside a page that was made, to be answered with the verbs of `api`.

    They belong to an address of their own, so that a browser that opens the page is not sent what only programs want. What
    follows is what `gr.api` does for each function. But `gr.api` makes a component for every argument and every result, 170 in
    all, which takes a tenth of the time until the page is there. Here one stands for all, and types and texts are filled in when
    they are asked for.
    """
    calls = AllCalls(api)
    with leave_apps_out(), page.route("API", "api", show_in_navbar=False):
        gr.HTML("This address is for programs. <a href='./'>Open the studio</a>")
        value = Api(None, {}, "value")
        for about in descriptions():
            page.default_config.set_event_trigger(
                [], make_endpoint(calls, about), [value] * len(about.arguments), [value],
                preprocess=False, postprocess=False, show_progress="hidden", api_name=PREFIX + about.name,
                api_description=about.text, concurrency_limit=None if about.streams else "default",
            )  # fmt: skip
    _hide_navigation(page)
    _fill_in_types(page)
    _say_what_is_wrong(page, api.uploads)


def _hide_navigation(page: gr.Blocks) -> None:
    """Let the page show no bar that leads to its other address. Gradio draws one although that address is hidden."""
    own: Callable[..., Any] = page.get_config_file

    def get_config_file(*others: Any, **named: Any) -> Any:
        config = own(*others, **named)
        return {**config, "pages": config["pages"][:1]}

    setattr(page, "get_config_file", get_config_file)  # noqa: B010 - mypy refuses to assign to a method


def _fill_in_types(page: gr.Blocks) -> None:
    """Let Gradio's description of a page have the types and texts of the functions' arguments and results."""
    own: Callable[..., Any] = page.get_api_info

    def get_api_info(*others: Any, **named: Any) -> Any:
        """Gradio's description of the API, with the functions' own words in it."""
        info = own(*others, **named)
        for name, endpoint in info["named_endpoints"].items():
            if name.startswith(f"/{PREFIX}"):
                about = describe(name.removeprefix(f"/{PREFIX}"))
                for parameter, argument in zip(endpoint["parameters"], about.arguments, strict=True):
                    parameter.update(_typed(argument.name, argument.type, argument.text))
                    parameter["parameter_has_default"] = not argument.required
                    parameter["parameter_default"] = None if argument.required else argument.default
                endpoint["returns"][0].update(_typed(say_type(about.returns), about.returns, about.returns_text))
        return info

    setattr(page, "get_api_info", get_api_info)  # noqa: B010 - mypy refuses to assign to a method


def _typed(label: str, kind: Any, text: str) -> dict[str, Any]:
    """What Gradio's description says of a value."""
    schema, python = _schema(kind)
    return {"label": label, "type": {**schema, "description": text}, "python_type": {"type": python, "description": text}}


@cache
def _schema(kind: Any) -> tuple[dict[str, Any], str]:
    """A type as a JSON schema and as Python writes it. Most functions return a film, and every client asks for all of them."""
    schema = python_type_to_json_schema(kind)
    return schema, json_schema_to_python_type(schema)


def make_endpoint(calls: AllCalls, about: Description) -> Callable[..., Any]:
    """A function for Gradio: its errors are Gradio's, with the code as title, in the caller's language."""
    function = getattr(calls, about.name)
    names = [argument.name for argument in about.arguments]

    def arguments(values: tuple[Any, ...], named: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """The checked arguments of a call, and its language. Raises what Gradio answers where they are refused."""
        given = {**dict(zip(names, values, strict=False)), **named}
        language = choose_language(given.get("language"))
        try:
            checked = check_arguments(about.name, given)
        except ApiError as error:
            raise _refusal(calls.page, error, language) from None
        checked.pop("language")
        return checked, language

    async def stream(*values: Any, **named: Any) -> AsyncIterator[Any]:
        """The function's events, in the caller's language. Raises gr.Error: it refuses."""
        checked, language = arguments(values, named)
        try:
            async for event in function(**checked):
                yield calls.page.localized(event, language)
        except Exception as error:  # noqa: BLE001 - it is logged where it is no refusal
            raise _refusal(calls.page, as_api_error(error), language) from None

    def answer(*values: Any, **named: Any) -> Any:
        """The function's value, in the caller's language. Raises gr.Error: it refuses."""
        checked, language = arguments(values, named)
        try:
            return calls.page.localized(function(**checked), language)
        except Exception as error:  # noqa: BLE001 - it is logged where it is no refusal
            raise _refusal(calls.page, as_api_error(error), language) from None

    endpoint: Any = stream if about.streams else answer
    endpoint.__name__ = about.name
    endpoint.__doc__ = f"{about.text} Returns: {about.returns_text}"
    endpoint.__annotations__ = {argument.name: argument.type for argument in about.arguments} | {"return": about.returns}
    endpoint.__signature__ = inspect.Signature(
        [inspect.Parameter(each.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=each.default, annotation=each.type)
         for each in about.arguments],
        return_annotation=about.returns,
    )
    return endpoint  # type: ignore[no-any-return]


def _refusal(page: PageApi, error: ApiError, language: str) -> gr.Error:
    return gr.Error(page.localized(error.message, language), title=error.code, print_exception=False)


def _unreadable(inputs: list[Any]) -> gr.Error:
    """The refusal of a call before its arguments have names; the last one of those of a function is the language."""
    language = choose_language(inputs[-1] if inputs else None)
    return gr.Error(translate(UNREADABLE, language), title="bad_input", print_exception=False)


def _all_uploaded(inputs: list[Any], uploads: Path) -> bool:
    """Whether every file that a call names lies in the folder of uploads."""
    try:
        folder = uploads.resolve()
        return all(Path(path).resolve().is_relative_to(folder) for path in _named_files(inputs))
    except (OSError, ValueError, RecursionError):      # a path that no system can hold
        return False


def _named_files(value: Any) -> Iterator[str]:
    """The paths of all files in JSON, those within other files too."""
    if isinstance(value, dict):
        if isinstance(path := value.get("path"), str):
            yield path
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _named_files(each)


def _say_what_is_wrong(page: gr.Blocks, uploads: Path) -> None:
    """Give callers a code and a sentence also where Gradio itself refuses the arguments: too few, or a file from elsewhere.

    Gradio says nothing but that there was an error, and writes a traceback into the log. Files are only those that were uploaded to
    this page: Gradio would also copy another page's uploads, and fetch an address that a caller names in place of a file.
    """
    own: Callable[..., Awaitable[list[Any]]] = page.preprocess_data

    async def preprocess_data(block_fn: Any, inputs: list[Any], *others: Any, **named: Any) -> list[Any]:
        """Gradio's own, for files that were uploaded to this page; what it refuses is told in a sentence."""
        if not _all_uploaded(inputs, uploads):
            raise _unreadable(inputs)
        try:
            return await own(block_fn, inputs, *others, **named)
        except Exception:  # whatever it is, it is about what the caller sent
            if not str(block_fn.api_name).startswith(PREFIX):
                raise
            raise _unreadable(inputs) from None

    setattr(page, "preprocess_data", preprocess_data)  # noqa: B010 - mypy refuses to assign to a method
