#!/bin/bash
# screenshot.sh FILE.png: a picture of the report on the sample registry, as if it had grown over some months.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$OUT/tests/lib/mksample" "$work/registry"
tags=$work/registry/docker/registry/v2/repositories
touch -d 2025-11-20 "$tags/tools/hello/_manifests/tags/0.9/current/link"
touch -d 2026-01-08 "$tags/tools/hello-oci/_manifests/tags/v1/current/link"
touch -d 2026-02-24 "$tags/web/site/_manifests/tags/stable/current/link"
SOURCE_DATE_EPOCH=1773600000 "$OUT/regadm" report --root "$work/registry" --name registry.example.com \
    -o "$work/report.html" 2>"$work/log" || [ $? = 1 ]
sed -i "s,$work/registry,/var/lib/registry," "$work/report.html"
python3 "$(dirname "$0")/browser.py" "file://$work/report.html" "$1"
