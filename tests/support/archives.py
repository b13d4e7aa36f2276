"""ZIP archives made at test time: by Python's zipfile, by Info-ZIP's zip, and by hand for what neither writes."""
import functools
import io
import pathlib
import stat
import struct
import subprocess
import tempfile
import zipfile
import zlib

from support.pictures import pair


def pairs(count, folder="", size=(64, 64)):
    """The files image_1.png + mask_1.png and so on: {path: bytes}."""
    image, mask = pair(*size)
    files = {}
    for number in range(1, count + 1):
        files[f"{folder}image_{number}.png"] = image
        files[f"{folder}mask_{number}.png"] = mask
    return files


def archive(files, method=zipfile.ZIP_DEFLATED, zip64=False, output=None):
    """A ZIP of {path or ZipInfo: bytes}; a path that ends in a slash is a folder."""
    file = io.BytesIO()
    with zipfile.ZipFile(output or file, "w", method) as writer:
        for path, data in files.items():
            info = zipfile.ZipInfo(path) if isinstance(path, str) else path
            info.compress_type = method
            with writer.open(info, "w", force_zip64=zip64) as entry:
                entry.write(data)
    return file.getvalue()


class Unseekable(io.RawIOBase):
    """A pipe: zipfile then writes sizes behind the data, as streaming programs do."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


def symbolic_link(path):
    info = zipfile.ZipInfo(path)
    info.create_system = 3  # Unix
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted(files):
    """By zip -P, with a password."""
    with tempfile.TemporaryDirectory() as directory:
        for path, data in files.items():
            file = pathlib.Path(directory, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        subprocess.run(["zip", "-q", "-r", "-P", "secret", "out.zip", *files], cwd=directory, check=True)
        return pathlib.Path(directory, "out.zip").read_bytes()


class Raw:
    """Writes the records of a ZIP one by one, so that they can lie."""

    def __init__(self):
        self.body = bytearray()
        self.directory = bytearray()
        self.entries = 0

    @staticmethod
    @functools.lru_cache(maxsize=4)
    def deflate(data):
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        return compressor.compress(data) + compressor.flush(), zlib.crc32(data)

    def add(self, name, data, size=None, flags=0, offset=None, directory_size=None):
        """Adds an entry. `name`: bytes. `size`: what the headers claim it expands to. `offset`: where the list says
        that it begins."""
        packed, crc = self.deflate(data)
        size = len(data) if size is None else size
        listed = size if directory_size is None else directory_size
        at = len(self.body) if offset is None else offset
        if offset is None:
            self.body += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, flags, 8, 0, 0x21, crc, len(packed), size,
                                     len(name), 0) + name + packed
        self.directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, flags, 8, 0, 0x21, crc, len(packed),
                                      listed, len(name), 0, 0, 0, 0, 0, at) + name
        self.entries += 1
        return at

    def finish(self):
        count = min(self.entries, 0xFFFF)
        end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(self.directory), len(self.body), 0)
        return bytes(self.body + self.directory + end)
