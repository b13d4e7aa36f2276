"""G'MIC's classical ways to fill a hole, for comparison: patches in two ways, and transport by a differential equation."""
import subprocess

METHODS = ("inpaint", "inpaint_matchpatch", "inpaint_pde")


def fill(method, picture, mask, result):
    """All are PNG files. G'MIC takes every pixel of the mask that is not black for hole."""
    command = ["gmic", "-v", "-", str(picture), str(mask), "-channels[1]", "0", f"-{method}[0]", "[1]", "-keep[0]",
               "-output", str(result)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
