"""The document's marks are those of `studio.marks`, which the engine, which must not know the document, uses too."""

from studio.marks import NO_MARKS, Flow, Marks, Point, Stroke, Subject

__all__ = ["NO_MARKS", "Flow", "Marks", "Point", "Stroke", "Subject"]
