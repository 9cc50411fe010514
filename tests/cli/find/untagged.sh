sample reg; export REGADM_ROOT=reg
regadm find --untagged
regadm rm -y -q tools/hello:1.0 tools/hello:latest 2>/dev/null
regadm find --untagged
regadm find -uq 'tools/*'
regadm find -u --label team=tools
