sample reg; export REGADM_ROOT=reg
for by in tag layer media-type; do echo "$by:"; regadm du --by $by; done
