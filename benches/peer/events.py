"""Prints what TensorBoard's reader finds in a folder of event files, one tag per line.

    pip install tensorboard
    python benches/peer/events.py DIR
"""

import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
accumulator.Reload()
for tag in sorted(accumulator.Tags()["scalars"]):
    scalars = accumulator.Scalars(tag)
    shown = ", ".join(f"{s.step}: {s.value:.6g}" for s in scalars[:4])
    more = f", … {len(scalars)} in all" if len(scalars) > 4 else ""
    print(f"{tag:<28}{shown}{more}")
