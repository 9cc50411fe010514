"""Every kind of damage that the storage of an old registry can have, one small tree each; and what options do."""
import bz2
import gzip
import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.environ["TESTLIB"])
from v1tree import EMPTY, EMPTY_OLD, Tree, gz, sha256, tar, unpacked  # noqa: E402

REGADM = os.environ["REGADM"]
V2 = "docker/registry/v2"
CASES = []
TAR = tar({"top/": b"", "top/data": b"x" * 2500})


def case(f):
    CASES.append(f)


def listing(root):
    out = {}
    for folder, dirs, files in os.walk(root):
        for name in dirs + files:
            p = os.path.join(folder, name)
            st = os.lstat(p)
            out[os.path.relpath(p, root)] = (st.st_mode, st.st_size if os.path.isfile(p) else 0, st.st_mtime_ns)
    return out


class Result:
    def __init__(self, process, out):
        self.status, self.err, self.root = process.returncode, process.stderr.decode(), out
        self.report = json.loads(process.stdout) if process.stdout else None
        self.tags = {t["source"]: t for t in self.report["tags"]} if self.report else {}
        self.codes = {f["code"] for f in self.report["findings"]} if self.report else set()

    def blob(self, digest):
        hex = digest.split(":")[1]
        data = open(f"{self.root}/{V2}/blobs/sha256/{hex[:2]}/{hex}/data", "rb").read()
        assert sha256(data) == hex, f"{digest} holds other bytes"
        return data

    def image(self, reference):
        repo, tag = reference.rsplit(":", 1)
        digest = open(f"{self.root}/{V2}/repositories/{repo}/_manifests/tags/{tag}/current/link").read()
        manifest = json.loads(self.blob(digest))
        config = json.loads(self.blob(manifest["config"]["digest"]))
        layers = [self.blob(layer["digest"]) for layer in manifest["layers"]]
        assert [len(b) for b in layers] == [layer["size"] for layer in manifest["layers"]]
        solid = [h for h in config["history"] if not h.get("empty_layer")]
        assert len(solid) == len(layers) == len(config["rootfs"]["diff_ids"])
        return manifest, config, layers

    def status_of(self, source):
        return self.tags[source]["status"] if source in self.tags else None


