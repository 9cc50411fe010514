"""Storage trees of the old Python registry, made from nothing: for the tests and benchmarks of migrate-v1.

    t = Tree("/tmp/registry")
    base = t.image("base", layer=gz(tar({"etc/motd": b"hello"})))
    t.tag("library/base", "latest", t.image("top", parent=base, layer=EMPTY, cmd="#(nop) CMD [sh]"))
"""
import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib

EMPTY = bytes.fromhex("1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000")  # Docker 1.3 and later
EMPTY_OLD = bytes.fromhex("1f8b080000096e8800ff010000ffff0000000000000000")                 # before


def tar(files, end=True):
    """A tar of {name: bytes}; a name that ends with a slash is a folder, a str value a symbolic link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as t:
        for name, content in files.items():
            info = tarfile.TarInfo(name.rstrip("/"))
            info.mtime = 1400000000
            if name.endswith("/"):
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                t.addfile(info)
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                t.addfile(info)
            else:
                info.size = len(content)
                t.addfile(info, io.BytesIO(content))
        length = t.offset
    return out.getvalue()[:length] + (bytes(1024) if end else b"")


def gz(data, level=6):
    """As Go wrote it: no name, no time of day, a flush every 32 KiB."""
    z = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = b"".join(z.compress(data[i:i + 32768]) + z.flush(zlib.Z_SYNC_FLUSH) for i in range(0, len(data), 32768))
    tail = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xffffffff).to_bytes(4, "little")
    return bytes.fromhex("1f8b080000096e8800ff") + body + z.flush() + tail


def unpacked(layer):
    return gzip.decompress(layer)


def tarsum(raw, data):
    """Docker's first sum over metadata and the members of an archive."""
    sums = []
    if data.strip(b"\0"):
        with tarfile.open(fileobj=io.BytesIO(data)) as t:
            for m in t:
                head = (f"name{m.name}{'/' if m.isdir() else ''}mode{m.mode}uid{m.uid}gid{m.gid}size{m.size}mtime{int(m.mtime)}"
                        f"typeflag{m.type.decode()}linkname{m.linkname}uname{m.uname}gname{m.gname}devmajor{m.devmajor}devminor{m.devminor}")
                sums.append(sha256(head.encode() + (t.extractfile(m).read() if m.isreg() else b"")))
    return "tarsum+sha256:" + sha256(raw + "".join(sorted(sums)).encode())


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Tree:
    def __init__(self, root, encode=2):
        self.root, self.encode, self.parents = root, encode, {}
        os.makedirs(f"{root}/images")
        os.makedirs(f"{root}/repositories")

    def path(self, image, name=""):
        return f"{self.root}/images/{image}/{name}".rstrip("/")

    def put(self, path, data):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())

    def image(self, name, parent=None, layer=b"", cmd=None, checksum="list", ancestry=True, in_progress=False, id=None, **extra):
        """Writes an image and returns its id. `layer` None: no file. `checksum`: list, plain, tarsum, wrong, wrong tarsum or None."""
        id = id or sha256(name.encode())
        meta = {"id": id, "created": "2014-05-02T08:00:00Z", "architecture": "amd64", "os": "linux", "Size": 1}
        if parent:
            meta["parent"] = parent
        if cmd:
            meta["container_config"] = {"Cmd": ["/bin/sh", "-c", cmd]}
        meta.update(extra)
        raw = json.dumps({k: v for k, v in meta.items() if v is not None}).encode()
        self.parents[id] = parent
        self.put(self.path(id, "json"), raw)
        if layer is not None:
            self.put(self.path(id, "layer"), layer)
        if ancestry:
            self.put(self.path(id, "ancestry"), json.dumps(self.chain(id)))
        if in_progress:
            self.put(self.path(id, "_inprogress"), "true")
        simple = "sha256:" + sha256(raw + b"\n" + (layer or b""))
        forms = {"list": json.dumps([simple]), "plain": simple, "wrong": json.dumps(["sha256:" + "0" * 64]),
                 "wrong tarsum": "tarsum+sha256:" + "1" * 64}
        if checksum == "tarsum":
            forms["tarsum"] = tarsum(raw, unpacked(layer) if layer[:2] == b"\x1f\x8b" else layer)
        if checksum:
            self.put(self.path(id, "_checksum"), forms[checksum])
        return id

    def chain(self, id):
        out = []
        while id and id not in out:
            out.append(id)
            id = self.parents.get(id)
        return out

    def folder(self, repo, encode=None):
        namespace, _, name = repo.partition("/")
        for _ in range(self.encode if encode is None else encode):
            name = name.replace("%", "%25").replace("/", "%2F")
        return f"{self.root}/repositories/{namespace}/{name}"

    def tag(self, repo, tag, id, encode=None):
        self.put(f"{self.folder(repo, encode)}/tag_{tag}", id)
        self.put(f"{self.folder(repo, encode)}/tag{tag}_json", json.dumps({"last_update": 1414923000, "os": "linux"}))
