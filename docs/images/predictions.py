#!/usr/bin/env python3
"""Makes one picture from pages of `nasfw report MODEL`: image, ground truth and prediction, side by side.

    python docs/images/predictions.py OUT.png PAGE.html [PAGE.html ...]

Each page gives two rows. Needs Pillow.
"""

import base64
import io
import re
import sys
from pathlib import Path

from PIL import Image

SIDE, GAP, PER_PAGE = 192, 6, 2


def pictures(page: Path) -> list[Image.Image]:
    section = page.read_text().split('id="examples"', 1)[1].split("</section>", 1)[0]
    data = re.findall(r"data:image/[a-z]+;base64,([A-Za-z0-9+/=]+)", section)
    return [Image.open(io.BytesIO(base64.b64decode(d))).convert("RGB") for d in data]


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    pages = [pictures(Path(p)) for p in sys.argv[2:]]
    # A page is two rows of three; pages stand beside each other.
    width = len(pages) * (3 * SIDE + 2 * GAP) + (len(pages) - 1) * 4 * GAP
    sheet = Image.new("RGB", (width, PER_PAGE * SIDE + (PER_PAGE - 1) * GAP), "white")
    for at, found in enumerate(pages):
        left = at * (3 * SIDE + 6 * GAP)
        for index, picture in enumerate(found[: 3 * PER_PAGE]):
            resized = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS if picture.width > SIDE else Image.Resampling.BICUBIC)
            sheet.paste(resized, (left + index % 3 * (SIDE + GAP), index // 3 * (SIDE + GAP)))
    sheet.save(sys.argv[1], optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
