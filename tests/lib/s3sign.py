#!/usr/bin/env python3
"""One signed S3 request, for what tests need beside regadm: s3sign.py METHOD URL ACCESS SECRET [FILE|-] [NAME:VALUE]...

A second implementation of Signature Version 4 on purpose. Prints the body of the answer; its status, when it is none
of 2xx, on standard error, with exit status 1.
"""
import hashlib
import hmac
import http.client
import sys
import time
from urllib.parse import parse_qsl, quote, unquote, urlsplit


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def request(method, url, access, secret, body=b"", extra=()):
    parts = urlsplit(url)
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": parts.netloc, "x-amz-date": now, "x-amz-content-sha256": digest, **dict(extra)}
    path = quote(unquote(parts.path or "/"), safe="/-_.~")
    query = "&".join(sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}"
                            for k, v in parse_qsl(parts.query, keep_blank_values=True)))
    names = sorted(headers)
    canonical = "\n".join([method, path, query, *(f"{n}:{headers[n]}" for n in names), "", ";".join(names), digest])
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = sign(sign(sign(sign(b"AWS4" + secret.encode(), now[:8]), "us-east-1"), "s3"), "aws4_request")
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={';'.join(names)}, "
                                f"Signature={sign(key, text).hex()}")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request(method, path + (f"?{query}" if query else ""), body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def main():
    method, url, access, secret, *rest = sys.argv[1:]
    body = b""
    if rest and ":" not in rest[0]:
        name = rest.pop(0)
        body = sys.stdin.buffer.read() if name == "-" else open(name, "rb").read()
    status, text = request(method, url, access, secret, body, [h.split(":", 1) for h in rest])
    sys.stdout.buffer.write(text)
    if status // 100 != 2:
        sys.exit(f"s3sign: {method} {url}: {status}")


if __name__ == "__main__":
    main()
