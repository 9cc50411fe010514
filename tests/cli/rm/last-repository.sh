# only on s3: a folder of repositories that is empty says that there are none
exec 2>&1
sample reg; export REGADM_ROOT=reg
regadm rm -y -r '**'
regadm gc -q -y --min-age 0s; echo "exit $?"
