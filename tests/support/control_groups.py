"""Limits as a container has them, by the control groups of this machine."""
import contextlib
import os
import pathlib

import pytest


def _own_group(controller):
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return pathlib.Path(f"/sys/fs/cgroup/{controller}{path}")
    raise OSError(f"there is no hierarchy of version 1 for {controller}")


def _group(controller):
    return _own_group(controller) / f"inpaint-test-{os.getpid()}"


@contextlib.contextmanager
def limited(controller, file, value):
    """What is started in it is in a control group with that limit, and stays there."""
    try:
        own = _own_group(controller)
        group = _group(controller)
        group.mkdir(exist_ok=True)
        (group / file).write_text(str(value))
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError as error:
        pytest.skip(f"needs control groups of version 1 that it may write to: {error}")
    try:
        yield
    finally:
        (own / "cgroup.procs").write_text(str(os.getpid()))


def remove(controller):
    """Of limited(), after all that was started in it has ended. If there is one."""
    with contextlib.suppress(OSError):
        _group(controller).rmdir()
