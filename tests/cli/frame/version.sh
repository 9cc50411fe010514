regadm --version
regadm version
