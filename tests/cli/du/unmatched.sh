# A pattern that no repository matches is named, in each verb that takes patterns.
sample reg
regadm --root reg du nope 'tools/**'
echo "exit $?"
regadm --root reg du nope
echo "exit $?"
regadm --root reg find --label team=tools nope
echo "exit $?"
regadm --root reg ls --json nope >/dev/null
