#!/usr/bin/python3
"""Quality and cost of every model on pictures whose truth is known.

usage: bench/engine/run.py [--second-set] [--sheet FILE.png] [--scaling] [--check]

Prints, for each mask, the means over the pictures of PSNR, SSIM and SWD inside the hole (see score.py), the
processor time as a multiple of cv::inpaint Navier-Stokes with radius 5 in the same run, wall by processor time on
two threads, and the memory per pixel of the picture. --second-set takes pictures that the engine was not tuned on,
from Debian packages that it downloads. --sheet also writes a contact sheet: hole, truth, each model. --scaling
measures large pictures instead. --check fills with the default model only and fails when it misses its bars.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

import score
import second_set

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "release" / "bench" / "engine"
YARDSTICK = ("navier-stokes", "medium")
MODELS = {
    "low": ("default_inpainting", "low"),
    "medium": ("default_inpainting", "medium"),
    "high": ("default_inpainting", "high"),
    "telea": ("telea", "medium"),
    "navier-stokes": YARDSTICK,
}
# PSNR and SSIM at least, SWD at most, of the default model at medium quality over the shared pictures.
BARS = {"blob": (15.2, 0.43, 7.5), "text": (19.6, 0.61, 4.5), "box": (15.6, 0.44, 11.0)}


def fill(model, picture, mask, result="-", threads=1, repeat=1):
    """What engine_bench says of one filling."""
    command = [BUILD / "engine_bench", *model, threads, repeat, picture, mask, result]
    return json.loads(subprocess.run([str(part) for part in command], check=True, capture_output=True).stdout)


def damaged(picture, hole):
    result = picture.copy()
    result[hole > 127] = 255
    return result


class Run:
    """Fills every picture with every mask and model, into a directory."""

    def __init__(self, pictures, models, directory, repeat):
        self.pictures, self.models, self.directory, self.repeat = pictures, models, Path(directory), repeat
        self.masks = {file.stem: file for file in sorted((HERE / "data" / "masks").glob("*.png"))}
        self.scores = {}  # (mask, model name): a row of PSNR, SSIM, SWD, cpu, wall / cpu, bytes per picture

    def fill_all(self):
        for mask_name, mask in self.masks.items():
            for name, model in self.models.items():
                rows = [self.fill_one(picture, mask, name, model) for picture in self.pictures]
                self.scores[mask_name, name] = np.array(rows)

    def fill_one(self, picture, mask, name, model):
        truth, hole = score.read(str(picture)), score.read(str(mask), cv2.IMREAD_GRAYSCALE)
        damaged_file = self.directory / "damaged.png"
        cv2.imwrite(str(damaged_file), damaged(truth, hole))
        result = self.result(picture.stem, mask.stem, name)
        cost = fill(model, damaged_file, mask, result, repeat=self.repeat)
        parallel = fill(model, damaged_file, mask, threads=2, repeat=self.repeat)
        quality = score.score(truth, hole, score.read(str(result)))
        return *quality, cost["cpu_ms"], parallel["wall_ms"] / parallel["cpu_ms"], cost["memory_bytes"] / hole.size

    def result(self, picture, mask, name):
        return self.directory / f"{picture}_{mask}_{name}.png"

    def print_table(self):
        print("| mask | model | PSNR | SSIM | SWD | CPU ratio | wall / CPU | bytes per pixel |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for (mask, name), rows in self.scores.items():
            psnr, ssim, swd, cpu, parallel, memory = rows.mean(axis=0)
            ratio = cpu / self.scores[mask, "navier-stokes"][:, 3].mean()
            print(f"| {mask} | {name} | {psnr:.2f} | {ssim:.3f} | {swd:.2f} | {ratio:.2f} | {parallel:.2f} "
                  f"| {memory:.0f} |")

    def write_sheet(self, file):
        """A row for each mask and picture, cut to the hole's surroundings: hole, truth, models."""
        rows = []
        for mask_name, mask in self.masks.items():
            hole = score.read(str(mask), cv2.IMREAD_GRAYSCALE)
            ys, xs = np.nonzero(hole > 127)
            window = np.s_[max(ys.min() - 24, 0):ys.max() + 24, max(xs.min() - 24, 0):xs.max() + 24]
            for picture in self.pictures:
                truth = score.read(str(picture))
                cells = [damaged(truth, hole), truth]
                cells += [score.read(str(self.result(picture.stem, mask_name, name))) for name in self.models]
                row = np.hstack([cv2.copyMakeBorder(cell[window], 2, 2, 2, 2, cv2.BORDER_CONSTANT) for cell in cells])
                rows.append(cv2.resize(row, (1500, row.shape[0] * 1500 // row.shape[1]), interpolation=cv2.INTER_AREA))
        cv2.imwrite(file, np.vstack(rows))


def misses(run):
    """The bars that the default model misses, as sentences."""
    found = []
    for mask, (psnr_bar, ssim_bar, swd_bar) in BARS.items():
        psnr, ssim, swd = run.scores[mask, "medium"].mean(axis=0)[:3]
        if psnr < psnr_bar or ssim < ssim_bar or swd > swd_bar:
            found.append(f"{mask}: PSNR {psnr:.2f}, SSIM {ssim:.3f}, SWD {swd:.2f}; "
                         f"the bars are {psnr_bar}, {ssim_bar}, {swd_bar}")
    return found


def large(width, height, directory):
    """A picture of a size, made of the shared ones side by side, each mirrored to its neighbours."""
    tile = cv2.imread(str(HERE / "data" / "images" / "grass.png"))
    tile = np.vstack([np.hstack([tile, tile[:, ::-1]]), np.hstack([tile[::-1], tile[::-1, ::-1]])])
    times = (height // tile.shape[0] + 1, width // tile.shape[1] + 1, 1)
    file = Path(directory) / f"{width}x{height}.png"
    cv2.imwrite(str(file), np.tile(tile, times)[:height, :width], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return file


def print_scaling(directory):
    print("| picture | hole | ns of CPU per pixel of the hole | bytes per pixel of the picture |")
    print("| --- | --- | --- | --- |")
    for width, height, side in ((512, 512, None), (4096, 2928, None), (1000, 1000, 100), (4000, 3000, 100),
                                (8000, 6250, 100)):
        picture = large(width, height, directory)
        hole = cv2.imread(str(HERE / "data" / "masks" / "blob.png"), cv2.IMREAD_GRAYSCALE)
        hole = cv2.resize(hole, (width, height), interpolation=cv2.INTER_NEAREST)
        if side:
            hole[:] = 0
            hole[height // 2:height // 2 + side, width // 2:width // 2 + side] = 255
        mask = Path(directory) / "mask.png"
        cv2.imwrite(str(mask), hole)
        cost = fill(MODELS["medium"], picture, mask, repeat=3)
        pixels = np.count_nonzero(hole)
        print(f"| {width}x{height} | {pixels} | {cost['cpu_ms'] * 1e6 / pixels:.0f} "
              f"| {cost['memory_bytes'] / (width * height):.1f} |")


def print_limit():
    data = HERE / "data"
    command = [BUILD / "engine_limit_bench", data / "images" / "brick.png", data / "masks" / "blob.png"]
    limit = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    share = limit["comparisons_per_pixel"] * limit["ns_per_comparison"] / limit["ns_per_pixel"]
    print(f"\n{limit['comparisons_per_pixel']:.1f} comparisons per pixel of the hole; a comparison in a loop of "
          f"nothing else takes {limit['ns_per_comparison']:.1f} ns; the whole work takes {limit['ns_per_pixel']:.0f} ns "
          f"per pixel, of which {100 * (1 - share):.0f} % is not comparisons.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--second-set", action="store_true")
    parser.add_argument("--sheet")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="inpaint-bench-") as directory:
        if options.scaling:
            return print_scaling(directory)
        own = sorted((HERE / "data" / "images").glob("*.png"))
        pictures = second_set.pictures() if options.second_set else own
        models = {"medium": MODELS["medium"]} if options.check else MODELS
        run = Run(pictures, models, directory, repeat=1 if options.check else 3)
        run.fill_all()
        if options.check:
            return sys.exit("\n".join(misses(run)) or 0)
        run.print_table()
        print_limit()
        if options.sheet:
            run.write_sheet(options.sheet)


if __name__ == "__main__":
    main()
