"""The blobs that belong to a data directory: files in it, or, below scripts/with-s3, a bucket of its own on that
server."""
import functools
import hashlib
import os
import pathlib
import threading

from support import s3

ON_S3 = "INPAINT_TEST_S3" in os.environ
_making = threading.Lock()


@functools.cache
def _bucket_of(path):
    """Made for this path the first time that it is asked for."""
    name = "test-" + hashlib.sha256(path.encode()).hexdigest()[:24]
    s3.make_bucket(name)
    return name


def bucket_of(data):
    with _making:
        return _bucket_of(str(pathlib.Path(data).resolve()))


def settings(data):
    """What tells the program to use it."""
    if not ON_S3:
        return {}
    names = ("S3_ENDPOINT", "S3_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "STORAGE_REDIRECT")
    return {name: os.environ[name] for name in names if name in os.environ} | {"S3_BUCKET": bucket_of(data)}


def blobs(data, ending=""):
    """The keys that end so, sorted."""
    if ON_S3:
        return sorted(key for key in s3.keys(bucket_of(data)) if key.endswith(ending))
    uploads = pathlib.Path(data) / "uploads"
    return sorted(str(path.relative_to(uploads)) for path in uploads.rglob("*" + ending) if path.is_file())


def is_stored(data, key):
    """By asking for it. A Swift that is killed at the wrong moment has what it never lists."""
    if not ON_S3:
        return (pathlib.Path(data) / "uploads" / key).is_file()
    try:
        s3.request("GET", f"/{bucket_of(data)}/{key}")
    except AssertionError:
        return False
    return True


def copy(data, key, new_keys):
    """Stores what is under the key under others too."""
    if ON_S3:
        content = s3.request("GET", f"/{bucket_of(data)}/{key}").content
        for new_key in new_keys:
            s3.request("PUT", f"/{bucket_of(data)}/{new_key}", body=content)
    else:
        uploads = pathlib.Path(data) / "uploads"
        for new_key in new_keys:
            os.link(uploads / key, uploads / new_key)
