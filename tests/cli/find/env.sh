sample reg; export REGADM_ROOT=reg
regadm find -q --env GREETING=hello
regadm find -q --env 'GREETING=HELLO'
regadm find -q --env PATH
