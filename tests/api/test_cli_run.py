"""`inpaint run`: pictures without a service; and what the program says of itself."""
import os
import pty
import re
import subprocess

import numpy
import pytest

from support.pictures import damaged, decode, encode, encode_mask, holes, pair, truth
from support.server import PROGRAM, REPOSITORY, run

MASK, TRUTH = holes(90, 120), truth(90, 120)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "image.png").write_bytes(encode(damaged(TRUTH, MASK)))
    (tmp_path / "mask.png").write_bytes(encode_mask(MASK))
    return tmp_path


def test_one_picture_is_repaired(files):
    finished = run("run", "image.png", "mask.png", "-o", "out.png", directory=files)
    assert finished.returncode == 0 and "[1/1] image.png -> out.png" in finished.stderr
    pixels = decode((files / "out.png").read_bytes())
    assert numpy.array_equal(pixels[~MASK], TRUTH[~MASK])
    assert numpy.abs(pixels[MASK].astype(int) - TRUTH[MASK]).mean() < 8
    assert sorted(path.name for path in files.iterdir()) == ["image.png", "mask.png", "out.png"]


@pytest.mark.parametrize("model", ["telea", "navier-stokes", "overlay", "default_inpainting"])
@pytest.mark.parametrize("quality", ["low", "high"])
def test_model_and_quality_are_chosen(files, model, quality):
    finished = run("run", "image.png", "mask.png", "-o", "out.jpg", "--model", model, "--quality", quality,
                   directory=files)
    assert finished.returncode == 0 and decode((files / "out.jpg").read_bytes()).shape == TRUTH.shape


def test_the_same_input_gives_the_same_bytes(files):
    for name in ("a.png", "b.png"):
        assert run("run", "image.png", "mask.png", "-o", name, directory=files).returncode == 0
    assert (files / "a.png").read_bytes() == (files / "b.png").read_bytes()


def test_the_samples_of_the_repository_are_repaired(tmp_path):
    samples = REPOSITORY / "samples"
    finished = run("run", samples / "coffee.png", samples / "coffee_mask.png", "-o", tmp_path / "out.png")
    before, after = decode((samples / "coffee.png").read_bytes()), decode((tmp_path / "out.png").read_bytes())
    mask = decode((samples / "coffee_mask.png").read_bytes()) > 0
    assert finished.returncode == 0
    assert numpy.array_equal(before[~mask], after[~mask]) and not numpy.array_equal(before[mask], after[mask])


def test_folders_are_repaired_and_what_fails_is_said(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    image, mask = pair()
    for name in ("a.png", "b.png", "c.png", "d.png", "broken.png", "notes.txt"):
        (tmp_path / "images" / name).write_bytes(image if name.endswith(".png") and name != "broken.png" else b"text")
    for name in ("a.png", "b_mask.png", "mask_c.png", "broken.png"):
        (tmp_path / "masks" / name).write_bytes(mask)
    finished = run("run", "--images", "images", "--masks", "masks", "--out", "out", directory=tmp_path)
    assert finished.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png", "c.png"]
    assert re.search(r"\[\d/5\] d\.png -> failed: there is no mask", finished.stderr)
    assert re.search(r"\[\d/5\] broken\.png -> failed: ", finished.stderr)
    assert "\r" not in finished.stderr  # plain lines where there is no terminal


def test_a_terminal_shows_a_progress_bar(files):
    mine, theirs = pty.openpty()
    process = subprocess.Popen([PROGRAM, "run", "image.png", "mask.png", "-o", "out.png"], cwd=files, stderr=theirs)
    assert process.wait(timeout=30) == 0
    os.close(theirs)
    shown = os.read(mine, 100_000).decode()
    os.close(mine)
    assert "\r[1/1] image.png ####" in shown and "image.png -> out.png" in shown


@pytest.mark.parametrize("arguments, sentence", [
    ([], "Give a picture"), (["image.png"], "Give a picture"), (["image.png", "mask.png"], "Give a picture"),
    (["image.png", "mask.png", "-o", "out.gif"], "OUT must end in .png, .jpg or .jpeg"),
    (["--images", "nowhere", "--masks", ".", "--out", "out"], "nowhere is not a directory"),
    (["image.png", "mask.png", "-o", "o.png", "--images", "."], "Give a picture"),
    (["image.png", "mask.png", "-o", "o.png", "--model", "magic"], "telea"),
    (["image.png", "mask.png", "-o", "o.png", "--quality", "best"], "medium"),
])
def test_bad_options_are_refused_with_what_is_allowed(files, arguments, sentence):
    finished = run("run", *arguments, directory=files)
    assert finished.returncode == 2 and finished.stderr.startswith("error: ") and sentence in finished.stderr


@pytest.mark.parametrize("image, mask, sentence", [
    ("nowhere.png", "mask.png", "cannot be opened"), ("image.png", "image.png", "black"),
    ("mask.png", "small.png", "size"),
    ("text.png", "mask.png", "neither a PNG nor a JPEG"),
])
def test_bad_files_are_refused_with_a_sentence(files, image, mask, sentence):
    (files / "small.png").write_bytes(pair(10, 10)[1])
    (files / "text.png").write_text("text")
    finished = run("run", image, mask, "-o", "out.png", directory=files)
    assert finished.returncode == 1 and sentence in finished.stderr and not (files / "out.png").exists()


def test_version_and_help():
    assert re.fullmatch(r"inpaint \d+\.\d+\.\d+\n", run("--version").stdout)
    text = run("--help").stdout
    for command in ("serve", "worker", "run", "migrate", "seed", "ledger"):
        assert f"\n  {command}  " in text
        finished = run(command, "--help")
        assert finished.returncode == 0 and "Usage: inpaint" in finished.stdout
    for name in ("PORT", "DATA_DIRECTORY", "WORKER_CONCURRENCY", "BCRYPT_SALT_ROUNDS", "JWT_EXPIRES_IN", "LOG_LEVEL"):
        assert name in run("serve", "--help").stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["ledger"], ["serve", "--nonsense"], ["--nonsense"]])
def test_an_unknown_command_points_to_the_help(arguments):
    finished = run(*arguments)
    assert finished.returncode == 2 and "inpaint --help" in finished.stderr
