"""The server: lists the functions of `studio.api` as tools and calls them, over any transport."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from gradio_client.utils import python_type_to_json_schema
from mcp import types
from mcp.server.lowlevel import Server

from studio.api.all_calls import AllCalls
from studio.api.errors import ApiError, as_api_error
from studio.api.functions import Argument, Description, check_arguments, descriptions, fits
from studio.api.values import File, Progress, Upload
from studio.language import ENGLISH, choose_language, sentence
from studio.mcp.files import Incoming, for_agent
from studio.ui.api import PageApi

NAME = "memorypack-studio"
WAIT = 45.0
"""Seconds that a tool waits for a job, unless the agent says how long: clients give up after a minute or more."""
LONGEST_WAIT = 3600.0
READING = {
    "about", "films", "status", "events", "look", "loras", "presets", "early_costs", "next_pair", "ratings", "trashed_films",
    "memory_test", "memory_test_events", "memory_use", "memory_use_events", "styles", "wildcards", "read_timeline", "subject_mask",
    "memory_map", "moment_events", "trash", "weigh", "drift", "make_again_events", "read_mark",
}  # fmt: skip
"""Functions that change nothing."""
BASIC = (
    "about", "films", "create", "open_sample", "status", "set_reference", "use_sample", "begin_from_words", "set_words",
    "add_segment", "edit_segment", "remove_segment", "move_segment", "new_shot", "undo", "presets", "apply_preset",
    "generate", "retake", "audition", "events", "cancel", "pause", "resume", "finish", "use_take", "rewind", "branch", "switch",
    "pin", "unpin", "star", "drift", "look", "export",
)  # fmt: skip
"""Functions that suffice to make a film, for agents to whom all of them are too many to choose from."""
FOR_GOOD = {"delete_film", "remove_preset", "empty_trash"}
"""Functions that delete what no undo brings back."""
SEEN_ALONE = {"look", "subject_mask"}
"""Functions that answer an agent with a picture."""
SEEN = SEEN_ALONE | {"memory_map", "ask_moment", "moment_events"}
"""Functions whose answer's pictures an agent sees, after the words where there are some."""
TEXT = """\
MemoryPack Studio makes long films segment by segment. Create a film, give it a picture (set_reference, or use_sample; or
begin_from_words, with a model whose films can begin without one, see about), add a segment for each beat of the story, and
generate. Look at the takes, and where one is not what was wanted: retake it, audition several, or rewind or branch after any
earlier take and go on differently; nothing is overwritten. drift tells whether a long film creeps away from how it began. Export
the film when it is done. A tool that makes takes returns when they are made, or after wait_seconds; then the job goes on, and
events waits for it. What the models understand of a prompt differs; the embedded one (memorypack-mini) moves the camera and
changes light and weather, and understands no other wishes."""
TESTING, USING = ("memory_test_events", "cancel_memory_test"), ("memory_use_events", "cancel_memory_use")
ASKING, MAKING = ("moment_events", "cancel_moment"), ("make_again_events", "cancel_make_again")
FOLLOWING = {
    "test_memory": TESTING, TESTING[0]: TESTING, "measure_memory_use": USING, USING[0]: USING, "ask_moment": ASKING,
    ASKING[0]: ASKING, "make_again": MAKING, MAKING[0]: MAKING,
}  # fmt: skip
"""How what a function began is followed and stopped, where it is no job of takes."""


