# A signal ends a run that is held back to a byte a second.
sample reg
timeout 2 regadm --root reg fsck --limit-rate 1 >/dev/null 2>&1; echo "ended: $?"
