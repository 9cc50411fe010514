#!/usr/bin/env python3
"""Archives that somebody made to do harm: each is refused with the reason, writes nothing, and
takes little time, and no more than 256 MiB of addresses, of which threads and libraries have reserved most."""
import gzip
import hashlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

REGADM = os.environ["REGADM"]
SANITIZED = os.environ.get("VARIANT", "release") in ("asan", "tsan")
OCI = "application/vnd.oci.image."
WORK = tempfile.mkdtemp()
CASES = []
ADDRESSES = 256 << 20


def sha(data):
    return hashlib.sha256(data).hexdigest()


def dump(value):
    return json.dumps(value).encode()


def desc(data, kind, **more):
    return dict({"mediaType": OCI + kind, "digest": "sha256:" + sha(data), "size": len(data)}, **more)


def member(name, data=b"", type=tarfile.REGTYPE, link="", size=None):
    """One tar member, by hand: tarfile would not write all of these."""
    i = tarfile.TarInfo("x")
    i.size, i.type, i.linkname = len(data) if size is None else size, type, link
    header = bytearray(i.tobuf(tarfile.GNU_FORMAT))
    raw = name if isinstance(name, bytes) else name.encode()
    header[0:100] = raw[:100].ljust(100, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data + b"\0" * (-len(data) % 512)


END = b"\0" * 1024


class Image:
    """A sound image; `layers`, `config`, `manifest`, `blobs` can be spoilt before it is written."""

    def __init__(self):
        self.layer = member("file", b"hello\n") + END
        self.config = dump({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(self.layer)]}})
        self.manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": desc(self.config, "config.v1+json"),
                         "layers": [desc(self.layer, "layer.v1.tar")]}
        self.index = None
        self.extra = b""
        self.names = {"config": self.config, "layer": self.layer}

    def oci(self, before=b"", after=b"", **how):
        manifest = how.get("manifest_bytes") or dump(self.manifest)
        entry = desc(manifest, "manifest.v1+json", annotations={"org.opencontainers.image.ref.name": how.get("name", "evil/image:1")})
        entry.update(how.get("entry", {}))
        index = how.get("index") or dump({"schemaVersion": 2, "manifests": [entry]})
        blob = how.get("blob", lambda data: member("blobs/sha256/" + sha(data), data))
        return (before + member("oci-layout", b'{"imageLayoutVersion":"1.0.0"}') + member("index.json", index) + blob(self.config) +
                how.get("layer", blob(self.layer)) + how.get("manifest", blob(manifest)) + after + END)

    def docker(self, before=b"", after=b"", **how):
        table = how.get("table") or [dict({"Config": "c.json", "RepoTags": ["evil/image:1"], "Layers": ["layer.tar"]}, **how.get("row", {}))]
        return (before + member("c.json", how.get("config", self.config)) + how.get("layer", member("layer.tar", self.layer)) +
                member("manifest.json", how.get("json", dump(table))) + after + END)


def backup(spoil=None, members=None):
    """A small backup of regadm's own; spoil(lines) changes its catalogue, members(list of (name, data)) its members."""
    i = Image()
    manifest = dump(i.manifest)
    lines = [{"t": "repo", "repo": "evil"}, {"t": "tag", "repo": "evil", "name": "1", "digest": "sha256:" + sha(manifest)},
             {"t": "rev", "repo": "evil", "digest": "sha256:" + sha(manifest), "mediaType": OCI + "manifest.v1+json"}]
    lines += [{"t": "layerlink", "repo": "evil", "digest": "sha256:" + sha(b)} for b in (i.config, i.layer)]
    lines += [{"t": "blob", "digest": "sha256:" + sha(b), "size": len(b), "in": 1, "off": 0} for b in (manifest, i.config, i.layer)]
    header = {"format": "regadm-backup", "version": 1, "critical": [], "kind": "full", "parents": []}
    if spoil:
        spoil(lines, header)
    catalog = b"".join(dump(line) + b"\n" for line in lines)
    header.setdefault("archive_id", "sha256:" + sha(catalog))
    index = b'{"schemaVersion":2,"manifests":[]}'
    blobs = [("blobs/sha256/" + sha(b), b) for b in (manifest, i.config, i.layer)]
    parts = [("regadm/header.json", dump(header)), ("regadm/catalog.jsonl", catalog), ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
             ("index.json", index), *blobs]
    parts.append(("regadm/end.json", dump({"complete": True, "members": len(parts), "bytes": sum(len(b) for _, b in blobs),
                                           "catalog": "sha256:" + sha(catalog), "index": "sha256:" + sha(index)})))
    if members:
        members(parts)
    return b"".join(member(n, d) for n, d in parts) + END


