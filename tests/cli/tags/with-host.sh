sample reg; export REGADM_ROOT=reg
regadm tags -q registry.example:5000/web/site
