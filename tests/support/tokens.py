"""Session tokens and links as a forger makes them who knows the secret."""
import base64
import hashlib
import hmac
import json


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(secret, claims, algorithm="HS256"):
    """A token signed as its header says."""
    head = encoded(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + "." + encoded(json.dumps(claims).encode())
    if algorithm == "none":
        return head + "."
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return head + "." + encoded(hmac.new(secret, head.encode(), digest).digest())


def claims_of(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
