"""A toy family of models: each new latent is the newest one moved a cell to the left. It stands for any family yet to come."""

from studio.backbones.toy.family import FAMILY

__all__ = ["FAMILY"]
