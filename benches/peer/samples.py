"""The data sets of a training and its augmentation, implemented separately for benches/peer/train.py.

A sample is (image, truth). The image is uint8 (height, width, 3); the truth is a map of classes (uint8, 255 is ignored)
or of metres (float32, 0 is ignored), or (points (joints, 3) with x, y, visible; reference).
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
IGNORE = 255


def read(task: str, folder: Path, part: str, depth_scale: float, box_margin: float):
    """All samples of `train` or `val`, and the number of output channels."""
    if task == "segm":
        return voc(folder, part), len((folder / "labels.txt").read_text().splitlines())
    if task == "depth":
        return rgbd(folder, part, depth_scale), 1
    return coco(folder, part, box_margin)


def voc(folder: Path, part: str):
    names = (folder / f"ImageSets/Segmentation/{part}.txt").read_text().split()
    return [
        (rgb(folder / f"JPEGImages/{n}.jpg"), np.array(Image.open(folder / f"SegmentationClass/{n}.png")))
        for n in names
    ]


def rgbd(folder: Path, part: str, scale: float):
    names = (folder / f"{part}.txt").read_text().split()
    return [
        (rgb(folder / f"rgb/{n}.png"), np.array(Image.open(folder / f"depth/{n}.png")).astype(np.float32) / scale)
        for n in names
    ]


def coco(folder: Path, part: str, margin: float):
    """Crops around the objects' boxes, extended by `margin` of the longer side."""
    content = json.loads((folder / f"annotations/{part}.json").read_text())
    files = {image["id"]: image["file_name"] for image in content["images"]}
    samples = []
    for one in content["annotations"]:
        image = rgb(folder / "images" / files[one["image_id"]])
        x, y, w, h = one["bbox"]
        wider = margin * max(w, h)
        left, top = max(int(np.floor(x - wider)), 0), max(int(np.floor(y - wider)), 0)
        right = min(int(np.ceil(x + w + wider)), image.shape[1])
        bottom = min(int(np.ceil(y + h + wider)), image.shape[0])
        points = np.array(one["keypoints"], np.float64).reshape(-1, 3)
        points[:, :2] -= (left, top)
        points[:, 2] = (points[:, 2] > 0) & inside(points, right - left, bottom - top)
        samples.append((image[top:bottom, left:right], (points, float(max(w, h)))))
    return samples, len(content["categories"][0]["keypoints"])


def rgb(path: Path) -> np.ndarray:
    return np.array(Image.open(path).convert("RGB"))


def inside(points: np.ndarray, width: int, height: int) -> np.ndarray:
    x, y = points[:, 0], points[:, 1]
    return (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)


def train_view(sample, shorter_px: int, crop_px: int, rng: np.random.Generator):
    """Scales by U(0.7, 1.4) of the shorter side, but never below it; flips maps half of the time; crops."""
    s, flip, across, down = rng.random(4)
    shorter = max(round(shorter_px * (0.7 + 0.7 * s)), shorter_px)
    is_map = isinstance(sample[1], np.ndarray)
    return view(sample, shorter, crop_px, across, down, is_map and flip < 0.5)


def eval_view(sample, shorter_px: int, crop_px: int):
    return view(sample, shorter_px, crop_px, 0.5, 0.5, False)


def view(sample, shorter: int, crop: int, across: float, down: float, flip: bool):
    """The normalised crop (3, crop, crop) and its truth; outside the image, the mean colour and no truth."""
    image, truth = sample
    height, width = image.shape[:2]
    longer = int(max(height, width) * shorter / min(height, width) + 0.5)
    new_w, new_h = (shorter, longer) if width <= height else (longer, shorter)
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    scaled = F.interpolate(pixels, size=(new_h, new_w), mode="bilinear", antialias=True, align_corners=False)
    scaled = ((scaled[0].permute(1, 2, 0).numpy() / 255 - MEAN) / STD).astype(np.float32)
    left, top = place(new_w, crop, across), place(new_h, crop, down)
    seen = window(scaled, top, left, crop, np.float32(0))
    if isinstance(truth, np.ndarray):
        rows = (2 * np.arange(new_h) + 1) * height // (2 * new_h)
        columns = (2 * np.arange(new_w) + 1) * width // (2 * new_w)
        outside = IGNORE if truth.dtype == np.uint8 else 0
        truth = window(truth[rows][:, columns], top, left, crop, truth.dtype.type(outside))
        truth = truth[:, ::-1].copy() if flip else truth
    else:
        points, reference = truth
        fx, fy = new_w / width, new_h / height
        moved = points.copy()
        moved[:, 0] = (points[:, 0] + 0.5) * fx - 0.5 - left
        moved[:, 1] = (points[:, 1] + 0.5) * fy - 0.5 - top
        moved[:, 2] = (points[:, 2] > 0) & inside(moved, crop, crop)
        truth = (moved, reference * float(np.sqrt(fx * fy)))
    seen = seen[:, ::-1] if flip else seen
    return np.ascontiguousarray(seen.transpose(2, 0, 1)), truth


def place(scaled: int, crop: int, share: float) -> int:
    slack = abs(scaled - crop)
    within = min(int((slack + 1) * share), slack)
    return within if scaled >= crop else -within


def window(array: np.ndarray, top: int, left: int, crop: int, fill) -> np.ndarray:
    out = np.full((crop, crop, *array.shape[2:]), fill, array.dtype)
    height, width = array.shape[:2]
    y0, y1 = max(top, 0), min(top + crop, height)
    x0, x1 = max(left, 0), min(left + crop, width)
    out[y0 - top : y1 - top, x0 - left : x1 - left] = array[y0:y1, x0:x1]
    return out
