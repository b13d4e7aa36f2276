"""An S3 server in memory that does wrong what a test wants: real ones don't fail on demand. It checks no signature."""
import contextlib
import datetime
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

HANG = "hang"  # takes the request and never answers


def error(code):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()


class Bucket:
    """What is stored, and `fault(method, key, query)`: None, HANG, or the (status, body) to answer instead."""

    def __init__(self):
        self.blobs, self.uploads, self.requests = {}, {}, []
        self.fault = lambda method, key, query: None
        self.released = threading.Event()
        self.settings = {}

    def answer(self, method, key, query, headers, body):
        """The status, more headers, and the body."""
        if "uploads" in query and method == "GET":
            return 200, {}, b"<ListMultipartUploadsResult/>"  # none that is old enough to be swept
        if "uploads" in query:
            upload = uuid.uuid4().hex
            self.uploads[upload] = {}
            return 200, {}, f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId>" \
                            "</InitiateMultipartUploadResult>".encode()
        if "uploadId" in query:
            return self.answer_of_upload(method, key, query, body)
        if not key:
            return self.list(query.get("prefix", [""])[0]) if method == "GET" else (200, {}, b"")
        if method == "PUT":
            self.blobs[key] = body
            return 200, {"ETag": '"1"'}, b""
        if method == "DELETE":
            self.blobs.pop(key, None)
            return 204, {}, b""
        if key not in self.blobs:
            return 404, {}, error("NoSuchKey")
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("Range", ""))
        blob = self.blobs[key]
        return (206, {}, blob[int(wanted[1]):int(wanted[2]) + 1]) if wanted else (200, {}, blob)

    def answer_of_upload(self, method, key, query, body):
        upload = query["uploadId"][0]
        if upload not in self.uploads:
            return 404, {}, error("NoSuchUpload")
        if method == "PUT":
            self.uploads[upload][int(query["partNumber"][0])] = body
            return 200, {"ETag": f'"{query["partNumber"][0]}"'}, b""
        parts = self.uploads.pop(upload)
        if method == "POST":
            self.blobs[key] = b"".join(parts[number] for number in sorted(parts))
        return 200, {}, b"<CompleteMultipartUploadResult/>"

    def list(self, prefix):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        entries = "".join(f"<Contents><Key>{escape(key)}</Key><Size>{len(blob)}</Size><LastModified>{now}</LastModified>"
                          "</Contents>" for key, blob in self.blobs.items() if key.startswith(prefix))
        return 200, {}, f"<ListBucketResult>{entries}</ListBucketResult>".encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        bucket = self.server.bucket
        address = urlsplit(self.path)
        key = address.path.removeprefix("/bucket").removeprefix("/")
        query = parse_qs(address.query, keep_blank_values=True)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        bucket.requests.append((self.command, key))
        fault = bucket.fault(self.command, key, query)
        if fault == HANG:
            bucket.released.wait(60)
            self.close_connection = True
            return
        status, headers, content = (fault[0], {}, fault[1]) if fault else \
            bucket.answer(self.command, key, query, self.headers, body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

    def log_message(self, *_):
        pass


class FakeServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that is gone


@contextlib.contextmanager
def running():
    """A Bucket behind a server; `settings` tells the program to use it."""
    server = FakeServer(("127.0.0.1", 0), Handler)
    server.bucket = bucket = Bucket()
    bucket.settings = {"S3_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "S3_BUCKET": "bucket",
                       "S3_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield bucket
    finally:
        bucket.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
