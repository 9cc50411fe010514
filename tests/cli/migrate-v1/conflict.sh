sample --v1 old
regadm --root new migrate-v1 -q old base 2>/dev/null
(cd old/images && echo b750*) > old/repositories/library/base/tag_latest
{ regadm --root new migrate-v1 old base
regadm --root new migrate-v1 --replace old base
regadm --root new migrate-v1 --replace --yes old base; } 2>err
sed '/^regadm: bytes:/d' err >&2
