#!/usr/bin/env python3
"""sound.py ROOT: whether a storage keeps the promise, told by nothing but its files: every blob is what its name says,
every link names a blob that is there, and whatever a tag reaches is there. Prints what is wrong; exit status 1 then.
Temporary files with names are wrong too, but for the one that belongs to regadm's lock."""
import hashlib
import json
import os
import sys

V2 = os.path.join(sys.argv[1], "docker/registry/v2")
wrong, blobs = [], {}

for folder, _, files in os.walk(V2 + "/blobs"):
    for name in files:
        if name != "data":
            wrong.append(f"stray {folder}/{name}")
            continue
        alg = folder.split("/blobs/")[1].split("/")[0]
        data = open(f"{folder}/data", "rb").read()
        digest = alg + ":" + os.path.basename(folder)
        if hashlib.new(alg, data).hexdigest() != os.path.basename(folder):
            wrong.append(f"{digest} is not what its name says")
        blobs[digest] = data


def reach(digest, seen):
    if digest in seen:
        return
    seen.add(digest)
    if digest not in blobs:
        wrong.append(f"{digest} is reached and missing")
        return
    try:
        m = json.loads(blobs[digest])
    except ValueError:
        return
    for d in m.get("manifests", []):
        if d["digest"] in blobs:
            reach(d["digest"], seen)
    for d in m.get("layers", []) + ([m["config"]] if isinstance(m.get("config"), dict) else []):
        if isinstance(d, dict) and "digest" in d and d["digest"] not in blobs and not d.get("urls"):
            wrong.append(f"{d['digest']} is needed by {digest} and missing")


for folder, _, files in os.walk(V2 + "/repositories"):
    for name in files:
        if name != "link":
            if "/_uploads/" not in folder + "/":
                wrong.append(f"stray {folder}/{name}")
            continue
        link = open(f"{folder}/link").read()
        if "/index/" in folder:
            continue
        if link not in blobs:
            wrong.append(f"{folder} names {link!r}, which is not there")
        elif folder.endswith("/current"):
            reach(link, set())

print(*sorted(set(wrong)), sep="\n", end="\n" if wrong else "")
sys.exit(bool(wrong))
