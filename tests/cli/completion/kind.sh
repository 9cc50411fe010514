sample registry
regadm --root registry __complete tags ""
