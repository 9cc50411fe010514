# not on s3: there is no lock
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Another one holds the lock for as long as the pipe is open.
mkfifo hold
cat > hold.py <<'PY'
import fcntl, os, struct
os.makedirs("reg/.regadm", exist_ok=True)
f = os.open("reg/.regadm/lock", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.fcntl(f, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
os.write(f, b"regadm import, process 1234\n")
open("hold", "w").close()
open("hold").read()
PY
python3 hold.py & read -r < hold
run gc -y
run rm -y tools/hello:1.0
run gc -n -q
run rm -n -q tools/hello:1.0
: > hold; wait
run rm -y -q tools/hello:1.0
