sample reg; export REGADM_ROOT=reg
export="regadm export --no-timestamp web/site:stable"
echo "a device:"; $export -o /dev/null; echo "exit $?"
$export --print-catalog -o /dev/null; echo "exit $?"
echo "a fifo:"; mkfifo fifo
cat fifo >out.tar &
$export -q -o fifo; echo "exit $?"
wait; cmp out.tar <($export -q); ls -F fifo
echo "a name that would draw:"; $export -o $'a\e[31mb.tar'; echo "exit $?"
