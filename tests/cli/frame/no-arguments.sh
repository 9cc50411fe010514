# The overview again, on standard error, and the status of a wrong command line.
regadm 2> said
status=$?
diff said <(regadm help) && exit $status
