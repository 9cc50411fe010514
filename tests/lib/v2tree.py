"""Registry trees of a shape that no tool makes, written from nothing: for tests and benchmarks.

    t = Tree("/tmp/registry")
    t.image("team/app", "v1", t.blob(b"{}"), [t.blob(b"a layer")])
"""
import hashlib
import json
import os

OCI = tuple(f"application/vnd.oci.image.{what}" for what in ("manifest.v1+json", "config.v1+json", "layer.v1.tar"))
DOCKER = tuple(f"application/vnd.docker.{what}" for what in
               ("distribution.manifest.v2+json", "container.image.v1+json", "image.rootfs.diff.tar.gzip"))


class Tree:
    def __init__(self, root):
        self.v2 = os.path.join(root, "docker/registry/v2")

    def put(self, path, data):
        path = os.path.join(self.v2, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def blob(self, data):
        """What a descriptor says of it."""
        digest = hashlib.sha256(data).hexdigest()
        self.put(f"blobs/sha256/{digest[:2]}/{digest}/data", data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    def zeroes(self, digest, size):
        """A sparse blob of so many zero bytes, whose digest is known."""
        hexa = digest[7:]
        os.truncate(self.put(f"blobs/sha256/{hexa[:2]}/{hexa}/data", b""), size)
        return {"digest": digest, "size": size}

    def link(self, repo, place, digest):
        self.put(f"repositories/{repo}/{place}/link", digest.encode())

    def image(self, repo, tag, config, layers, types=OCI, **more):
        """A manifest of these blobs with its links, without a tag if that is None; `more` are members of it. Its digest."""
        parts = [dict(config, mediaType=types[1])] + [dict(layer, mediaType=types[2]) for layer in layers]
        body = {"schemaVersion": 2, "mediaType": types[0], "config": parts[0], "layers": parts[1:], **more}
        digest = self.blob(json.dumps(body).encode())["digest"]
        for part in parts:
            self.link(repo, f"_layers/sha256/{part['digest'][7:]}", part["digest"])
        self.link(repo, f"_manifests/revisions/sha256/{digest[7:]}", digest)
        if tag:
            self.link(repo, f"_manifests/tags/{tag}/index/sha256/{digest[7:]}", digest)
            self.link(repo, f"_manifests/tags/{tag}/current", digest)
        return digest
