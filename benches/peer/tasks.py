"""Losses and metrics of the three tasks, from their definitions."""

import numpy as np
import torch
import torch.nn.functional as F

from samples import IGNORE

SIGMA_PX, ALPHA = 2.0, 0.1


def loss(task: str, output: torch.Tensor, truths: list, crop_px: int) -> torch.Tensor:
    """The loss at the size of the output; maps are resized by PyTorch's rule `nearest`."""
    size = output.shape[2:]
    if task == "pose":
        maps, mask = heatmaps(truths, size, crop_px)
        return ((output - maps) ** 2 * mask).sum() / mask.sum().clamp(min=1)
    truth = torch.from_numpy(np.stack(truths))[:, None].float()
    truth = F.interpolate(truth, size=size, mode="nearest")[:, 0]
    if task == "segm":
        return F.cross_entropy(output, truth.long(), ignore_index=IGNORE)
    error = (output[:, 0] - truth).abs()[truth > 0]
    bound = 0.2 * error.detach().max()
    return torch.where(error <= bound, error, (error**2 + bound**2) / (2 * bound)).mean()


def heatmaps(truths: list, size, crop_px: int):
    height, width = size
    points = torch.from_numpy(np.stack([t[0] for t in truths])).float()
    x = (points[..., 0] + 0.5) * width / crop_px - 0.5
    y = (points[..., 1] + 0.5) * height / crop_px - 0.5
    seen = (points[..., 2] > 0) & (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
    dx = torch.arange(width)[None, None, None, :] - x[..., None, None]
    dy = torch.arange(height)[None, None, :, None] - y[..., None, None]
    mask = seen[..., None, None].float().expand(*seen.shape, height, width)
    return torch.exp(-(dx**2 + dy**2) / (2 * SIGMA_PX**2)) * mask, mask


class Segmentation:
    def __init__(self, classes: int):
        self.counts = np.zeros((classes, classes), np.int64)

    def add(self, output: torch.Tensor, truth: np.ndarray):
        found = resized(output, truth.shape).argmax(0).numpy()
        counts = truth != IGNORE
        np.add.at(self.counts, (truth[counts], found[counts]), 1)

    def metrics(self):
        hits, true, found = np.diag(self.counts), self.counts.sum(1), self.counts.sum(0)
        present = true > 0
        iou = hits[present] / (true + found - hits)[present]
        return {"miou": iou.mean(), "pixel_acc": hits.sum() / self.counts.sum()}


class Depth:
    def __init__(self, _channels: int):
        self.found, self.true = [], []

    def add(self, output: torch.Tensor, truth: np.ndarray):
        found = resized(output, truth.shape)[0].numpy().astype(np.float64)
        self.found.append(found[truth > 0])
        self.true.append(truth[truth > 0].astype(np.float64))

    def metrics(self):
        d, g = np.concatenate(self.found), np.concatenate(self.true)
        ratio = np.maximum(np.maximum(d, 1e-3) / g, g / np.maximum(d, 1e-3))
        return {
            "rms": np.sqrt(((d - g) ** 2).mean()),
            "delta1": (ratio < 1.25).mean(),
            "abs_rel": (np.abs(d - g) / g).mean(),
        }


class Pose:
    def __init__(self, _channels: int):
        self.errors = []

    def add(self, output: torch.Tensor, truth, crop_px: int):
        points, reference = truth
        for heatmap, (x, y, visible) in zip(output.numpy(), points):
            if visible:
                found = peak(heatmap, crop_px)
                self.errors.append(np.hypot(found[0] - x, found[1] - y) / reference)

    def metrics(self):
        errors = np.array(self.errors)
        return {"pck": (errors <= ALPHA).mean(), "mean_error": errors.mean()}


def peak(heatmap: np.ndarray, crop_px: int):
    """Position of the maximum, refined by a parabola through its neighbours, in pixels of the crop."""
    height, width = heatmap.shape
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    x, y = float(column), float(row)
    if 0 < column < width - 1:
        x += vertex(*heatmap[row, column - 1 : column + 2])
    if 0 < row < height - 1:
        y += vertex(*heatmap[row - 1 : row + 2, column])
    return (x + 0.5) * crop_px / width - 0.5, (y + 0.5) * crop_px / height - 0.5


def vertex(before: float, largest: float, after: float) -> float:
    bend = 2 * largest - before - after
    return float(np.clip(0.5 * (after - before) / bend, -0.5, 0.5)) if bend > 0 else 0.0


def resized(output: torch.Tensor, size) -> torch.Tensor:
    return F.interpolate(output[None], size=size, mode="bilinear", align_corners=False)[0]
