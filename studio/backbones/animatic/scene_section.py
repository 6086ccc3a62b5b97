"""A section of a large film: the camera's way within the picture, and the frames that the scene in psi shows along it.

Letters: B batch, T frames, W window, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import GROUP
from studio.backbones.animatic.composition import CELL, Source
from studio.backbones.animatic.edges import ZOOM_BRAKING, brake, stop_at_edges, stop_before
from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.scene_picture import PictureMemory
from studio.backbones.animatic.scene_state import SceneState, interpolate_scene_state, next_flows, read_scene_state
from studio.backbones.animatic.scene_tokens import read_extent
from studio.backbones.animatic.scene_view import Moment, SceneView, most_dolly, subject_pose
from studio.backbones.animatic.state import FilmState, concatenate_states, interpolate_state
from studio.diffusion.backbone import Conditioning, SceneConditioning

HELD = 0.5
"""Cells by which an edge must shorten the camera's way so that the section tells of it."""


class SceneSection:
    """What a section of a large film continues from. `stopped` says whether the picture's edge stopped the camera."""

    stopped = False

    def __init__(self, memory: PictureMemory, psi: Tensor, latent: Tensor, state: FilmState, asked: Conditioning) -> None:
        """Read the scene.

        Args:
            memory: reads psi.
            psi: [B, M, K].
            latent: [B, C, 1, h, w], the newest one.
            state: its film state.
            asked: whether the prompt asks for a dolly, and which flows it starts and stops.
        """
        self._h, self._w = latent.shape[-2:]
        self._state, self._scene = state, read_scene_state(latent)
        self._dolly, self._flows = (asked.dolly, asked.flows) if isinstance(asked, SceneConditioning) else (False, ())
        self._view = SceneView(memory, psi, read_extent(psi).factor)
        self.extent = self._view.extent

    def newest(self) -> Source:
        """The frame that the section continues after."""
        dolly, times = self._scene.dolly, self._scene.time
        moment = Moment(self._state.pose, dolly, times)
        return Source(self._view.frames(moment, CELL * self._h, CELL * self._w)[:, :, 0], self._state.pose[:, 0])

    def stop_camera(self, heads: Heads) -> Heads:
        """The prediction with a camera that stays in the picture, and a scene that does not move by itself."""
        heads = replace(heads, flow=torch.zeros_like(heads.flow))
        inside = stop_at_edges(heads, self._state.pose[:, 0], self.extent.bounds, self._h, self._w)
        if self.extent.box_columns:
            inside = stop_before(inside, self._exposure(inside))
        away = (inside.camera - heads.camera).abs() * heads.camera.new_tensor([1.0, 1.0, self._w / 2])
        self.stopped = bool((away > HELD).any())
        return inside

    def state(self, heads: Heads) -> SceneState:
        """The scene's state over the section, [B, W]."""
        window = heads.camera.shape[1]
        rate, time = next_flows(self._scene, self._flows, window)
        wind = heads.wind.unsqueeze(1).expand(-1, window)
        wind_time = (GROUP * torch.arange(1, window + 1, device=wind.device)).to(wind).expand_as(wind)
        return SceneState(wind, wind_time, self._dolly_path(heads), rate, time)

    def frames(self, heads: Heads, sway: Tensor) -> Tensor:
        """Frames [B, 3, T, 16 h, 16 w] at the latents' own size, T = 4 W, with the wind's `sway` [B, T, 2, h, w]."""
        film = concatenate_states(self._state, heads.film_state(self._state))
        dolly, times = interpolate_scene_state(self.state(heads).after(self._scene), GROUP)
        moment = Moment(interpolate_state(film, GROUP).pose, dolly, times, sway)
        return self._view.frames(moment, CELL * self._h, CELL * self._w)

    def _dolly_path(self, heads: Heads) -> Tensor:
        """How far the camera went forward, [B, W]. It stops before the subject; from there on its way is a zoom."""
        start = self._scene.dolly
        if not self.extent.box_columns:
            return torch.zeros_like(heads.camera[..., 2])
        if not self._dolly:
            return start.expand(-1, heads.camera.shape[1])
        limit = start.new_tensor(most_dolly(self.extent.depth))
        return brake(start + heads.camera[..., 2], start, limit, ZOOM_BRAKING)

    def _exposure(self, heads: Heads) -> Tensor:
        """Cells [B, 1 + W] by which the view leads over an edge that cuts the subject, at the subject's distance."""
        extent = self.extent
        pose = concatenate_states(self._state, heads.film_state(self._state)).pose
        pose = subject_pose(pose, torch.cat([self._scene.dolly, self._dolly_path(heads)], dim=1), extent.depth)
        left, top, right, bottom = extent.box_bounds
        width, height = (side / 2 * (-pose[..., 2]).exp() for side in (self._w, self._h))
        sides = (
            (extent.cut_left, left - (pose[..., 0] - width)), (extent.cut_top, top - (pose[..., 1] - height)),
            (extent.cut_right, pose[..., 0] + width - right), (extent.cut_bottom, pose[..., 1] + height - bottom))
        over = [side for cut, side in sides if cut]
        return torch.stack(over).amax(dim=0) if over else torch.full_like(width, -1.0)
