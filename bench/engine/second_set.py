"""Pictures that the engine was not tuned on: photographs from Debian packages, cut to 512x512 squares.

The packages are downloaded (not installed) once into build/second-set; their copyright files name the authors, and
the licences are free ones.
"""
import subprocess
import sys
from pathlib import Path

import cv2

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "build" / "second-set"
PACKAGES = ("lomiri-wallpapers-16.04", "mate-backgrounds")
PHOTOGRAPHS = (
    "Picture_1A_by_freespace", "Wine_by_Jakkub_Mede", "aitzgorri_by_Aitzol_Berasategi", "friends_by_Aitzol_Berasategi",
    "life_by_Aitzol_Berasategi", "picosdeeuropa_by_Aitzol_Berasategi", "Dune", "GreenMeadow", "RainDrops", "Wood",
)
SIDE = 512


def pictures():
    """The PNG files of the set, made when they are missing."""
    squares = DIRECTORY / "squares"
    files = [squares / f"{name}.png" for name in PHOTOGRAPHS]
    if not all(file.exists() for file in files):
        squares.mkdir(parents=True, exist_ok=True)
        for package in PACKAGES:
            if not any(DIRECTORY.glob(f"{package}_*.deb")):
                subprocess.run(["apt-get", "download", package], cwd=DIRECTORY, check=True)
            archive = next(DIRECTORY.glob(f"{package}_*.deb"))
            subprocess.run(["dpkg-deb", "-x", archive, DIRECTORY / "unpacked"], check=True)
        for file in files:
            cv2.imwrite(str(file), square(file.stem))
    return files


def square(name):
    """The middle square of a photograph, made small."""
    found = next(iter((DIRECTORY / "unpacked").rglob(f"{name}.jpg")), None)
    if found is None:
        sys.exit(f"second_set.py: the packages hold no {name}.jpg")
    picture = cv2.imread(str(found))
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    picture = picture[top:top + side, left:left + side]
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
