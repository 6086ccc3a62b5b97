"""Puts the functions on a page as endpoints of Gradio's API: `/gradio_api/info` shows their names, types and texts."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import gradio as gr
from gradio.components.api_component import Api
from gradio_client.utils import python_type_to_json_schema

from studio.api.errors import ApiError, as_api_error
from studio.api.functions import PREFIX, Description, check_arguments, descriptions, say_type
from studio.api.takes import TakeCalls
from studio.language import choose_language, localize
from studio.ui.api import PageApi

UNREADABLE = "This call cannot be read: an argument is missing, or names a file that was not uploaded. Nothing was changed."


def add_endpoints(page: gr.Blocks, api: PageApi) -> None:
    """Put the functions on a page that is being made, to be answered with the verbs of `api`.

    This does what `gr.api` does for each function. But `gr.api` makes new components for every argument and every result, 140 in
    all, which takes a tenth of the time until the page is there; here functions share those that are alike.
    """
    calls, parts = TakeCalls(api), _Parts()
    for about in descriptions():
        page.default_config.set_event_trigger(
            [], make_endpoint(calls, about),
            [parts.get(argument.type, argument.default, argument.name, argument.text) for argument in about.arguments],
            [parts.get(about.returns, None, say_type(about.returns), about.returns_text)],
            preprocess=False, postprocess=False, show_progress="hidden", api_name=PREFIX + about.name, api_description=about.text,
            concurrency_limit=None if about.streams else "default",
        )
    _say_what_is_wrong(page)


class _Parts:
    """The components that stand for arguments and results, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Api] = {}
        self._schemas: dict[Any, dict[str, Any]] = {}

    def get(self, kind: Any, default: Any, label: str, text: str) -> Api:
        """The component of a type."""
        key = kind, default, label, text
        if key not in self._made:
            if kind not in self._schemas:
                self._schemas[kind] = python_type_to_json_schema(kind)
            value = None if default is inspect.Parameter.empty else default
            self._made[key] = Api(value, {**self._schemas[kind], "description": text}, label)
        return self._made[key]


def make_endpoint(calls: TakeCalls, about: Description) -> Callable[..., Any]:
    """A function for Gradio: its errors are Gradio's, with the code as title, in the caller's language."""
    function = getattr(calls, about.name)
    names = [argument.name for argument in about.arguments]

    def arguments(values: tuple[Any, ...], named: dict[str, Any]) -> tuple[dict[str, Any], str]:
        given = {**dict(zip(names, values, strict=False)), **named}
        language = choose_language(given.get("language"))
        try:
            checked = check_arguments(about.name, given)
        except ApiError as error:
            raise _refusal(error, language) from None
        checked.pop("language")
        return checked, language

    async def stream(*values: Any, **named: Any) -> AsyncIterator[Any]:
        checked, language = arguments(values, named)
        try:
            async for event in function(**checked):
                yield localize(event, language)
        except Exception as error:  # noqa: BLE001 - it is logged where it is no refusal
            raise _refusal(as_api_error(error), language) from None

    def answer(*values: Any, **named: Any) -> Any:
        checked, language = arguments(values, named)
        try:
            return localize(function(**checked), language)
        except Exception as error:  # noqa: BLE001 - it is logged where it is no refusal
            raise _refusal(as_api_error(error), language) from None

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


def _refusal(error: ApiError, language: str) -> gr.Error:
    return gr.Error(error.said(language), title=error.code, print_exception=False)


def _say_what_is_wrong(page: gr.Blocks) -> None:
    """Give callers a code and a sentence also where Gradio itself refuses the arguments: too few, or a file from elsewhere.

    Gradio says nothing but that there was an error, and writes a traceback into the log.
    """
    own: Callable[..., Awaitable[list[Any]]] = page.preprocess_data

    async def preprocess_data(block_fn: Any, inputs: list[Any], *others: Any, **named: Any) -> list[Any]:
        if not str(block_fn.api_name).startswith(PREFIX):
            return await own(block_fn, inputs, *others, **named)
        try:
            return await own(block_fn, inputs, *others, **named)
        except Exception:  # noqa: BLE001 - whatever it is, it is about what the caller sent
            raise _refusal(ApiError("bad_input", UNREADABLE), "en") from None

    setattr(page, "preprocess_data", preprocess_data)  # noqa: B010 - mypy refuses to assign to a method