class Tools:
    """The functions as tools."""

    def __init__(self, page: PageApi, incoming: Incoming, address: Callable[[Path, str], str]) -> None:
        """Call the functions with the verbs of `page`.

        Args:
            page: the page's verbs.
            incoming: takes files from the agent.
            address: says where an exported file is for the agent, by its path and its URL below the page's address.
        """
        self.calls = AllCalls(page)
        self.incoming = incoming
        self.address = address

    def list(self, basic: bool = False) -> list[types.Tool]:
        """All tools, or the `BASIC` ones alone."""
        return [self._tool(about) for about in descriptions() if not basic or about.name in BASIC]

    def _tool(self, about: Description) -> types.Tool:
        properties = {argument.name: self._schema(argument) for argument in about.arguments}
        if about.streams:
            properties["wait_seconds"] = {
                "type": "number", "default": WAIT, "description": "How long to wait for the job, which goes on after that."}
        schema = {"type": "object", "properties": properties, "additionalProperties": False,
                  "required": [argument.name for argument in about.arguments if argument.required]}
        hints = types.ToolAnnotations(
            readOnlyHint=about.name in READING, destructiveHint=about.name in FOR_GOOD, idempotentHint=about.name in READING,
            openWorldHint=False)
        return types.Tool(name=about.name, description=f"{about.text} Returns: {about.returns_text}", inputSchema=schema,
                          annotations=hints)

    def _schema(self, argument: Argument) -> dict[str, Any]:
        """The JSON schema of an argument. A file is text here."""
        if _takes_upload(argument):
            schema: dict[str, Any] = {"type": "string", "description": f"{argument.text} Given as {self.incoming.text}."}
        else:
            schema = {**python_type_to_json_schema(argument.type), "description": argument.text}
        return schema if argument.required else {**schema, "default": argument.default}

    async def call(
        self, name: str, given: Mapping[str, Any], report: Callable[[Progress], Awaitable[None]]
    ) -> types.CallToolResult:
        """Call a tool. `report`: is awaited with each event of a job."""
        language = choose_language(given.get("language"))
        try:
            answer = await self._call(name, dict(given), report)
            pictures = [await _as_image(path) for path in _pictures(answer)] if name in SEEN else []
            written = self.calls.page.localized(self._addressed(answer), language)
            return types.CallToolResult(content=pictures if name in SEEN_ALONE else [_as_text(written), *pictures])
        except Exception as error:  # noqa: BLE001 - it is logged where it is no refusal
            refused = as_api_error(error)
            message = self.calls.page.localized(refused.message, language)
            content: list[types.ContentBlock] = [types.TextContent(type="text", text=message)]
            return types.CallToolResult(
                content=content, structuredContent={"code": refused.code, "message": message}, isError=True)

    async def _call(self, name: str, given: dict[str, Any], report: Callable[[Progress], Awaitable[None]]) -> Any:
        about = next((each for each in descriptions() if each.name == name), None)
        if about is None:
            raise ApiError("bad_input", sentence("There is no tool “{name}”. Nothing was changed.", name=name[:100]))
        wait = given.pop("wait_seconds", WAIT) if about.streams else WAIT
        if not fits(wait, float) or not 0 < wait <= LONGEST_WAIT:
            problem = sentence("'wait_seconds' must be a number from 0 to {most:g}. Nothing was changed.", most=LONGEST_WAIT)
            raise ApiError("bad_input", problem)
        checked = check_arguments(name, given)
        checked.pop("language")
        function = getattr(self.calls, name)
        if about.streams:
            return await self._wait(about, function(**checked), checked["film"], wait, report)
        answer = await anyio.to_thread.run_sync(self._answer, about, function, checked)
        return {"file": answer} if about.returns is File else answer

    def _addressed(self, answer: Any) -> Any:
        """An answer with the address of each file in it."""
        if isinstance(answer, list):
            return [self._addressed(each) for each in answer]
        if not isinstance(answer, dict):
            return answer
        if "orig_name" in answer:
            return self.address(Path(answer["path"]), answer["url"])
        return {name: self._addressed(each) for name, each in answer.items()}

    def _answer(self, about: Description, function: Callable[..., Any], checked: dict[str, Any]) -> Any:
        """What a function answers. A file that the agent gives lies among the uploads meanwhile."""
        taken = {}
        try:
            for argument in about.arguments:
                if _takes_upload(argument) and checked[argument.name] is not None:
                    taken[argument.name] = self.incoming.take(checked[argument.name], argument.name)
            return function(**checked | taken)
        finally:
            for path in taken.values():
                self.incoming.drop(path)

    async def _wait(
        self, about: Description, events: AsyncIterator[Progress], film: str, wait: float,
        report: Callable[[Progress], Awaitable[None]],
    ) -> dict[str, Any]:  # fmt: skip
        """Wait for a job, `wait` seconds at most; returns how far it is, and the film."""
        last: Progress | None = None
        with anyio.move_on_after(wait) as limit:
            async for event in events:
                last = event
                await report(self.calls.page.localized(event, ENGLISH))
        state = await anyio.to_thread.run_sync(self.calls.status, film)
        follow, cancel = FOLLOWING.get(about.name, ("events", "cancel"))
        note = sentence("The job goes on. Call {follow} to wait for it, or {cancel}.", follow=follow, cancel=cancel)
        job = last if last and about.name in FOLLOWING else state["job"]
        return {"job": job, **({"note": note} if limit.cancelled_caught else {}), "film": state}