def case(name, data, why):
    CASES.append((name, data, why))


def cases():
    i = Image()
    case("a sound OCI archive", i.oci(), None)
    case("a sound docker-archive", i.docker(), None)
    case("a sound backup", backup(), None)
    for form in (i.oci, i.docker):
        f = form.__name__
        case(f"{f}: a name that climbs out", form(before=member("../../../tmp/evil", b"x")), "../../../tmp/evil")
        case(f"{f}: an absolute name", form(before=member("/etc/evil", b"x")), "/etc/evil")
        case(f"{f}: a control character in a name", form(before=member("a\x1b[2Jb", b"x")), "control character")
        case(f"{f}: a name that is no UTF-8", form(before=member(b"\xff\xfe", b"x")), "UTF-8")
        case(f"{f}: a link out", form(before=member("out", b"", tarfile.SYMTYPE, "../../../../etc")), "out")
        case(f"{f}: cut in a member", form()[:-1024 - 700], "cut")
        case(f"{f}: a size that no file has", form(before=member("x", b"", size=(1 << 63) - 1)), "x")
        case(f"{f}: a size beyond the end", form(after=member("x", b"", size=1 << 40)), "cut")
        case(f"{f}: a wrong checksum", form(before=bytes([7]) + member("x", b"")[1:]), "")
        case(f"{f}: a pax record of 100 MB", form(before=member("h", b"", tarfile.XHDTYPE, size=100 << 20)), "")
        case(f"{f}: a long name of 100 MB", form(before=member("h", b"", tarfile.GNUTYPE_LONGNAME, size=100 << 20)), "")
    for kind, type, link in (("a device", tarfile.CHRTYPE, ""), ("a fifo", tarfile.FIFOTYPE, ""), ("a folder", tarfile.DIRTYPE, ""),
                             ("a link to itself", tarfile.SYMTYPE, "layer.tar"), ("a hard link out", tarfile.LNKTYPE, "/etc/passwd"),
                             ("a link to nothing", tarfile.SYMTYPE, "nothing"), ("a sparse file", tarfile.GNUTYPE_SPARSE, "")):
        case(f"the layer is {kind}", i.docker(layer=member("layer.tar", b"", type, link)), "")
    case("a long chain of links", i.docker(layer=member("layer.tar", b"", tarfile.SYMTYPE, "l0") + b"".join(
        member(f"l{n}", b"", tarfile.SYMTYPE, f"l{n + 1}") for n in range(50)) + member("l50", i.layer)), "circles")
    # two things under one name
    case("two layers of one name", i.docker(after=member("layer.tar", i.layer[:-1] + b"x")), "twice")
    case("two tables", i.docker(after=member("manifest.json", b"[]")), "twice")
    case("two tables, one with dots in its name", i.docker(after=member("./manifest.json", b"[]")), "twice")
    case("two indexes", i.oci(after=member("index.json", b"{}")), "twice")
    case("a blob twice, with other bytes", i.oci(after=member("blobs/sha256/" + sha(i.layer), b"y" * len(i.layer))), "twice")
    # bytes that are not what they are said to be
    name = "blobs/sha256/" + sha(i.layer)
    case("a layer with one bit changed", i.oci(layer=member(name, b"F" + i.layer[1:])), "are those of")
    case("a layer cut short", i.oci(layer=member(name, i.layer[:-512])), "bytes")
    case("a manifest with a byte more", i.oci(manifest=member("blobs/sha256/" + sha(dump(i.manifest)), dump(i.manifest) + b" ")), "bytes")
    case("an index with another size", i.oci(entry={"size": 5}), "bytes")
    case("a negative size", i.oci(entry={"size": -1}), "size")
    case("a size that is no number", i.oci(entry={"size": "9"}), "")
    case("another diff id", i.docker(config=i.config.replace(sha(i.layer).encode(), b"0" * 64)), "diff id")
    case("more diff ids than layers", i.docker(row={"Layers": []}), "counts")
    case("no config", i.docker(row={"Config": "nowhere"}), "nowhere")
    for bad in ("sha256:../../../../etc/passwd", "sha256:" + "g" * 64, "sha256:" + "A" * 64, "sha256:1234", "md5:" + "0" * 32, "", "sha256", "/etc/passwd"):
        case(f"the digest {bad!r}", i.oci(entry={"digest": bad}), "no digest")
    # documents
    case("an image and an index at once", Image().oci(manifest_bytes=dump(dict(i.manifest, manifests=[desc(b"x", "manifest.v1+json")]))), "image and an index")
    case("a manifest that calls itself something else", i.oci(manifest_bytes=dump(dict(i.manifest, mediaType=OCI + "index.v1+json"))), "calls itself")
    case("a manifest that is no JSON", i.oci(manifest_bytes=b"hello"), "manifest")
    case("a manifest of lists", i.oci(manifest_bytes=b"[" * 3000000 + b"]" * 3000000), "")
    case("layers that are no list", i.oci(manifest_bytes=dump(dict(i.manifest, layers={}))), "type")
    case("a manifest of 5 MiB", i.oci(manifest_bytes=dump(dict(i.manifest, x="x" * (5 << 20)))), "")
    case("a table of 30 MiB", i.docker(json=b"[" + b" " * (30 << 20) + b"]"), "")
    case("a table of brackets", i.docker(json=b"[" * 10000000), "")
    case("an index of 100 MiB", i.oci(index=b'{"manifests":[' + b" " * (100 << 20) + b"]}"), "")
    case("an index with a million entries that are none", i.oci(index=b'{"manifests":[' + b",".join([b"{}"] * 1000000) + b"]}"), "no digest")
    case("a table that is no list", i.docker(json=b'{"Config":"c.json"}'), "manifest.json")
    ring = b'{"schemaVersion":2,"mediaType":"' + (OCI + "index.v1+json").encode() + b'","manifests":['
    one = ring + dump(desc(b"?", "index.v1+json", digest="sha256:" + "1" * 64)) + b"]}"
    case("indexes in a ring", member("index.json", dump({"manifests": [desc(one, "index.v1+json", annotations={"org.opencontainers.image.ref.name": "a:1"})]})) +
         member("blobs/sha256/" + sha(one), one) + member("blobs/sha256/" + "1" * 64, one) + END, "")
    # names
    for bad in ("../../evil:1", "/evil:1", "UPPER:1", "a//b:1", "a:" + "x" * 129, "x" * 256 + ":1", "a:b:c", "_manifests:1", "a/_layers:1", "."):
        case(f"the name {bad[:20]!r} in a table", i.docker(row={"RepoTags": [bad]}), "")
        case(f"the name {bad[:20]!r} in an index", i.oci(name=bad), "")
    # backups
    b = backup
    case("backup: another catalogue than its header's", b(lambda l, h: h.update(archive_id="sha256:" + "0" * 64)), "catalogue")
    case("backup: a repository that climbs out", b(lambda l, h: [line.update(repo="../../evil") for line in l if "repo" in line]), "no name")
    case("backup: a tag that climbs out", b(lambda l, h: l[1].update(name="../../../x")), "tag")
    case("backup: a tag to nothing", b(lambda l, h: l[1].update(digest="sha256:" + "0" * 64)), "does not list")
    case("backup: a digest that is none", b(lambda l, h: l[2].update(digest="sha256:../../x")), "line 3")
    case("backup: a blob listed twice", b(lambda l, h: l.append(l[-1])), "line 9")
    case("backup: a negative size", b(lambda l, h: l[-1].update(size=-5)), "line 8")
    case("backup: a line of 1 MB", b(lambda l, h: l[0].update(repo="x" * 1000000)), "")
    case("backup: a feature that is not known", b(lambda l, h: h.update(critical=["teleport"])), "teleport")
    case("backup: a later version", b(lambda l, h: h.update(version=2)), "version")
    case("backup: a blob of another size", b(lambda l, h: l[-1].update(size=99999)), "99999")
    case("backup: nothing but its header", b(members=lambda p: p.__delitem__(slice(1, None))), "catalog")
    case("backup: no end", b(members=lambda p: p.pop()), "end record")
    case("backup: a blob is missing", b(members=lambda p: p.pop(5)), "end record")
    case("backup: a blob of other bytes", b(members=lambda p: p.__setitem__(6, (p[6][0], b"z" * len(p[6][1])))), "are those of")
    case("backup: a blob that is not listed", b(members=lambda p: p.insert(5, ("blobs/sha256/" + sha(b"q"), b"q"))), "not in the catalogue")
    case("backup: a blob twice", b(members=lambda p: p.insert(5, p[5])), "twice")
    case("backup: something else", b(members=lambda p: p.insert(5, ("etc/passwd", b"q"))), "does not belong")
    case("backup: something behind its end", b(members=lambda p: p.append(("index.json", b"{}"))), "behind the end")
    case("backup: another index than its end says", b(members=lambda p: p.__setitem__(3, ("index.json", b"{}"))), "end record")
    case("backup: a header of 30 MB", b(lambda l, h: h.update(x="x" * (30 << 20))), "")
    # bombs
    zeros = gzip.compress(bytes(1 << 20), mtime=0) * 300
    case("a layer that unpacks to 300 MiB", i.docker(layer=member("layer.tar", zeros)), "diff id")
    case("an archive that unpacks to 300 MiB", gzip.compress(member("zeros", b"", size=300 << 20), mtime=0) + zeros, "")
    case("a hundred thousand members", b"".join(member(f"m{n}") for n in range(100000)) + END, "no images")
    case("random bytes", os.urandom(100000), "tar")
    case("zeros", bytes(100000), "")


