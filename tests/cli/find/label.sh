sample reg; export REGADM_ROOT=reg
regadm find --label team=tools
regadm find -q --label team=t* 'web/*'
regadm find -q --label team=other
regadm find -q --label '*title' --untagged
