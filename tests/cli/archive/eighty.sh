# On a terminal of 80 columns no line is longer.
name=a-company-with-a-long-name/and-a-department/with-a-product-of-many-words/service
dockertar image.tar $name:2026.11.21-build.4711-with-a-suffix one
wide() { python3 -c 'import pty, sys; pty.spawn(["bash", "-c", "stty cols 80; " + sys.argv[1]])' "$1" | tr -d '\r' | python3 -c 'import sys; [print(("TOO LONG: " if len(l) > 81 else "") + l, end="") for l in sys.stdin]'; }
wide 'regadm --color never archive image.tar'
wide 'regadm --color never --root new import --layer-compression none image.tar'
wide "regadm --color never --root new export --all"
