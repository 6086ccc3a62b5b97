"""What a door reads and answers itself: forms, and refusals with a code and a sentence."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.access.login_page import preferred_language
from studio.language import sentence, translate

FORM_BYTES = 8192


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; none where it is too long or no text."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            return {}
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10).items()}
    except ValueError:
        return {}


def wait_sentence(wait: int) -> str:
    """What somebody is told who has to wait so many seconds."""
    return sentence("There were too many tries. Wait {seconds} s, then try again. Nothing was changed.", seconds=wait)


def too_many(wait: int, headers: Headers) -> Response:
    """The refusal of what was asked too often."""
    answer = refusal(429, "limit", wait_sentence(wait), headers)
    answer.headers["Retry-After"] = str(wait)
    return answer


def refusal(status: int, code: str, message: str, headers: Headers) -> Response:
    """A refusal for programs and scripts: a code and a sentence, in the language that `headers` prefer."""
    text = translate(message, preferred_language(headers.get("accept-language", "")))
    answer = JSONResponse({"code": code, "detail": text}, status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
