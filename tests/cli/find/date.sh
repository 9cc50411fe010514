sample reg; export REGADM_ROOT=reg
regadm find -q --created-after 2026-03-11
echo before:
regadm find -q --created-before 2026-03-10T12:00:00Z
regadm find --created-after yesterday; echo "exit $?"
