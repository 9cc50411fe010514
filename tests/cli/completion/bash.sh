# What bash offers at the end of a command line.
# shellcheck disable=SC1090,SC2088 # the script comes from a pipe; the tilde is the shell's business later
sample registry
source <(regadm completion bash)
offer()
{
    COMP_LINE="regadm $*" COMP_WORDS=(regadm "$@") COMP_CWORD=$# COMPREPLY=()
    _regadm 2>/dev/null
    echo "$* ->" "${COMPREPLY[@]}"
}
offer insp
offer ls --so
offer ls --sort ""
offer ls --sort = na
offer --root registry tags tools/
offer --root = registry tags tools/
offer --root registry inspect web/site : ""
offer --root registry inspect tools/hello : la
offer --root nowhere tags ""
offer inspect --root registry --config web/site : st
offer --root reg
offer completion ""
offer --root "~/registry" tags to
offer --color a
