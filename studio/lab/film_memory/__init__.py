"""Learned memories beside the embedded model's map, in the embedded model's own world.

Films are walks of the camera over pictures, as the model's own latents. Every memory is given the same cells of the scene that the
map is given, is asked for the same places, and its answer is decoded as the map's is. The film network plays no part.
"""
