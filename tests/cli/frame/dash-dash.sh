# After "--" nothing is an option.
sample registry
regadm --root registry ls -- --json
