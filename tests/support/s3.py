"""A client for S3 in a few lines, with signatures that are made here: another opinion on those of the program."""
import datetime
import hashlib
import hmac
import os
import re
from urllib.parse import quote

import requests


def request(method, path, query=None, body=b""):
    """Asks the server of scripts/with-s3 for /BUCKET or /BUCKET/KEY."""
    endpoint, region = os.environ["S3_ENDPOINT"], os.environ["S3_REGION"]
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    parameters = "&".join(f"{quote(name, '')}={quote(value, '')}" for name, value in sorted((query or {}).items()))
    headers = {"host": endpoint.split("://")[1], "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
               "x-amz-date": now}
    canonical = "\n".join([method, path, parameters, *(f"{name}:{value}" for name, value in headers.items()), "",
                           ";".join(headers), headers["x-amz-content-sha256"]])
    scope = f"{now[:8]}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in [*scope.split("/"), text]:
        key = hmac.digest(key, part.encode(), "sha256")
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
                                f"SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={key.hex()}")
    answer = requests.request(method, endpoint + path + ("?" + parameters if parameters else ""), headers=headers,
                              data=body, timeout=30)
    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer


def make_bucket(name):
    request("PUT", f"/{name}")


def keys(bucket):
    """Of every blob in the bucket."""
    found, following = [], {}
    while following is not None:
        page = request("GET", f"/{bucket}", {"list-type": "2", **following}).text
        found += re.findall("<Key>(.*?)</Key>", page)
        token = re.search("<NextContinuationToken>(.*?)</NextContinuationToken>", page)
        following = {"continuation-token": token[1]} if token else None
    return found


def open_uploads(bucket):
    return re.findall("<UploadId>(.*?)</UploadId>", request("GET", f"/{bucket}", {"uploads": ""}).text)
