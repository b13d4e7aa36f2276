"""Pictures and masks made by numpy, encoded by PIL: programs that share nothing with ours."""
import functools
import io
import struct
import zlib

import numpy
from PIL import Image

MAGENTA = (255, 0, 255)


def truth(height, width):
    """A picture whose every part can be told from its surroundings: smooth gradients."""
    y, x = numpy.mgrid[0:height, 0:width]
    channels = [40 + 120 * x // width, 60 + 100 * y // height, 200 - 90 * (x + y) // (width + height)]
    return numpy.stack(channels, axis=-1).astype(numpy.uint8)


def holes(height, width):
    """True where the picture is to be filled: a box in the middle and one at the border."""
    mask = numpy.zeros((height, width), bool)
    mask[height // 3:height // 2, width // 3:width // 2] = True
    mask[:height // 8, -width // 8:] = True
    return mask


def damaged(picture, mask, colour=MAGENTA):
    picture = picture.copy()
    picture[mask] = colour
    return picture


def encode(pixels, format="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


def encode_mask(mask):
    return encode((mask * 255).astype(numpy.uint8))


def decode(data):
    return numpy.asarray(Image.open(io.BytesIO(data)))


@functools.cache
def pair(height=64, width=64):
    """A damaged picture and its mask, as files."""
    mask = holes(height, width)
    return encode(damaged(truth(height, width), mask)), encode_mask(mask)


@functools.cache
def slow_pair():
    """A picture that takes the engine many seconds: noise, nearly all of it a hole."""
    size = 2500
    noise = numpy.random.default_rng(1).integers(0, 255, (size, size, 3), numpy.uint8)
    mask = numpy.ones((size, size), bool)
    mask[:40], mask[:, :40] = False, False
    return encode(noise, compress_level=1), encode_mask(mask)


def png_of_size(width, height):
    """A small, valid PNG that claims and holds width x height black pixels of one bit."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    row = bytes(1 + (width + 7) // 8)
    compressor = zlib.compressobj(9)
    pixels = b"".join([compressor.compress(row) for _ in range(height)] + [compressor.flush()])
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
