sample reg; export REGADM_ROOT=reg
regadm inspect tools/hello:0.9@sha256:8e6109; echo $?
regadm inspect tools/hello@abcdef; echo $?
regadm inspect tools/hello@8e61; echo $?
