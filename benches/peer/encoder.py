#!/usr/bin/env python3
"""Compares nasfw's MobileNet-v2 with torchvision's and timm's, on weights with their array names.

    pip install -r benches/peer/requirements.txt
    cargo build --release
    python benches/peer/encoder.py target/release/nasfw

Both networks get random weights, shifted statistics of their normalisations, and an image with odd sides, and run in
evaluation mode. The error is the maximum difference of a map, relative to its maximum value.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import timm
import torch
import torchvision
from PIL import Image
from safetensors.numpy import load_file
from safetensors.torch import save_file

TOLERANCE = 1e-4
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    torch.manual_seed(0)
    worst = 0.0
    for name, make, maps_of in FAMILIES:
        for size in [(97, 131), (224, 224), (33, 64)]:
            network = shifted(make()).eval()
            errors = compare(Path(sys.argv[1]).resolve(), network, maps_of, size)
            worst = max(worst, *errors)
            shown = ", ".join(f"{e:.1e}" for e in errors)
            print(f"{name:<12} {size[0]}x{size[1]}: {shown}")
    print(f"largest error {worst:.1e}")
    return 0 if worst <= TOLERANCE else 1


def torchvision_maps(network, x):
    maps = []
    for at, block in enumerate(network.features[:18]):
        x = block(x)
        if at in (3, 6, 13, 17):
            maps.append(x)
    return maps


def timm_maps(network, x):
    x = network.bn1(network.conv_stem(x))
    maps = []
    for at, stage in enumerate(network.blocks):
        x = stage(x)
        if at in (1, 2, 4, 6):
            maps.append(x)
    return maps


FAMILIES = [
    ("torchvision", lambda: torchvision.models.mobilenet_v2(weights=None), torchvision_maps),
    ("timm", lambda: timm.create_model("mobilenetv2_100", pretrained=False), timm_maps),
]


def shifted(network):
    """Sets statistics and affine parameters far from those of a new network."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    return network


def compare(nasfw: Path, network, maps_of, size) -> list[float]:
    height, width = size
    pixels = torch.randint(0, 256, (height, width, 3), dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        weights, image, out = (str(Path(folder, n)) for n in ("w.safetensors", "i.png", "m.safetensors"))
        state = {k: v.contiguous() for k, v in network.state_dict().items()}
        save_file(state, weights)
        Image.fromarray(pixels.numpy()).save(image)
        command = [str(nasfw), "features", "--encoder-weights", weights, "--image", image, "--out", out]
        command += ["--set", "space.encoder.variant=mobilenet-v2-torchvision"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        ours = load_file(out)
        x = (pixels.permute(2, 0, 1)[None] / 255 - MEAN) / STD
        theirs = [m.numpy() for m in maps_of(network, x)]
    # The names of our maps are ordered from fine to coarse.
    errors = []
    for (name, our), their in zip(sorted(ours.items()), theirs, strict=True):
        if our.shape != their.shape:
            print(f"  {name}: shape {our.shape}, theirs {their.shape}")
            errors.append(float("inf"))
        else:
            errors.append(float(np.abs(our - their).max() / np.abs(their).max()))
    return errors


if __name__ == "__main__":
    sys.exit(main())
