# The overview but for the verbs, which come and go: lint looks at those.
regadm help | grep -v -e '^  [a-z]' -e '^[A-Z][a-z]*$' | cat -s
