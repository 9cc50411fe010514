sample reg; export REGADM_ROOT=reg
names() { tar xO index.json | grep -o '"io.containerd.image.name":"[^"]*"\|"org.opencontainers.image.ref.name":"[^"]*"'; }
echo plain:; regadm export tools/hello:1.0 2>/dev/null | names
echo registry:; regadm export --name registry.example.com:5000 tools/hello:1.0 -o named.tar; names <named.tar
tar xOf named.tar manifest.json | grep -o '"RepoTags":[^]]*]'
echo tags:; regadm export --tag-names tools/hello:1.0 2>/dev/null | names
echo no table:; regadm export --no-docker-table tools/hello:1.0 2>/dev/null | tar t | grep '\.json'
