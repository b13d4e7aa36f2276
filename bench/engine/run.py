#!/usr/bin/python3
"""Quality and cost of every model on pictures whose truth is known, beside what they must reach.

usage: bench/engine/run.py [--second-set] [--gmic] [--sheet FILE.png]
       bench/engine/run.py --check

Prints, for each mask, the means over the pictures of PSNR, SSIM and SWD inside the hole (see score.py), the processor
time as a multiple of cv::inpaint's (Navier-Stokes, radius 5, the whole picture; the median of the multiples of several
rounds), wall by processor time on two threads, and the memory in bytes per pixel of the largest region worked on. Then
how the cost grows with the picture, and how far it is from a loop of nothing but comparisons. --second-set takes
pictures that the engine was not tuned on instead, from Debian packages that it downloads, and judges the quality beside
Telea's method, Navier-Stokes, and xphoto's SHIFTMAP, which takes ten minutes. --gmic adds G'MIC's methods to the table
of quality; nothing is judged by them. --sheet also writes a contact sheet: hole, truth, each model. --check, for
./test, looks at the quality alone, of the program as it is built: `inpaint run`.
"""
import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

import others
import score
import second_set

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import BUILD, INPAINT, Table, build

DATA = Path(__file__).resolve().parent / "data"
MASKS = {file.stem: file for file in sorted((DATA / "masks").glob("*.png"))}
YARDSTICK = "cv::inpaint"
# Name: model, quality.
MODELS = {
    "low": ("default_inpainting", "low"),
    "medium": ("default_inpainting", "medium"),
    "high": ("default_inpainting", "high"),
    "telea": ("telea", "medium"),
    "navier-stokes": ("navier-stokes", "medium"),
    YARDSTICK: (YARDSTICK, "medium"),
}
# PSNR and SSIM at least, SWD at most, of the default model at medium quality over the shared pictures.
QUALITY_BARS = {"blob": (15.2, 0.43, 7.5), "box": (15.6, 0.44, 11.0), "text": (19.6, 0.61, 4.5)}
CPU_BARS = {"low": 1, "medium": 2, "high": 6}
PSNR, SSIM, SWD, CPU, PARALLEL, MEMORY = range(6)