def limits():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))


def run(args, stdin=None):
    start = time.monotonic()
    p = subprocess.Popen([REGADM, *args], stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limits)
    out, err = p.communicate()
    return p.returncode, err.decode(errors="replace"), time.monotonic() - start


def files(root):
    return [os.path.join(f, n) for f, _, names in os.walk(root) for n in names]


def judge(name, data, why, through_pipe):
    path, root, tmp = f"{WORK}/archive", f"{WORK}/root", f"{WORK}/tmp"
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(tmp, exist_ok=True)
    os.environ["TMPDIR"] = tmp
    with open(path, "wb") as f:
        f.write(data)
    with open(path, "rb") as f:
        status, err, seconds = run(["--root", root, "import", "--yes", "-" if through_pipe else path], f if through_pipe else None)
    left = [p for p in files(root) if "/.regadm/" not in p]
    if why is None:
        return None if status == 0 and left else f"refused: {err.strip()}"
    if status != 3:
        return f"exit status {status}: {err.strip()}"
    if why not in err:
        return f"does not say '{why}': {err.strip()[:300]}"
    if not err.isprintable() and any(ord(c) < 32 and c != "\n" for c in err):
        return "control characters in the message"
    if left or files(tmp) or os.path.exists("/tmp/evil"):
        return f"left {left + files(tmp)}"
    return f"took {seconds:.0f} s" if seconds > 30 * (10 if SANITIZED else 1) else None


def main():
    cases()
    failed = False
    try:
        for name, data, why in CASES:
            for through_pipe in (False, True):
                fault = judge(name, data, why, through_pipe)
                failed |= bool(fault)
                label = name.replace(":", ",") + (", from a pipe" if through_pipe else "")
                print(f"FAIL {label}: {fault}" if fault else f"ok {label}", flush=True)
    finally:
        shutil.rmtree(WORK)
    sys.exit(failed)


main()
