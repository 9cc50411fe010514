#!/bin/bash
# The report on the large tree: how long it takes beside du, which reads the same; how large the page is; and what the
# browser's main thread works until it is shown, and for the slowest of some searches.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
# shellcheck source=tests/lib/bench.sh
. "$TESTLIB/bench.sh"
need python3
bench_tree

report() { "$REGADM" --root "$TREE" report --no-check -o "$WORK/report.html"; }
du_json() { "$REGADM" --root "$TREE" du --json; }
compare "report, and du of the same" 0.2 3 report du_json
memory "report" "$REGADM" --root "$TREE" report --no-check -o "$WORK/report.html"
echo "page: $(stat -c %s "$WORK/report.html") bytes (goal: below 15000000)"

PYTHONPATH=$TESTLIB python3 - "$WORK/report.html" <<'PY'
import sys
from browser import Browser
if not Browser.find():
    sys.exit("skip browser: no Chromium")
with Browser() as b:
    b.call("Performance.enable", timeDomain="threadTicks")
    def worked():
        return next(m["value"] for m in b.call("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration")
    b.open("file://" + sys.argv[1])
    b.wait("document.querySelector('#charts section')")
    print(f"opens in {worked():.2f} s of work, {b.ask('performance.timing.loadEventEnd - performance.timing.navigationStart') / 1000:.2f} s by the clock (goal: 2)")
    slowest = 0
    for query in ("a", "ap", "app", "app1", "sha256:12"):
        before = worked()
        b.ask(f"query.value = {query!r}; query.dispatchEvent(new Event('input')); document.body.offsetHeight")
        slowest = max(slowest, worked() - before)
    print(f"a search takes at most {slowest:.3f} s of work (goal: 0.1)")
PY
