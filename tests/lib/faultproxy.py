#!/usr/bin/env python3
"""An HTTP proxy on loopback that makes a network and a server worse than they are.

    faultproxy.py --to PORT [--delay MS] [--fault KIND [--every N] [--match REGEX] [--times N]] [--ages FOLDER]
                  [--tls CERTIFICATE KEY]

Prints the port it listens on, then serves until it is killed or its parent ends. --tls has clients speak TLS with it.
--ages is no fault, but lets tests give objects an age: those of /BUCKET/NAME/... that the file FOLDER/NAME lists, one
"SECONDS KEY" a line, were last modified then, until somebody writes them anew. Every N-th request whose "METHOD PATH"
matches gets the fault, at most --times in all. Kinds:

    slowdown, 500   the server is not asked; the answer is 503 SlowDown, or 500 InternalError
    refuse          the connection is cut before the server is asked
    gone            the proxy ends, and nobody can be reached any more
    reset           the answer's body breaks off with a reset in the middle
    cut             half of the body comes, with a length that fits: an XML document without its end
    long            the head promises more bytes than come
    lost            the server acts, and its answer never comes
    error200        the server is not asked; status 200 with an <Error> in the body
    skewed          403 RequestTimeTooSkewed, the Date an hour ahead
    region          301 PermanentRedirect that names another region
    stray           the server is not asked; a listing of one key that is shorter than the prefix asked for
"""
import argparse
import asyncio
import email.utils
import os
import re
import socket
import ssl
import struct
import sys
import time
import urllib.parse


def error(code, message=""):
    return f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


STRAY = (b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>%s/</Key><Size>1</Size>"
         b"<LastModified>2020-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>")


class Ages:
    """Last-Modified as tests want it."""

    def __init__(self, folder):
        self.folder, self.files = folder, {}

    def table(self, path):
        """Of the test whose object or listing this is."""
        file = os.path.join(self.folder, (path.split("/") + [""] * 3)[2] or "none")
        try:
            stamp = os.stat(file).st_mtime_ns
        except FileNotFoundError:
            return {}
        if self.files.get(file, (None,))[0] != stamp:
            with open(file, errors="surrogateescape") as f:
                self.files[file] = stamp, dict(reversed(line.rstrip("\n").split(" ", 1)) for line in f)
        return self.files[file][1]

    def turn(self, what, head, body):
        method, target = what.split(" ", 1)
        path, _, query = target.partition("?")
        path, prefix = urllib.parse.unquote(path), dict(urllib.parse.parse_qsl(query)).get("prefix")
        if method in ("PUT", "POST"):
            self.table(path).pop(path, None)
        elif prefix:
            bucket = path.rstrip("/")
            table = self.table(f"{bucket}/{prefix}")
            body = re.sub(rb"<Key>([^<]*)</Key><LastModified>[^<]*", lambda m: self.listed(m, bucket, table), body)
        elif path in (table := self.table(path)):
            date = email.utils.formatdate(float(table[path]), usegmt=True).encode()
            head = re.sub(rb"(\r\nlast-modified: )[^\r]*", lambda m: m[1] + date, head, flags=re.I)
        return (with_length(head, len(body)) if body else head), body

    def listed(self, m, bucket, table):
        key = f"{bucket}/{urllib.parse.unquote_plus(m[1].decode())}"
        if key not in table:
            return m[0]
        date = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(float(table[key])))
        return b"<Key>%s</Key><LastModified>%s" % (m[1], date.encode())


