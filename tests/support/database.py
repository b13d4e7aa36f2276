"""The database that belongs to a data directory: a file in it, or, below scripts/with-postgres, one of its own
on that server. Tests ask it in the SQL that the program uses, with its functions and `?` for values."""
import contextlib
import functools
import hashlib
import os
import pathlib
import sqlite3
import threading

ON_POSTGRES = "INPAINT_TEST_POSTGRES" in os.environ
_making = threading.Lock()
_UNCHANGED = ("hundredths", "tokens_of", "epoch_ms", "time_of", "tags_json", "tags_of")

if ON_POSTGRES:
    import psycopg2


def _connect_to_server(name):
    connection = psycopg2.connect(host=os.environ["DB_HOST"], port=os.environ["DB_PORT"],
                                  user=os.environ["POSTGRES_USER"], dbname=name)
    connection.autocommit = True
    return connection


@functools.cache
def _name_of(path):
    """Of the database that is made for this path the first time that it is asked for."""
    name = "test_" + hashlib.sha256(path.encode()).hexdigest()[:24]
    with contextlib.closing(_connect_to_server("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    return name


def name_of(data):
    with _making:
        return _name_of(str(pathlib.Path(data).resolve()))


def settings(data):
    """What tells the program to use it."""
    if not ON_POSTGRES:
        return {}
    return {name: os.environ[name] for name in ("DB_HOST", "DB_PORT", "POSTGRES_USER")} | {"POSTGRES_DB": name_of(data)}


def rows(data, query, *values):
    """Runs one statement. The rows that it gives, as tuples; ids as text."""
    if ON_POSTGRES:
        with contextlib.closing(_connect_to_server(name_of(data))) as connection, connection.cursor() as cursor:
            cursor.execute(query.replace("%", "%%").replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []
    with contextlib.closing(sqlite3.connect(pathlib.Path(data) / "inpaint.db")) as connection, connection:
        for name in _UNCHANGED:
            connection.create_function(name, 1, lambda value: value, deterministic=True)
        return connection.execute(query, values).fetchall()


def schema(data):
    """Everything that a schema is made of, in an order of its own."""
    if not ON_POSTGRES:
        return rows(data, "SELECT name, sql FROM sqlite_master ORDER BY name")
    return rows(data, "SELECT table_name, column_name || ' ' || data_type FROM information_schema.columns "
                      "WHERE table_schema = 'public' UNION ALL SELECT tablename, indexdef FROM pg_indexes "
                      "WHERE schemaname = 'public' ORDER BY 1, 2")