def bench(program, *arguments):
    """What a benchmark program says."""
    command = [str(part) for part in (BUILD / "bench" / "engine" / program, *arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def fill(model, picture, mask, result="-", threads=1, repeat=1):
    return bench("engine_bench", *model, threads, repeat, picture, mask, result)


def damaged(picture, hole):
    result = picture.copy()
    result[hole > 127] = 255
    return result


def write_damaged(picture, mask, directory):
    file = Path(directory) / "damaged.png"
    cv2.imwrite(str(file), damaged(score.read(str(picture)), score.read(str(mask), cv2.IMREAD_GRAYSCALE)))
    return file


def quality(picture, mask, result):
    """PSNR, SSIM, SWD."""
    return score.score(score.read(str(picture)), score.read(str(mask), cv2.IMREAD_GRAYSCALE), score.read(str(result)))


class Run:
    """Fills every picture with every mask and model, into a directory. The processor is not equally fast all the time,
    so the models take turns, `rounds` times, and each is compared with the yardstick of its own round."""

    def __init__(self, pictures, directory, rounds):
        self.pictures, self.directory, self.rounds = pictures, Path(directory), rounds
        self.means = {}  # (mask, model name): PSNR, SSIM, SWD, CPU by the yardstick's, wall / CPU, bytes per pixel
        for mask in MASKS:
            rows = [self.rows(picture, mask) for picture in pictures]
            for name in MODELS:
                self.means[mask, name] = np.mean([row[name] for row in rows], axis=0)

    def rows(self, picture, mask):
        """Of each model, by its name."""
        hole = write_damaged(picture, MASKS[mask], self.directory)
        results = {name: self.result(picture, mask, name) for name in MODELS}
        rounds = []
        for turn in range(self.rounds):
            names = list(MODELS)[::-1 if turn % 2 else 1]  # or who follows whom would count
            rounds.append({name: self.costs(name, hole, mask, results[name]) for name in names})
        return {name: (*quality(picture, MASKS[mask], results[name]),
                       np.median([turn[name][0] / turn[YARDSTICK][0] for turn in rounds]),
                       *np.median([turn[name][1:] for turn in rounds], axis=0)) for name in MODELS}

    def costs(self, name, hole, mask, result):
        """CPU in ms, wall by CPU time on two threads, bytes per pixel."""
        cost = fill(MODELS[name], hole, MASKS[mask], result, repeat=2)
        parallel = fill(MODELS[name], hole, MASKS[mask], threads=2, repeat=2)
        return cost["cpu_ms"], parallel["wall_ms"] / parallel["cpu_ms"], cost["memory_bytes"] / cost["region_pixels"]

    def result(self, picture, mask, name):
        return self.directory / f"{picture.stem}_{mask}_{name.replace(':', '')}.png"

    def print_table(self):
        print("| mask | model | PSNR | SSIM | SWD | CPU ratio | wall / CPU | bytes per pixel |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for (mask, name), row in self.means.items():
            print(f"| {mask} | {name} | {row[PSNR]:.2f} | {row[SSIM]:.3f} | {row[SWD]:.2f} "
                  f"| {row[CPU]:.2f} | {row[PARALLEL]:.2f} | {row[MEMORY]:.0f} |")
        print()

    def print_others(self, methods):
        """The quality of other people's methods, beside the table."""
        result = self.directory / "other.png"
        print("| mask | method | PSNR | SSIM | SWD |")
        print("| --- | --- | --- | --- | --- |")
        for mask, (name, fill_by_method) in itertools.product(MASKS, methods.items()):
            rows = []
            for picture in self.pictures:
                fill_by_method(write_damaged(picture, MASKS[mask], self.directory), MASKS[mask], result)
                rows.append(quality(picture, MASKS[mask], result))
            row = self.means[mask, name] = np.mean(rows, axis=0)
            print(f"| {mask} | {name} | {row[PSNR]:.2f} | {row[SSIM]:.3f} | {row[SWD]:.2f} |")
        print()

    def judge_cost(self, table):
        for name, bar in CPU_BARS.items():
            table.at_most(f"CPU, {name}, blob, cv::inpaint = 1", self.means["blob", name][CPU], bar)
        table.at_most("wall / CPU on two threads, medium, blob", self.means["blob", "medium"][PARALLEL], 0.6)

    def judge_beside_opencv(self, table):
        """On pictures that nobody tuned on: ahead in texture, not behind in what PSNR and SSIM measure."""
        for mask in MASKS:
            ours = self.means[mask, "medium"]
            diffusions = [self.means[mask, name] for name in ("telea", "navier-stokes")]
            theirs = [*diffusions, *(self.means[mask, name] for name in others.SHIFT_MAP)]
            best_swd = min(row[SWD] for row in theirs)
            if mask == "text":
                table.at_most("text, SWD, beside the worst", ours[SWD], max(row[SWD] for row in theirs))
            else:
                table.below(f"{mask}, SWD, beside the best", ours[SWD], best_swd)
            pick, which = (max, "best") if mask == "text" else (min, "worst")
            for measure, column in (("PSNR", PSNR), ("SSIM", SSIM)):
                table.at_least(f"{mask}, {measure}, beside the {which}", ours[column],
                               pick(row[column] for row in theirs), "{:.3f}")
                lesser = min(row[column] for row in diffusions)
                table.add(f"  the lesser of the two diffusions' {measure}", f"{lesser:.3f}")

    def write_sheet(self, file):
        """A row for each mask and picture, cut to the hole's surroundings: hole, truth, models."""
        rows = []
        shown = [name for name in MODELS if name != YARDSTICK]
        for mask in MASKS:
            hole = score.read(str(MASKS[mask]), cv2.IMREAD_GRAYSCALE)
            ys, xs = np.nonzero(hole > 127)
            window = np.s_[max(ys.min() - 24, 0):ys.max() + 24, max(xs.min() - 24, 0):xs.max() + 24]
            for picture in self.pictures:
                truth = score.read(str(picture))
                cells = [damaged(truth, hole), truth]
                cells += [score.read(str(self.result(picture, mask, name))) for name in shown]
                row = np.hstack([cv2.copyMakeBorder(cell[window], 2, 2, 2, 2, cv2.BORDER_CONSTANT) for cell in cells])
                rows.append(cv2.resize(row, (1400, row.shape[0] * 1400 // row.shape[1]), interpolation=cv2.INTER_AREA))
        cv2.imwrite(file, np.vstack(rows), [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_JPEG_QUALITY, 82])


def judge_quality(means, table):
    """means: by mask."""
    for mask, (psnr, ssim, swd) in QUALITY_BARS.items():
        table.at_least(f"{mask}, PSNR", means[mask][PSNR], psnr)
        table.at_least(f"{mask}, SSIM", means[mask][SSIM], ssim, "{:.3f}")
        table.at_most(f"{mask}, SWD", means[mask][SWD], swd)


def large(width, height, directory):
    """A picture of a size, made of a shared one and its mirror images side by side."""
    tile = cv2.imread(str(DATA / "images" / "grass.png"))
    tile = np.vstack([np.hstack([tile, tile[:, ::-1]]), np.hstack([tile[::-1], tile[::-1, ::-1]])])
    times = (height // tile.shape[0] + 1, width // tile.shape[1] + 1, 1)
    file = Path(directory) / f"{width}x{height}.png"
    cv2.imwrite(str(file), np.tile(tile, times)[:height, :width], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return file


def square_hole(width, height, side):
    hole = np.zeros((height, width), np.uint8)
    hole[height // 2:height // 2 + side, width // 2:width // 2 + side] = 255
    return hole


def costs_of(holes, directory):
    """For each hole, by name: (ns of CPU per pixel of the hole, bytes per pixel of the largest region). They take
    turns, because the processor is not equally fast all the time."""
    files = {}
    for name, hole in holes.items():
        height, width = hole.shape
        mask = Path(directory) / f"mask_{name}.png"
        cv2.imwrite(str(mask), hole)
        files[name] = large(width, height, directory), mask
    rounds = [{name: fill(MODELS["medium"], *pair, repeat=3) for name, pair in files.items()} for _ in range(5)]
    return {
        name: (min(turn[name]["cpu_ms"] for turn in rounds) * 1e6 / np.count_nonzero(hole),
               rounds[0][name]["memory_bytes"] / rounds[0][name]["region_pixels"])
        for name, hole in holes.items()
    }


def judge_scaling(directory, table):
    masks = {name: cv2.imread(str(MASKS[name]), cv2.IMREAD_GRAYSCALE) for name in ("blob", "text")}
    wide = {name: cv2.resize(mask, (4096, 2928), interpolation=cv2.INTER_NEAREST) for name, mask in masks.items()}
    relative = costs_of({"small": masks["blob"], "large": wide["blob"], "text": wide["text"]}, directory)
    table.add("ns per pixel of the hole, blob, 512x512", f"{relative['small'][0]:.0f}")
    table.at_most("the same in 12 megapixels, 512x512 = 1", relative["large"][0] / relative["small"][0], 1.3)
    table.at_most("bytes per pixel worked on, 12 megapixels, blob", relative["large"][1], 40, "{:.0f}")
    table.at_most("bytes per pixel worked on, 12 megapixels, text", relative["text"][1], 40, "{:.0f}")
    sizes = ((1000, 1000), (4000, 3000), (8000, 6250))
    costs = costs_of({width: square_hole(width, height, 100) for width, height in sizes}, directory)
    same = [cost for cost, _ in costs.values()]
    table.add("ns per pixel of 10,000, in 1, 12, 50 megapixels", ", ".join(f"{cost:.0f}" for cost in same))
    table.at_most("slowest of them, fastest = 1", max(same) / min(same), 1.5)


def print_limit():
    limit = bench("engine_limit_bench", DATA / "images" / "brick.png", MASKS["blob"])
    share = limit["comparisons_per_pixel"] * limit["ns_per_comparison"] / limit["ns_per_pixel"]
    print(f"{limit['comparisons_per_pixel']:.1f} comparisons per pixel of the hole; a comparison in a loop of nothing "
          f"else takes {limit['ns_per_comparison']:.1f} ns; the whole work takes {limit['ns_per_pixel']:.0f} ns per "
          f"pixel, of which {100 * (1 - share):.0f} % is not comparisons.\n")


def check(pictures, directory, table):
    result = Path(directory) / "result.png"
    means = {}
    for mask in MASKS:
        rows = []
        for picture in pictures:
            hole = write_damaged(picture, MASKS[mask], directory)
            subprocess.run([INPAINT, "run", hole, MASKS[mask], "-o", result], check=True, capture_output=True)
            rows.append(quality(picture, MASKS[mask], result))
        means[mask] = np.mean(rows, axis=0)
    judge_quality(means, table)


def measure(options, pictures, directory, table):
    build("engine_bench", "engine_limit_bench")
    run = Run(pictures, directory, rounds=1 if options.second_set else 7)
    run.print_table()
    if options.gmic:
        run.print_others(others.GMIC)
    if options.second_set:
        run.print_others(others.SHIFT_MAP)
        run.judge_beside_opencv(table)
    else:
        judge_quality({mask: run.means[mask, "medium"] for mask in MASKS}, table)
        run.judge_cost(table)
        judge_scaling(directory, table)
        print_limit()
    if options.sheet:
        run.write_sheet(options.sheet)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--second-set", action="store_true")
    parser.add_argument("--gmic", action="store_true")
    parser.add_argument("--sheet")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    pictures = second_set.pictures() if options.second_set else sorted((DATA / "images").glob("*.png"))
    table = Table()
    with tempfile.TemporaryDirectory(prefix="inpaint-bench-") as directory:
        if options.check:
            check(pictures, directory, table)
        else:
            measure(options, pictures, directory, table)
    table.finish()


if __name__ == "__main__":
    main()
