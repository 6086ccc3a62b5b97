"""A studio that runs somewhere, from a Python program: a client of its functions, which reads like an artist's script.

    studio = Client("http://127.0.0.1:7860")
    film = studio.create("Cat")
    film.set_reference("cat.png")
    film.add_segment("a cat walks", seconds=4)
    for event in film.generate():
        print(event["doing"], event["section"], event["step"], event["seconds_left"])
    film.export("cat.mp4")

`docs/api.md` says what the functions take and return. Errors are `StudioError`, with a code and a sentence.
"""

from studio.client.client import Client
from studio.client.connection import StudioError
from studio.client.film import Film

__all__ = ["Client", "Film", "StudioError"]
