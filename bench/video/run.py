#!/usr/bin/env python3
"""Uploads of a 30 s 720p video with a mask image over HTTP, beside ffmpeg writing the same frames to files.

The two run in alternation, from the first byte sent to the answer and from the start of ffmpeg to its end. Wall time
is what is judged; CPU time is shown because it does not change with what else the machine does.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import BUILD, ROOT, Table, build, call, median, register, serve, temporary_directory

SECONDS, WIDTH, HEIGHT = 30, 1280, 720
PRICE = 0.4  # a frame
ROUNDS = 5
BOUNDARY = "inpaint-bench-boundary"


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-y", "-nostdin", "-loglevel", "error", *map(str, arguments)], check=True)


def make_files(directory):
    """A camera that wanders over a photograph, with sensor noise; and its mask."""
    video, mask = directory / "video.mp4", directory / "mask.png"
    wander = f"scale=2400:-1,crop={WIDTH}:{HEIGHT}:x='500+400*sin(t/4)':y='300+200*cos(t/5)',noise=alls=8:allf=t"
    ffmpeg("-loop", 1, "-framerate", 30, "-i", ROOT / "samples/coffee.png", "-t", SECONDS, "-vf", wander, "-c:v",
           "libx264", "-pix_fmt", "yuv420p", video)
    box = f"color=black:s={WIDTH}x{HEIGHT},format=rgb24,drawbox=400:200:300:200:white:fill"
    ffmpeg("-f", "lavfi", "-i", box, "-frames:v", 1, mask)
    return video, mask


def form(dataset, video, mask):
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="datasetName"\r\n\r\n{dataset}\r\n'.encode()]
    for field, file in (("image", video), ("mask", mask)):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{file.name}"\r\n\r\n'
        parts += [head.encode(), file.read_bytes(), b"\r\n"]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def upload(server, token, dataset, video, mask):
    """(wall seconds, CPU seconds of the server, frames)"""
    call(server.url, "POST", "/api/datasets", {"name": dataset}, token)
    body = form(dataset, video, mask)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    cpu, started = server.cpu_seconds(), monotonic()
    status, answer = call(server.url, "POST", "/api/datasets/upload", body, token, headers)
    wall = monotonic() - started
    if status != 200:
        sys.exit(f"the upload was refused: {answer}")
    return wall, server.cpu_seconds() - cpu, answer["processedItems"]


def yardstick(directory, video):
    """(wall seconds, CPU seconds, frames) of ffmpeg, which writes JPEG of about the same quality."""
    directory.mkdir()
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), monotonic()
    ffmpeg("-i", video, "-vf", "fps=1", "-pix_fmt", "yuvj444p", "-q:v", 2, directory / "%06d.jpg")
    wall, after = monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, len(os.listdir(directory))


def main():
    build("inpaint", "bench_frame_formats")
    ours, theirs = [], []
    with temporary_directory() as directory:
        video, mask = make_files(directory)
        with serve(directory) as server:
            token = register(server.url)
            for number in range(ROUNDS):
                ours.append(upload(server, token, f"round-{number}", video, mask))
                theirs.append(yardstick(directory / f"ffmpeg-{number}", video))
            peak = server.memory_bytes("VmHWM")
            balance = call(server.url, "GET", "/api/users/tokens", token=token)[1]["tokens"]
        said = subprocess.run([BUILD / "bench" / "bench_frame_formats", video, directory], capture_output=True,
                              text=True, check=True).stdout
    _, jpeg_bytes, jpeg_ms, png_bytes, png_ms = map(float, said.split())

    table = Table()
    frames = [result[2] for result in ours]
    table.add("frames of each upload", f"{frames[0]}", f"= {SECONDS}", set(frames) == {SECONDS})
    paid = round(100 - balance, 2)
    table.add("paid for all", f"{paid}", f"= {ROUNDS * SECONDS * PRICE:.1f}", paid == ROUNDS * SECONDS * PRICE)
    for name, results in (("the service, over HTTP", ours), ("ffmpeg -vf fps=1", theirs)):
        table.add(f"{name}: s (CPU s)", f"{median(r[0] for r in results):.2f} ({median(r[1] for r in results):.2f})")
    table.at_most("time against ffmpeg", median(a[0] / b[0] for a, b in zip(ours, theirs)), 1.3)
    table.add("CPU time against ffmpeg", f"{median(a[1] / b[1] for a, b in zip(ours, theirs)):.2f}")
    table.add("peak memory of the service, MB", f"{peak / 1e6:.0f}", "< 300", peak < 300e6)
    table.add("a frame as JPEG", f"{jpeg_bytes / 1e3:.0f} kB, {jpeg_ms:.1f} ms")
    table.add("a frame as PNG", f"{png_bytes / 1e3:.0f} kB, {png_ms:.1f} ms")
    table.finish()


main()
