regadm version now
