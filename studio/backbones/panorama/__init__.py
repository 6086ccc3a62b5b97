"""A small world of panoramas: a camera pans over a picture, and a small network films it with a learned memory."""