def make_server(tools: Tools, basic: bool = False) -> Server[Any, Any]:
    """The server, to be run over a transport.

    Args:
        tools: what it serves.
        basic: list the `BASIC` tools alone. Over HTTP each request says that for itself, by `?tools=basic` in its address. The
            others can be called all the same.
    """
    server: Server[Any, Any] = Server(NAME, version="1", instructions=TEXT)

    @server.list_tools()  # type: ignore[no-untyped-call]
    async def list_tools() -> list[types.Tool]:
        request = server.request_context.request
        return tools.list(basic or (request is not None and request.query_params.get("tools") == "basic"))

    @server.call_tool(validate_input=False)      # the functions check their arguments, with sentences
    async def call_tool(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """Call a tool, and tell its progress where the agent asked to be told."""
        context = server.request_context
        token = context.meta.progressToken if context.meta else None

        async def report(event: Progress) -> None:
            if token is not None:
                await context.session.send_progress_notification(
                    token, _share(event), max(1.0, event["planned"]), _words(event), str(context.request_id))

        return await tools.call(name, arguments, report)

    return server


def _takes_upload(argument: Argument) -> bool:
    return argument.type in (Upload, Upload | None)


def _pictures(answer: Any) -> Iterator[Path]:
    """The files of pictures in an answer."""
    if isinstance(answer, dict):
        if "orig_name" in answer and Path(answer["path"]).suffix in (".png", ".webp"):
            yield Path(answer["path"])
        for each in answer.values():
            yield from _pictures(each)


async def _as_image(path: Path) -> types.ContentBlock:
    data, kind = await anyio.to_thread.run_sync(for_agent, path)
    return types.ImageContent(type="image", data=data, mimeType=kind)


def _as_text(answer: Any) -> types.ContentBlock:
    return types.TextContent(type="text", text=json.dumps(answer, ensure_ascii=False))


def _share(event: Progress) -> float:
    """How many of the job's takes are made, with the part of the one that is being made."""
    section = event["section"] + (event["step"] / event["steps"] if event["steps"] else 0.0)
    return event["finished"] + (min(1.0, section / event["sections"]) if event["sections"] and event["doing"] else 0.0)


def _words(event: Progress) -> str:
    """An event in words."""
    if event["state"] not in ("queued", "running"):
        return " ".join(filter(None, (event["state"], event["message"])))
    if event["state"] == "queued" and event["before"]:
        wait = "" if event["wait"] is None else f", about {event['wait']:.0f} s until it begins"
        return f"queued: {event['before']} before it{wait}"
    left = "" if event["seconds_left"] is None else f", about {event['seconds_left']:.0f} s left"
    retry = f", retry {event['retry']} of {event['retries']}" if event["retry"] else ""
    return (f"segment {event['index'] + 1}{retry}: {event['doing'] or 'waiting'}, "
            f"section {event['section'] + 1} of {event['sections']}, step {event['step']} of {event['steps']}{left}")
