# An unset variable of a shell is not "anything".
exec 2>&1
sample reg; export REGADM_ROOT=reg
for option in --label --env --file --author --os --arch --created-after --larger-than; do
    regadm find $option "$UNSET" | head -n 1; echo "$option ${PIPESTATUS[0]}"
done
regadm find --label "$UNSET=$UNSET"; echo "exit $?"
