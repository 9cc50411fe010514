# What an archive calls its images reaches the terminal in no other form than the table's.
dockertar image.tar $'app\e]0;title\a/x:\e[31mred' one
regadm archive -q image.tar
regadm archive image.tar 2>&1
