sample reg; export REGADM_ROOT=reg
regadm ls -q 'tools/*'
regadm ls -q tools
regadm ls -q 'registry.example:5000/web/site'
regadm ls -q '**/*oci'
