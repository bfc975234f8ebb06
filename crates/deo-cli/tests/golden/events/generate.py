"""Event files as TensorBoard's own encoder and record writer make them: events.hex from metrics.jsonl.

Needs tensorboard 2.21 and numpy; neither builds nor runs a test. A line of hexadecimal digits for each run.

    python generate.py
"""

import io
import json
import pathlib

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

HERE = pathlib.Path(__file__).parent


class Kept(io.BytesIO):
    """RecordWriter closes what it wrote to."""

    def close(self):
        pass


def scalars(line):
    def number(value):
        return float("nan") if value is None else value

    yield "loss", number(line["loss"])
    yield "gradient_norm", number(line["gradient_norm"])
    for tag in ["lr", "val_loss", "curvature"]:
        if line[tag] is not None:
            yield tag, line[tag]
    if "monitor" in line:
        yield "lambda_min", line["monitor"]["lowest"]["curvature"]
        yield "lambda_max", line["monitor"]["highest"]["curvature"]


def main():
    runs = {}
    for text in (HERE / "metrics.jsonl").read_text().splitlines():
        line = json.loads(text)
        runs.setdefault(line["run"], []).append(line)
    with open(HERE / "events.hex", "w") as out, np.errstate(over="ignore"):
        for lines in runs.values():
            file = Kept()
            writer = RecordWriter(file)
            writer.write(Event(file_version="brain.Event:2").SerializeToString())
            seconds = 0.0
            for line in lines:
                seconds += line["ms"] / 1e3
                values = [Summary.Value(tag=tag, simple_value=np.float32(x)) for tag, x in scalars(line)]
                event = Event(wall_time=seconds, step=line["step"], summary=Summary(value=values))
                writer.write(event.SerializeToString())
            writer.close()
            out.write(file.getvalue().hex() + "\n")


main()
