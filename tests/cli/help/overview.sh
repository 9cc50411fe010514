# Every verb is listed below a heading, and --help, -h and help say the same.
regadm help | grep -x -e Look -e Other
regadm help | grep -c '^  completion '
diff <(regadm help) <(regadm --help) && diff <(regadm help) <(regadm -h)
