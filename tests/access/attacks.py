"""Known attacks on applications made with Gradio, as requests of somebody who is logged in, or of nobody.

Sources: the security advisories of Gradio (path traversal by /file= and by names of uploads, server-side requests by /proxy= and by
addresses in place of files, component_server, deep links, /custom_component, /monitoring, cross-origin requests), OWASP's list of
path traversals, and what is this studio's own: films, takes, LoRAs, ZIPs, agents.
"""

from __future__ import annotations

from urllib.parse import quote

FOREIGN = ("{film}/project.json", "{film}/takes/{take}/clip.mp4", "{upload}", "{home}/users/users.json", "{home}/secret.png",
           "{home}/users/otto/loras/{lora}.safetensors", "/etc/passwd", "/proc/self/environ")
"""Files that nobody but otto may read, or nobody at all."""
ROADS = (
    "{file}", "/{file}", "{mira}/../otto{in_otto}", "{mira}/.uploads/../../otto{in_otto}", "{file}%00.png", "{file}\x00", "{file}/",
    "{file}/.", "{file}?v=1", "file://{file}", "{file}#", "./{file}", "{upper}", "{backslashes}", "{mira}/%2e%2e/otto{in_otto}",
    "{double}", "..%2f..%2f..%2f..%2f..%2f..%2f..{file}", "/proc/self/root{file}", "/dev/fd/0", "~{file}", "{mira}/link{in_otto}",
)  # fmt: skip
"""Ways to write such a file's path."""
FOLDERS = (
    "static", "assets", "svelte", "gradio_api/custom_component/html/client/component", "gradio_api/file", "pwa_icon", "theme.css",
    "gradio_api/stream/x/0/0/playlist-file?path=", "gradio_api/run-history/records", "gradio_api/runs",
)  # fmt: skip
"""Other routes of Gradio that serve files."""
ELSEWHERE = ("http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://2130706433:{port}/",
             "http://0x7f.1:{port}/", "http://127.0.0.1.nip.io:{port}/", "HTTP://127.0.0.1:{port}/", "https://127.0.0.1:{port}/")
"""Addresses that the studio must not be made to ask."""
NAMES = ("../../../escaped.png", "..\\..\\escaped.png", "/tmp/escaped.png", "....//escaped.png", "%2e%2e%2fescaped.png",
         "a" * 5000 + ".png", "nul\x00.png", ".", "..", "", "CON", "users.json", "a/../../escaped.png")
"""Names of uploads."""
DEEP_LINKS = ("../../otto", "..%2f..%2fotto", "x/../../..", "%00", "{film_id}")


def roads(file: str, values: dict[str, str]) -> list[str]:
    """All ways to write a file's path in an address after `file=`."""
    within = file.removeprefix(values["otto"]) if file.startswith(values["otto"]) else f"/../..{file}"
    each = {"file": file, "in_otto": within, "upper": file.upper(), "backslashes": file.replace("/", "\\"),
            "double": quote(quote(file, safe=""), safe=""), "mira": values["mira"]}
    return [road.format(**each) for road in ROADS]