class Trial:
    """A tree with a sound tag `good/one:latest` beside whatever a case adds."""

    def __init__(self, folder, **how):
        self.folder, self.tree, self.out, self.wrap = folder, Tree(f"{folder}/v1", **how), f"{folder}/out", []
        self.base = self.tree.image("base", layer=gz(tar({"etc/": b"", "etc/motd": b"hello\n"})), comment="Imported from -")
        self.mid = self.tree.image("mid", parent=self.base, layer=EMPTY, cmd="#(nop) ENV A=b")
        self.tree.tag("good/one", "latest", self.mid)

    def top(self, layer=None, **how):
        """An image on the sound ones, as tag `bad/one:latest`."""
        id = self.tree.image(how.pop("name", "top"), parent=how.pop("parent", self.mid),
                             layer=gz(TAR) if layer is None else layer, cmd=how.pop("cmd", "make all"), **how)
        self.tree.tag("bad/one", "latest", id)
        return id

    def run(self, *args):
        p = subprocess.run([*self.wrap, REGADM, "--root", self.out, "migrate-v1", "--json", "--yes", *args, f"{self.folder}/v1"],
                           capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
        return Result(p, self.out)

    def check_target(self):
        """Sound, and nothing in it that nothing needs."""
        fsck, gc = (subprocess.run([REGADM, "--root", self.out, *verb, "--json"], capture_output=True) for verb in (["fsck"], ["gc", "-n", "--min-age", "0"]))
        assert fsck.returncode == 0 and not json.loads(fsck.stdout)["findings"], f"fsck: {fsck.stderr}"
        report = json.loads(gc.stdout)
        removed = {what: report[what]["removed"] for what in ("blobs", "layer_links", "revisions", "uploads")}
        assert gc.returncode == 0 and not any(removed.values()), f"gc: {removed} {gc.stderr}"

    def expect(self, status, code=None, exit=None, args=(), source="bad/one:latest"):
        before = listing(f"{self.folder}/v1")
        dry = self.run("--dry-run", *args)
        assert not os.path.exists(self.out), "the dry run wrote"
        r = self.run(*args)
        assert listing(f"{self.folder}/v1") == before, "the source was touched"
        assert r.status_of("good/one:latest") == "migrated", f"the sound tag is {r.status_of('good/one:latest')}: {r.err}"
        assert r.status_of(source) == status, f"{r.status_of(source)} instead of {status}: {r.err}"
        assert code is None or code in r.codes, f"no {code} among {r.codes}"
        wanted = exit if exit is not None else 0 if status == "migrated" and code is None else 1
        assert r.status == dry.status == wanted, f"exit {r.status}, of the dry run {dry.status}, instead of {wanted}: {r.err}"
        assert {k: (v["status"], v["digest"]) for k, v in r.tags.items()} == \
            {k: (v["status"], v["digest"]) for k, v in dry.tags.items()}, "the dry run said something else"
        if status == "skipped":
            assert any(f["severity"] == "error" for f in r.tags[source]["findings"]), "no reason with the tag"
        first = listing(self.out)
        self.check_target()
        again = self.run(*args)
        assert listing(self.out) == first, "the second run changed something"
        assert "migrated" not in {t["status"] for t in again.tags.values()}
        assert again.report["bytes"]["written"] == again.report["bytes"]["linked"] == 0, "the second run wrote"
        return r


def path(t, id, name):
    return t.tree.path(id, name)


def overwrite(p, data):
    with open(p, "wb") as f:
        f.write(data)


# --- sound trees ---

@case
def worked_example(t):
    layer = gz(tar({"run": b"#!/bin/sh\n"}, end=False))
    a = t.tree.image("a", layer=layer, created="2014-05-01T08:00:00Z", comment="Imported from -", os=None, architecture=None)
    b = t.tree.image("b", parent=a, layer=EMPTY_OLD, cmd="#(nop) CMD [/run]", created="2014-05-02T08:00:00Z", os=None,
                     architecture="x86_64", docker_version="0.7.0", config={"Cmd": ["/run"]})
    t.tree.tag("team/app", "1.0", b)
    r = t.expect("migrated", source="team/app:1.0")
    manifest, config, layers = r.image("team/app:1.0")
    assert layers == [layer]
    assert config == {
        "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/run"]}, "created": "2014-05-02T08:00:00Z",
        "container_config": {"Cmd": ["/bin/sh", "-c", "#(nop) CMD [/run]"]}, "docker_version": "0.7.0",
        "history": [{"created": "2014-05-01T08:00:00Z", "comment": "Imported from -"},
                    {"created": "2014-05-02T08:00:00Z", "created_by": "/bin/sh -c #(nop) CMD [/run]", "empty_layer": True}],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(unpacked(layer))]}}, config
    assert manifest["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"


@case
def only_empty_layers(t):
    t.tree.tag("all/empty", "x", t.tree.image("e2", parent=t.tree.image("e1", layer=EMPTY), layer=gz(bytes(10240)), cmd="true"))
    _, config, layers = t.expect("migrated", source="all/empty:x").image("all/empty:x")
    assert layers == [EMPTY] and [bool(h.get("empty_layer")) for h in config["history"]] == [True, False]


@case
def a_folder_alone_is_no_empty_layer(t):
    t.top(layer=gz(tar({"./": b""}, end=False)), Size=0)
    assert len(t.expect("migrated").image("bad/one:latest")[2]) == 2


@case
def several_gzip_members(t):
    t.top(layer=gz(TAR[:1024]) + gz(TAR[1024:]))
    _, config, _ = t.expect("migrated").image("bad/one:latest")
    assert config["rootfs"]["diff_ids"][1] == "sha256:" + sha256(TAR)


@case
def the_same_layer_twice(t):
    layer = gz(TAR)
    t.top(layer=layer, parent=t.tree.image("twin", parent=t.mid, layer=layer))
    assert t.expect("migrated").image("bad/one:latest")[2][1:] == [layer, layer]


@case
def dependencies_of_docker_1_10(t):
    t.top(parent=t.tree.image("dep", layer=gz(tar({"a": b"1"})), created=None, architecture=None, os=None, Size=None))
    _, config, _ = t.expect("migrated").image("bad/one:latest")
    assert config["history"][0] == {}


@case
def sixteen_digit_ids(t):
    t.top(parent=t.tree.image("old", layer=gz(TAR), id="27cf784147099545", checksum="plain"))
    t.expect("migrated")


@case
def pax_sizes_and_long_names(t):
    import io
    import tarfile
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as f:
        for name in ("x" * 200, "y/" * 120 + "ü"):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = 700, 1.5
            f.addfile(info, io.BytesIO(b"z" * 700))
    t.top(layer=gz(out.getvalue()))
    t.expect("migrated")


@case
def padding_behind_the_last_member_may_lack(t):
    t.top(layer=gz(TAR[:512 + 512 + 2500]))
    t.expect("migrated")


# --- the catalogue ---

@case
def row_01_image_missing(t):
    t.tree.tag("bad/one", "latest", "7e57" * 16)
    t.expect("skipped", "v1-missing-image")


@case
def row_02_tag_holds_no_id(t):
    t.tree.tag("bad/one", "latest", "not an id")
    t.tree.tag("bad/one", "quoted", f'"{t.mid}"\n')
    t.tree.tag("bad/one", "meta_json", '{"last_update": 1}')
    r = t.expect("skipped", "v1-bad-tag")
    assert r.status_of("bad/one:quoted") == "migrated" and r.status_of("bad/one:meta_json") is None


@case
def row_03_ancestor_missing(t):
    mid = t.tree.image("gone", parent=t.base, layer=gz(TAR))
    t.top(parent=mid)
    shutil.rmtree(path(t, mid, ""))
    t.expect("skipped", "v1-missing-image")


@case
def row_04_metadata_damaged(t):
    for n, content in enumerate((b"", b'{"id": "', b"[]", b'{"id": "5a"}', b'\xff{}', b'{"id":"%s","parent":"up"}' % (b"0" * 64))):
        id = t.tree.image(f"bad {n}", parent=t.mid, layer=gz(TAR))
        t.tree.tag("bad/json", f"t{n}", id)
        overwrite(path(t, id, "json"), content)
    r = t.expect("skipped", "v1-bad-metadata", source="bad/json:t0")
    assert [r.status_of(f"bad/json:t{n}") for n in range(6)] == ["skipped"] * 6


@case
def row_04_salvage(t):
    lost = t.tree.image("lost", parent=t.base, layer=gz(TAR))
    t.top(parent=lost)
    overwrite(path(t, lost, "json"), b"{")
    r = t.expect("migrated", "v1-salvaged", args=["--salvage"])
    _, config, layers = r.image("bad/one:latest")
    assert len(layers) == 3 and config["history"][1] == {}


@case
def row_05_no_ancestry(t):
    t.top(ancestry=False)
    assert "v1-no-ancestry" in t.expect("migrated").codes


@case
def row_06_ancestry_disagrees(t):
    id = t.top()
    overwrite(path(t, id, "ancestry"), json.dumps([id, t.base]).encode())
    assert len(t.expect("migrated", "v1-bad-ancestry").image("bad/one:latest")[1]["history"]) == 3


@case
def row_06_ancestry_damaged(t):
    overwrite(path(t, t.top(), "ancestry"), b"garbage")
    t.expect("migrated", "v1-bad-ancestry")


@case
def row_07_cycle(t):
    a, b = sha256(b"a"), sha256(b"b")
    t.tree.image("a", parent=b, layer=gz(TAR))
    t.tree.tag("bad/one", "latest", t.tree.image("b", parent=a, layer=gz(TAR)))
    t.tree.tag("bad/one", "self", t.tree.image("self", parent=sha256(b"self"), layer=gz(TAR)))
    assert t.expect("skipped", "v1-cycle").status_of("bad/one:self") == "skipped"


@case
def row_08_layer_missing(t):
    os.remove(path(t, t.top(), "layer"))
    t.expect("skipped", "v1-missing-layer")


@case
def row_08_layer_is_a_folder(t):
    id = t.top()
    os.remove(path(t, id, "layer"))
    os.mkdir(path(t, id, "layer"))
    t.expect("skipped", "v1-missing-layer")


@case
def row_09_zero_bytes_and_right_checksum(t):
    t.top(layer=b"")
    t.expect("migrated", "v1-zero-bytes")


@case
def row_09_zero_bytes_and_wrong_checksum(t):
    t.top(layer=b"", checksum="wrong")
    t.expect("skipped", "v1-zero-bytes")


@case
def row_09_zero_bytes_of_a_metadata_step(t):
    t.top(layer=b"", checksum=None, cmd="#(nop) CMD [sh]")
    t.expect("migrated", "v1-zero-bytes")


@case
def row_09_zero_bytes_of_a_real_step(t):
    t.top(layer=b"", checksum=None)
    t.expect("skipped", "v1-zero-bytes")


@case
def row_10_gzip_cut_anywhere(t):
    layer = gz(TAR)
    for n in range(1, len(layer), 7):
        t.tree.tag("bad/cut", f"t{n}", t.tree.image(f"cut {n}", parent=t.mid, layer=layer[:n]))
    r = t.expect("skipped", "v1-damaged-layer", source="bad/cut:t1")
    assert {v["status"] for k, v in r.tags.items() if k.startswith("bad/cut:")} == {"skipped"}


@case
def row_10_gzip_checksum(t):
    layer = bytearray(gz(TAR))
    layer[-6] ^= 1
    t.top(layer=bytes(layer))
    t.expect("skipped", "v1-damaged-layer")


@case
def row_10_garbage_behind(t):
    t.top(layer=gz(TAR) + b"garbage behind")
    _, config, layers = t.expect("migrated", "v1-trailing").image("bad/one:latest")
    assert gzip.decompress(layers[1]) == TAR and config["rootfs"]["diff_ids"][1] == "sha256:" + sha256(TAR)


@case
def row_11_tar_header_damaged(t):
    bad = bytearray(TAR)
    bad[512 + 20] ^= 1
    t.top(layer=gz(bytes(bad)))
    t.expect("skipped", "v1-damaged-layer")


@case
def row_11_tar_cut_in_data(t):
    t.top(layer=gz(TAR[:1900]))
    t.expect("skipped", "v1-damaged-layer")


@case
def row_12_no_tar(t):
    t.top(layer=gz(b"this is a text, and no archive at all"))
    t.tree.tag("bad/two", "x", t.tree.image("text", parent=t.mid, layer=b"plain text\n" * 100))
    assert t.expect("skipped", "v1-damaged-layer").status_of("bad/two:x") == "skipped"


@case
def row_13_xz_bzip2_zstd_and_plain(t):
    forms = {"xz": lzma.compress(TAR), "bz2": bz2.compress(TAR), "plain": TAR}
    if shutil.which("zstd"):
        forms["zstd"] = subprocess.run(["zstd", "-c"], input=TAR, capture_output=True, check=True).stdout
    for name, layer in forms.items():
        t.tree.tag("odd/forms", name, t.tree.image(name, parent=t.mid, layer=layer))
    r = t.expect("migrated", "v1-recompressed", source="odd/forms:xz")
    for name in forms:
        manifest, config, layers = r.image(f"odd/forms:{name}")
        assert gzip.decompress(layers[1]) == TAR and config["rootfs"]["diff_ids"][1] == "sha256:" + sha256(TAR)
        assert manifest["layers"][1]["mediaType"].endswith(".tar.gzip")


@case
def row_13_damaged_xz_and_bzip2(t):
    for name, layer in {"xz": lzma.compress(TAR), "bz2": bz2.compress(TAR)}.items():
        t.tree.tag("odd/forms", name, t.tree.image(name, parent=t.mid, layer=layer[:-9]))
    assert t.expect("skipped", "v1-damaged-layer", source="odd/forms:xz").status_of("odd/forms:bz2") == "skipped"


@case
def row_13_plain_kept(t):
    t.top(layer=TAR)
    manifest, _, layers = t.expect("migrated", args=["--plain"]).image("bad/one:latest")
    assert layers[1] == TAR and manifest["layers"][1]["mediaType"].endswith("diff.tar")


@case
def row_14_checksum_differs(t):
    t.top(checksum="wrong")
    assert t.expect("migrated", "v1-checksum").report["checksums"] == {"verified": 2, "mismatched": 1, "unverifiable": 0}


@case
def row_14_strict(t):
    t.top(checksum="wrong")
    t.expect("skipped", "v1-checksum", args=["--strict"])


@case
def row_14_checksums_of_all_ages(t):
    t.top(checksum="tarsum", parent=t.tree.image("none", parent=t.tree.image("plain", parent=t.mid, layer=gz(TAR), checksum="plain"),
                                                  layer=EMPTY, checksum=None))
    assert t.expect("migrated").report["checksums"] == {"verified": 4, "mismatched": 0, "unverifiable": 1}


@case
def row_14_tarsums(t):
    import io
    import tarfile
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as f:
        for name, kind, more in (("d" * 120, tarfile.DIRTYPE, {"mode": 0o1755}), ("d/\u00fc", tarfile.REGTYPE, {"uid": 7 << 22, "mtime": 2.75}),
                                 ("dev", tarfile.CHRTYPE, {"devmajor": 1, "devminor": 3}), ("to", tarfile.SYMTYPE, {"linkname": "l" * 130}),
                                 ("same", tarfile.LNKTYPE, {"linkname": "d/\u00fc", "uname": "j\u00f6rg"})):
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, 3000 if kind == tarfile.REGTYPE else 0
            for key, value in more.items():
                setattr(info, key, value)
            f.addfile(info, io.BytesIO(b"s" * 3000))
    layers = {"pax": gz(out.getvalue()), "gnu": gz(tar({"n" * 150 + "/": b"", "a": b"b", "l": "a"}, end=False)), "none": EMPTY, "plain": TAR}
    for name, layer in layers.items():
        t.tree.tag("sums/right", name, t.tree.image(name, parent=t.mid, layer=layer, checksum="tarsum"))
    t.top(checksum="wrong tarsum")
    state = f"{t.folder}/state"
    r = t.expect("migrated", "v1-tarsum", args=["--strict"])
    assert r.report["checksums"] == {"verified": 6, "mismatched": 1, "unverifiable": 0}
    assert all(t.run("--state", state).report["checksums"] == r.report["checksums"] for _ in range(2))


@case
def row_14_zero_bytes_and_a_tarsum(t):
    t.top(layer=b"", checksum="tarsum")
    t.expect("migrated", "v1-zero-bytes")


@case
def row_15_unfinished_but_whole(t):
    t.top(in_progress=True)
    t.expect("migrated", "v1-in-progress")


@case
def row_15_unfinished_never_trusted(t):
    t.top(in_progress=True)
    t.expect("skipped", "v1-in-progress", args=["--trust-inprogress", "never"])


@case
def row_15_unfinished_without_proof(t):
    t.top(in_progress=True, checksum="tarsum")
    t.expect("skipped", "v1-in-progress")


@case
def row_15_unfinished_always_trusted(t):
    t.top(in_progress=True, checksum=None)
    t.expect("migrated", "v1-in-progress", args=["--trust-inprogress", "always"])


@case
def row_15_unfinished_and_cut_with_matching_checksum(t):
    t.top(layer=gz(TAR)[:-20], in_progress=True)
    t.expect("skipped", "v1-damaged-layer")


@case
def row_15_unfinished_plain_without_end(t):
    t.top(layer=tar({"a": b"b" * 600}, end=False), in_progress=True)
    t.expect("skipped", "v1-in-progress")


@case
def row_15_unfinished_and_wrong_checksum(t):
    t.top(in_progress=True, checksum="wrong")
    t.expect("skipped", "v1-checksum")


@case
def row_16_unfinished_without_layer(t):
    os.remove(path(t, t.top(in_progress=True), "layer"))
    t.expect("skipped", "v1-missing-layer")


@case
def row_17_no_tags(t):
    t.tree.put(t.tree.folder("no/tags") + "/_index_images", "[]")
    r = t.expect("migrated", source="good/one:latest")
    assert "v1-no-tags" in r.codes and not os.path.exists(f"{t.out}/{V2}/repositories/no")


@case
def row_18_no_latest(t):
    t.tree.tag("only/old", "0.1", t.mid)
    r = t.expect("migrated", source="only/old:0.1")
    assert not r.codes, r.codes


@case
def row_19_orphans(t):
    t.tree.image("nobody needs", parent=t.mid, layer=gz(TAR))
    r = t.expect("migrated", source="good/one:latest")
    assert r.report["orphans"]["images"] == 1 and r.report["orphans"]["bytes"] > len(gz(TAR))


@case
def row_20_illegal_names(t):
    for name in ("bad/Upper", "bad/_lead", "bad/a..b", "bad/mix_-ed", "bad/three___under", "bad/trail-"):
        t.tree.tag(name, "latest", t.mid)
    r = t.expect("skipped", "illegal-name", source="bad/Upper:latest")
    assert "bad/mix-ed" in r.err and r.tags["bad/Upper:latest"]["reference"] is None


@case
def row_20_names_given(t):
    t.tree.tag("bad/Upper", "latest", t.mid)
    t.tree.tag("bad/_lead", "latest", t.mid)
    t.tree.tag("bad/trail-", "latest", t.mid)
    names = f"{t.folder}/names"
    overwrite(names, b"# new names\nbad/trail- = good/trail\n\n")
    r = t.expect("migrated", source="bad/Upper:latest",
                 args=["--lowercase", "--rename", "bad/_lead=good/lead", "--name-map", names])
    assert {v["reference"] for v in r.tags.values()} == {"bad/upper:latest", "good/lead:latest", "good/trail:latest", "good/one:latest"}
    assert set(r.report["renamed"]) == {"bad/Upper=bad/upper", "bad/_lead=good/lead", "bad/trail-=good/trail"}


@case
def row_21_case_twins(t):
    t.tree.tag("twins/Case", "latest", t.base)
    t.tree.tag("twins/case", "latest", t.mid)
    r = t.expect("skipped", "illegal-name", source="twins/Case:latest")
    assert r.status_of("twins/case:latest") == "migrated"


@case
def row_21_two_names_become_one(t):
    t.tree.tag("twins/Case", "latest", t.base)
    t.tree.tag("twins/case", "latest", t.mid)
    r = t.expect("skipped", "v1-name-collision", source="twins/case:latest", args=["--lowercase"])
    assert r.status_of("twins/Case:latest") == "migrated"


@case
def row_22_two_folders(t):
    for encode, latest in ((1, t.base), (2, t.mid)):
        t.tree.tag("two/grp/proj", "latest", latest, encode)
        t.tree.tag("two/grp/proj", f"only-{encode}", t.mid, encode)
    r = t.expect("migrated", "v1-two-folders", source="two/grp/proj:latest")
    assert len(r.image("two/grp/proj:latest")[1]["history"]) == 2
    assert r.status_of("two/grp/proj:only-1") == r.status_of("two/grp/proj:only-2") == "migrated"


@case
def row_22_folders_not_encoded_at_all(t):
    t.tree.tag("go/grp/deep/proj", "latest", t.mid, encode=0)
    t.expect("migrated", source="go/grp/deep/proj:latest")


@case
def row_23_illegal_tags(t):
    tags = ("we+ird", "-dash", ".dot", "latest~", "x" * 129)
    for tag in tags:
        t.tree.tag("good/one", tag, t.mid)
    r = t.expect("skipped", "illegal-name", source="good/one:we ird")
    assert sum(v["status"] == "skipped" for v in r.tags.values()) == len(tags)


@case
def row_24_another_image_is_there(t):
    t.tree.tag("library/busy", "latest", t.base)
    t.expect("migrated", source="library/busy:latest")
    t.tree.tag("library/busy", "latest", t.mid)
    r = t.run()
    assert r.status == 1 and r.status_of("library/busy:latest") == "skipped" and "tag-conflict" in r.codes
    assert len(r.image("busy:latest")[1]["history"]) == 1, "the tag was overwritten"
    r = t.run("--replace")
    assert r.status == 0 and r.status_of("library/busy:latest") == "migrated"
    assert len(r.image("busy:latest")[1]["history"]) == 2


@case
def library_kept_and_both(t):
    t.tree.tag("library/lib", "latest", t.mid)
    r = t.expect("migrated", source="library/lib:latest", args=["--library", "both"])
    assert {v["reference"] for v in r.report["tags"]} == {"lib:latest", "library/lib:latest", "good/one:latest"}
    shutil.rmtree(t.out)
    assert t.expect("migrated", source="library/lib:latest", args=["--library", "keep"]).tags["library/lib:latest"]["reference"] == "library/lib:latest"


@case
def row_25_one_image_in_many_places(t):
    for name in ("share/a", "share/b"):
        t.tree.tag(name, "latest", t.mid)
    r = t.expect("migrated", source="share/a:latest")
    assert len({v["digest"] for v in r.tags.values()}) == 1 and r.report["layers"]["read"] == 2


@case
def row_26_one_id_in_two_trees(t):
    state = f"{t.folder}/state"
    t.run("--state", state)
    other = Tree(f"{t.folder}/other")
    other.tag("other/one", "latest", other.image("base", layer=gz(TAR)))
    command = [REGADM, "--root", t.out, "migrate-v1", "--json", f"{t.folder}/other"]
    refused = subprocess.run([*command, "--state", state], capture_output=True)
    assert refused.returncode == 2 and b"another migration" in refused.stderr, refused.stderr
    r = Result(subprocess.run(command, capture_output=True), t.out)
    assert r.image("other/one:latest")[2] == [gz(TAR)] and r.image("good/one:latest")[2] != [gz(TAR)]


@case
def row_27_links(t):
    inside, outside = t.top(), t.tree.image("outside", parent=t.mid, layer=gz(TAR + b""))
    t.tree.tag("bad/out", "latest", outside)
    for id, to in ((inside, f"{t.folder}/v1/moved"), (outside, f"{t.folder}/elsewhere")):
        os.rename(path(t, id, "layer"), to)
        os.symlink(os.path.relpath(to, path(t, id, "")), path(t, id, "layer"))
    assert t.expect("skipped", "v1-outside", source="bad/out:latest").status_of("bad/one:latest") == "migrated"
    shutil.rmtree(t.out)
    t.expect("migrated", source="bad/out:latest", args=["--follow-symlinks"])


@case
def row_27_images_on_another_volume(t):
    t.top()
    os.rename(f"{t.folder}/v1/images", f"{t.folder}/volume")
    os.symlink("../volume", f"{t.folder}/v1/images")
    t.expect("migrated")


@case
def row_27_fifo_and_loop(t):
    for name in ("fifo", "loop"):
        id = t.tree.image(name, parent=t.mid, layer=None)
        t.tree.tag("bad/" + name, "latest", id)
        os.mkfifo(path(t, id, "layer")) if name == "fifo" else os.symlink("layer", path(t, id, "layer"))
    r = t.expect("skipped", source="bad/fifo:latest")
    assert r.status_of("bad/loop:latest") == "skipped"


@case
def row_28_unreadable(t):
    if os.geteuid() == 0:
        os.chmod(t.folder, 0o777)
        t.wrap = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    for name in ("json", "layer", "_checksum"):
        id = t.tree.image(f"closed {name}", parent=t.mid, layer=gz(TAR))
        t.tree.tag("closed/" + name.strip("_"), "latest", id)
        os.chmod(path(t, id, name), 0)
    t.tree.tag("closed/tag", "latest", t.mid)
    os.chmod(t.tree.folder("closed/tag") + "/tag_latest", 0)
    r = t.expect("skipped", "unreadable", source="closed/json:latest")
    assert {k.split("/")[1]: v["status"] for k, v in r.tags.items()} == {
        "one:latest": "migrated", "json:latest": "skipped", "layer:latest": "skipped", "tag:latest": "skipped", "checksum:latest": "migrated"}
    assert "ermission denied" in r.err, r.err


@case
def row_29_the_old_registry_runs(t):
    later = time.time() + 3600
    os.utime(path(t, t.top(), "layer"), (later, later))
    t.expect("migrated", "v1-live")


@case
def row_30_bomb(t):
    t.top(layer=gz(tar({"zeroes": bytes(20 << 20)}), 9))
    t.expect("skipped", "v1-damaged-layer", args=["--limit", "1MB"])


@case
def row_32_windows_base_missing(t):
    t.top(parent=sha256(b"a base that Microsoft has"), os="windows")
    t.expect("skipped", "v1-missing-image")


@case
def row_33_too_deep(t):
    parent = t.mid
    for n in range(126):
        parent = t.tree.image(f"deep {n}", parent=parent, layer=gz(tar({f"f{n}": b"x"})))
    t.top(parent=parent)
    t.expect("migrated", "v1-too-deep")


@case
def row_34_private(t):
    t.tree.put(t.tree.folder("good/one") + "/_private", "")
    assert t.expect("migrated", source="good/one:latest").report["private"] == ["good/one"]


# --- options ---

@case
def oci_format(t):
    t.top(config={"Cmd": ["a"], "OnBuild": ["RUN x"], "Env": ["A=b"], "Memory": 0})
    t.tree.tag("bad/two", "latest", t.tree.image("none lost", parent=t.mid, layer=EMPTY, config={"OnBuild": [], "Healthcheck": None, "Env": []}))
    r = t.expect("migrated", args=["--format", "oci"])
    notes = {f["repository"]: f["message"] for f in r.report["findings"] if f["code"] == "v1-lost"}
    assert set(notes) == {"bad/one"} and notes["bad/one"].endswith(" OnBuild"), notes
    assert not any(f["code"] == "v1-lost" for f in t.run("--replace").report["findings"])
    manifest, config, _ = t.run("--format", "oci", "--replace").image("bad/one:latest")
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert config["config"] == {"Cmd": ["a"], "Env": ["A=b"]} and "container_config" not in config


@case
def patterns(t):
    t.top()
    t.tree.tag("library/lib", "1", t.mid)
    t.tree.tag("library/lib", "2", t.mid)
    p = subprocess.run([REGADM, "--root", t.out, "migrate-v1", "--json", f"{t.folder}/v1", "bad/*", "lib:1"], capture_output=True)
    assert set(Result(p, t.out).tags) == {"bad/one:latest", "library/lib:1"}


@case
def hard_links(t):
    id = t.top()
    t.expect("migrated", args=["--link"])
    assert os.stat(path(t, id, "layer")).st_nlink == 2


@case
def state_saves_reading(t):
    id = t.top()
    state = f"{t.folder}/state"
    first = t.run("--state", state)
    assert first.report["layers"]["read"] == 3 and first.report["layers"]["remembered"] == 0
    second = t.run("--state", state)
    assert second.report["layers"]["read"] == 0 and second.report["layers"]["remembered"] == 3
    assert second.report["checksums"]["verified"] == 3
    shutil.rmtree(t.out)
    third = t.run("--state", state)
    assert third.status == 0 and third.image("bad/one:latest")
    os.utime(path(t, id, "layer"), (1, 1))
    assert t.run("--state", state).report["layers"]["read"] == 1
    with open(state, "ab") as f:
        f.write(b"half a li")
    assert t.run("--state", state).status == 0
    foreign = f"{t.folder}/foreign"
    overwrite(foreign, b"my own notes\n")
    assert t.run("--state", foreign).status == 2 and open(foreign).read() == "my own notes\n"


@case
def no_tree_at_all(t):
    p = subprocess.run([REGADM, "--root", t.out, "migrate-v1", "--json", t.folder], capture_output=True)
    assert p.returncode == 3 and b"images" in p.stderr
    shutil.rmtree(f"{t.folder}/v1/images")
    r = t.run()
    assert r.status == 3 and "Glance" in r.err and not os.path.exists(f"{t.out}/{V2}/repositories")


@case
def a_mirror_has_no_tags(t):
    shutil.rmtree(f"{t.folder}/v1/repositories")
    r = t.run()
    assert r.status == 1 and "v1-nothing" in r.codes and not os.path.exists(f"{t.out}/{V2}/repositories")


@case
def both_registries_in_one_folder(t):
    t.out = f"{t.folder}/v1"
    assert t.run().status == 0 and t.run().tags["good/one:latest"]["status"] == "unchanged"


@case
def listing_shows_what_is_there(t):
    os.remove(path(t, t.top(), "layer"))
    p = subprocess.run([REGADM, "ls-v1", "--json", f"{t.folder}/v1"], capture_output=True)
    report = json.loads(p.stdout)
    whole = {r["name"]: [tag["whole"] for tag in r["tags"]] for r in report["repositories"]}
    assert p.returncode == 0 and whole == {"bad/one": [False], "good/one": [True]} and report["images"] == 3


def main():
    failed = 0
    for f in CASES:
        folder = tempfile.mkdtemp(prefix="regadm-v1-")
        try:
            f(Trial(folder))
            print("ok", f.__name__)
        except Exception as e:
            failed += 1
            line = e.__traceback__.tb_next.tb_lineno if e.__traceback__.tb_next else 0
            print(f"FAIL {f.__name__}: line {line}: {type(e).__name__} {' '.join(str(e).split())}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
