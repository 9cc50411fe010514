# not on s3: what makes a repository is gone with the last key of its layer links
exec 2>&1
sample reg; sample other; export REGADM_ROOT=reg
R=reg/docker/registry/v2
rm -r $R/blobs/sha256/2a $R/repositories/tools/hello/_manifests/revisions/sha256/*
echo without another copy:; regadm fsck --repair -y | sed 's/sha256:[0-9a-f]*/DIGEST/; /^note/d'
echo with one:; regadm fsck --repair -y --from other --json 2>/dev/null |
    python3 -c 'import json,sys; [print(f["code"], f.get("action")) for f in json.load(sys.stdin)["findings"]]'
