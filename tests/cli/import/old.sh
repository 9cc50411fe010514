DOCKERTAR=old dockertar old.tar team/app:1 one two
export REGADM_ROOT=new
regadm import --layer-compression none old.tar
regadm inspect --config team/app:1
