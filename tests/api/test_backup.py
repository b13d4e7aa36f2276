"""Back-up while the service runs, and restore into an empty installation, as docs/operations.md says it."""
import os
import shutil
import sqlite3
import subprocess
import threading

import pytest

from support import database
from support.client import Client, register
from support.pictures import pair
from support.server import Server, run, verify_ledger
from support.storage import ON_S3

pytestmark = pytest.mark.skipif(ON_S3, reason="a bucket is copied by its own tools")


def postgres(program, *arguments):
    settings = [f"--host={os.environ['DB_HOST']}", f"--port={os.environ['DB_PORT']}",
                f"--username={os.environ['POSTGRES_USER']}"]
    subprocess.run([program, *settings, *map(str, arguments)], check=True, timeout=60)


def back_up(data, backup):
    backup.mkdir()
    if database.ON_POSTGRES:
        postgres("pg_dump", "--format=custom", f"--file={backup / 'inpaint.dump'}", database.name_of(data))
    else:  # what `sqlite3 inpaint.db ".backup …"` does
        source, copy = sqlite3.connect(data / "inpaint.db"), sqlite3.connect(backup / "inpaint.db")
        source.backup(copy)
        source.close()
        copy.close()
    shutil.copytree(data / "uploads", backup / "uploads")
    shutil.copy2(data / "jwt_secret", backup)


def restore(backup, data):
    shutil.copytree(backup, data)
    if database.ON_POSTGRES:
        postgres("pg_restore", f"--dbname={database.name_of(data)}", backup / "inpaint.dump")


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
        back_up(data, tmp_path / "backup")
        done.set()
        uploads.join()
    restore(tmp_path / "backup", restored)
    assert run("migrate", "--data-directory", restored).returncode == 0
    verify_ledger(restored)
    with Server(restored) as server:
        same = Client(server.url, user.token)  # sessions and links go on
        assert same.get(link).content == result and same.balance() == round(100 - 2 * 0.65 - 2 * 2.75, 2)
        for key, in database.rows(restored, "SELECT image_path FROM dataset_items"):
            assert (restored / "uploads" / key).is_file()
        same.complete(name)
    verify_ledger(restored)
