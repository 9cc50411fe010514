sample reg; export REGADM_ROOT=reg
regadm find --file hello
regadm find -q --file '/etc/os-*'
regadm find -q --file 'etc/**' --file hello
regadm find --file '**/index.html' 'web/**'
regadm find --json --file 'srv/*'
regadm find --file etc
