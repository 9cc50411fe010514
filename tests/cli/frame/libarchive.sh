# Loaded for the files in layers alone, and missed in words: this one is no library at all.
# not static: it is linked in
ldd "$REGADM" 2>/dev/null | grep -c -e libarchive -e libxml2
: > libarchive.so.13
sample reg
LD_LIBRARY_PATH=$PWD regadm --root reg inspect --files tools/hello:1.0 2>&1 | sed "s|$PWD/||"
