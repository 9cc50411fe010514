# A digest without its repository: the hint says how to name it.
sample reg
regadm --root reg inspect 8e6109e9
regadm --root reg inspect sha256:8e6109e9
