"""Back-up while the service runs, and restore into an empty installation: the commands of docs/operations.md, as they
stand there."""
import re
import subprocess
import threading

import pytest

from support import database
from support.client import Client, register
from support.pictures import pair
from support.server import PROGRAM, REPOSITORY, Server, environment, verify_ledger
from support.storage import ON_S3, blobs

# Each recipe is of one engine: the bucket's is that of SQLite with files in a bucket.
pytestmark = pytest.mark.skipif(ON_S3 and database.ON_POSTGRES, reason="its parts are tested by themselves")
KIND = "bucket" if ON_S3 else "postgres" if database.ON_POSTGRES else "sqlite"


def follow(recipe, data):
    """Runs the commands that stand under this name, beside the data directory."""
    page = (REPOSITORY / "docs/operations.md").read_text()
    commands = re.search(f"<!-- recipe: {recipe} -->\n```bash\n(.*?)```", page, re.S).group(1)
    settings = environment({"DATA_DIRECTORY": str(data)}, data)
    settings.setdefault("POSTGRES_PASSWORD", "")
    settings["PATH"] = f"{PROGRAM.parent}:{settings['PATH']}"
    finished = subprocess.run(["bash", "-euc", commands], cwd=data.parent, env=settings, text=True, capture_output=True,
                              timeout=120)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_a_backup_made_while_it_runs_is_restored_and_verified(tmp_path):
    data, restored = tmp_path / "data", tmp_path / "restored"
    with Server(data) as server:
        user = register(server.url)
        name = user.create_dataset_with(pair(), pair())
        inference = user.complete(name)
        link = user.results(inference)[0]["downloadUrl"]
        result = user.get(link).content
        done = threading.Event()

        def keep_uploading():
            busy = register(server.url)
            into = busy.create_dataset()
            while not done.is_set():
                busy.upload(into, *pair())

        uploads = threading.Thread(target=keep_uploading)
        uploads.start()
        follow(f"{KIND} back-up", data)
        done.set()
        uploads.join()
    follow(f"{KIND} restore", restored)
    with Server(restored) as server:
        same = Client(server.url, user.token)  # sessions and links go on
        assert same.get(link).content == result and same.balance() == round(100 - 2 * 0.65 - 2 * 2.75, 2)
        keys = {key for key, in database.rows(restored, "SELECT image_path FROM dataset_items")}
        assert len(keys) >= 2 and keys <= set(blobs(restored))
        same.complete(name)
    verify_ledger(restored)
