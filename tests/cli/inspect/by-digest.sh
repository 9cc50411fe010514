sample reg; export REGADM_ROOT=reg
regadm inspect tools/hello@sha256:8e6109e956fd96b03f6fe2a5390b1c8a2ce2090343eff0895609eb08f34d99b7 | head -n 2
regadm inspect tools/hello@8e6109 | head -n 2
regadm inspect tools/hello:1.0@sha256:8e6109 | head -n 2
