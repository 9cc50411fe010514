sample reg; export REGADM_ROOT=reg
regadm inspect tools/hello:2.0; echo $?
regadm inspect tools/helo:1.0; echo $?
regadm inspect 'tools/*'; echo $?
regadm inspect tools/hello:; echo $?
regadm inspect :1.0; echo $?
