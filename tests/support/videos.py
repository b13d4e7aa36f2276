"""Videos made and looked at by ffmpeg and ffprobe: programs that share nothing with ours but their libraries."""
import io
import json
import pathlib
import subprocess
import tempfile

import numpy
from PIL import Image

INTERPOLATED = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
X264 = "-c:v libx264 -pix_fmt yuv420p"


def ffmpeg(arguments):
    command = ["ffmpeg", "-y", "-nostdin", "-loglevel", "error", *arguments.split()]
    subprocess.run(command, check=True, capture_output=True)


def make(name, arguments):
    """The bytes of the file of that name that ffmpeg makes."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / name
        ffmpeg(f"{arguments} {file}")
        return file.read_bytes()


def remake(source, name, arguments, before=""):
    """What ffmpeg makes of the bytes of another video."""
    with tempfile.TemporaryDirectory() as directory:
        file, output = pathlib.Path(directory) / "source", pathlib.Path(directory) / name
        file.write_bytes(source)
        ffmpeg(f"{before} -i {file} {arguments} {output}")
        return output.read_bytes()


def pattern(seconds=3, size="160x96", rate=10, options=X264):
    """A moving test picture."""
    return make("clip.mp4", f"-f lavfi -i testsrc2=s={size}:r={rate}:d={seconds} {options}")


def frames(video):
    """The frames as ffmpeg shows them, as pixels, with colours interpolated between the samples of the video."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "video"
        file.write_bytes(video)
        ffmpeg(f"-i {file} -vsync passthrough -pix_fmt rgb24 -sws_flags {INTERPOLATED} {directory}/%06d.png")
        return [numpy.asarray(Image.open(picture)) for picture in sorted(pathlib.Path(directory).glob("*.png"))]


def probe(video):
    """What ffprobe says: {"video": stream, "audio": stream or missing, "times": of the pictures, in seconds}."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(video)
        file.flush()
        said = json.loads(subprocess.run(
            ["ffprobe", "-v", "error", "-show_streams", "-show_frames", "-show_entries", "frame=pts_time,media_type",
             "-of", "json", file.name], check=True, capture_output=True).stdout)
    found = {stream["codec_type"]: stream for stream in said["streams"]}
    found["times"] = [float(frame["pts_time"]) for frame in said["frames"] if frame["media_type"] == "video"]
    return found


def mask_of(width, height, box):
    """A mask with one hole: (left, top, right, bottom)."""
    mask = numpy.zeros((height, width), numpy.uint8)
    left, top, right, bottom = box
    mask[top:bottom, left:right] = 255
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return file.getvalue()
