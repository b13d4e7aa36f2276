"""Other classical ways to fill a hole, for comparison. Each takes a damaged picture and a mask (what is not black is
hole) and writes the result; all are PNG files."""
import subprocess
from functools import partial

import cv2
import numpy as np


def fill_by_shift_map(picture, mask, result):
    """OpenCV's xphoto: statistics of patch offsets (He and Sun 2012). It wants CIELAB, and 255 where it is known."""
    source = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2Lab)
    known = np.where(cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) == 0, 255, 0).astype(np.uint8)
    filled = np.zeros_like(source)
    cv2.xphoto.inpaint(source, known, filled, cv2.xphoto.INPAINT_SHIFTMAP)
    cv2.imwrite(str(result), cv2.cvtColor(filled, cv2.COLOR_Lab2BGR))


def fill_by_gmic(method, picture, mask, result):
    command = ["gmic", "-v", "-", str(picture), str(mask), "-channels[1]", "0", f"-{method}[0]", "[1]", "-keep[0]",
               "-output", str(result)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


SHIFT_MAP = {"shift map": fill_by_shift_map}
GMIC = {f"G'MIC {method}": partial(fill_by_gmic, method)
        for method in ("inpaint", "inpaint_matchpatch", "inpaint_pde")}