class Proxy:
    def __init__(self, options):
        self.o = options
        self.ages = Ages(options.ages) if options.ages else None
        self.match = re.compile(options.match)
        self.seen = self.done = self.count = 0

    def strikes(self, what):
        if not self.o.fault or not self.match.search(what):
            return False
        self.seen += 1
        if self.seen % self.o.every or (self.o.times and self.done >= self.o.times):
            return False
        self.done += 1
        return True

    async def serve(self, reader, writer):
        upstream = None
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await read_body(reader, head)
                what = head.split(b" HTTP/", 1)[0].decode("latin1")
                fault = self.o.fault if self.strikes(what) else None
                self.count += 1
                if self.o.delay:
                    await asyncio.sleep(self.o.delay / 1000)
                if fault == "gone":
                    os._exit(0)
                if fault == "refuse":
                    return reset(writer)
                if answer := self.made_up(fault, what):
                    writer.write(answer)
                    await writer.drain()
                    continue
                if upstream is None:
                    upstream = await asyncio.open_connection("127.0.0.1", self.o.to, limit=1 << 22)
                upstream[1].write(head + body)
                answer_head, answer_body = await read_answer(upstream[0], what)
                if fault == "lost":
                    return reset(writer)
                if fault:
                    if not await self.spoil(fault, writer, answer_head, answer_body):
                        return
                    continue
                if self.ages:
                    answer_head, answer_body = self.ages.turn(what, answer_head, answer_body)
                writer.write(answer_head + answer_body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            if upstream:
                upstream[1].close()

    def made_up(self, fault, what):
        now = time.time()
        made = {"slowdown": (503, error("SlowDown"), now), "500": (500, error("InternalError"), now),
                "error200": (200, error("InternalError", "We encountered an internal error"), now),
                "skewed": (403, error("RequestTimeTooSkewed"), now + 3600),
                "region": (301, error("PermanentRedirect")[:-8] + b"<Region>eu-central-7</Region></Error>", now),
                "stray": (200, STRAY % re.search(r"[?&]prefix=([^&%]*)|$", what).expand(r"\1").encode(), now)}
        if fault not in made:
            return None
        status, body, date = made[fault]
        head = (f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nContent-Type: application/xml\r\n"
                f"Date: {email.utils.formatdate(date, usegmt=True)}\r\n\r\n")
        return head.encode() + body

    async def spoil(self, fault, writer, head, body):
        """Sends the answer, spoiled; whether the connection can go on."""
        half = body[:len(body) // 2]
        if fault == "cut":
            writer.write(with_length(head, len(half)) + half)
        elif fault == "long":
            writer.write(with_length(head, len(body) + 7) + body)
        else:
            writer.write(head + half)
        await writer.drain()
        if fault == "cut":
            return True
        if fault == "reset":
            await asyncio.sleep(0.02)
            reset(writer)
        return False


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def length_of(head):
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
    return int(found[1]) if found else None


def with_length(head, n):
    return re.sub(rb"(\r\ncontent-length: *)\d+", lambda m: m[1] + str(n).encode(), head, flags=re.I)


async def read_body(reader, head):
    return await reader.readexactly(length_of(head) or 0)


async def read_answer(reader, what):
    head = await reader.readuntil(b"\r\n\r\n")
    if what.startswith("HEAD ") or re.match(rb"HTTP/1.1 (204|304)", head):
        return head, b""
    if not re.search(rb"\r\ntransfer-encoding: *chunked", head, re.I):
        return head, await read_body(reader, head)
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    head = re.sub(rb"\r\ntransfer-encoding: *chunked", b"\r\nContent-Length: 0", head, flags=re.I)
    return with_length(head, len(body)), body


async def main():
    p = argparse.ArgumentParser()
    p.add_argument("--to", type=int, required=True)
    p.add_argument("--delay", type=float, default=0)
    p.add_argument("--fault")
    p.add_argument("--every", type=int, default=3)
    p.add_argument("--times", type=int, default=0)
    p.add_argument("--match", default=".")
    p.add_argument("--ages")
    p.add_argument("--tls", nargs=2)
    options = p.parse_args()
    tls = None
    if options.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*options.tls)
    server = await asyncio.start_server(Proxy(options).serve, "127.0.0.1", 0, limit=1 << 22, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    server.close()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
