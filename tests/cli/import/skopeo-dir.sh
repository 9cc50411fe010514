# A folder of skopeo's dir: has an image's own manifest under the name of docker's table.
exec 2>&1
mkdir folder && echo 'Directory Transport Version: 1.1' >folder/version
echo '{"schemaVersion": 2, "config": {}, "layers": []}' >folder/manifest.json
regadm --root reg import folder; echo "exit $?"
ls
