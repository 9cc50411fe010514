regadm help ls
regadm ls --help | diff - <(regadm help ls) && echo same
