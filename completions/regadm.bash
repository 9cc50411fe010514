# bash completion of regadm(1), written from its table of verbs and options.
# shellcheck shell=bash

# The words up to the cursor, those joined again that bash splits at ':' and '='.
_regadm_words()
{
    local word joins=
    words=()
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ ${#words[@]} -gt 1 && ($joins || $word =~ ^[:=]+$) ]]; then
            words[${#words[@]} - 1]+=$word
            [[ $word =~ ^[:=]+$ ]] && joins=1 || joins=
        else
            words+=("$word")
        fi
    done
}

# Offers what regadm itself knows: repos or refs.
_regadm_ask()
{
    local i from=()
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
        --root=* | --config=*) from+=("${words[i]}") ;;
        --root | --config) from+=("${words[i]}=${words[i + 1]}") ;;
        esac
    done
    mapfile -t COMPREPLY < <("${words[0]/#\~/$HOME}" "${from[@]/=\~/=$HOME}" __complete "$1" "$cur" 2>/dev/null)
}

_regadm_offer()
{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_regadm_paths()
{
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_regadm_verbs="ls tags inspect find du report rm gc fsck export import archive copy migrate-v1 ls-v1 htpasswd help completion version"

# The verb among the words, by its proper name.
_regadm_find_verb()
{
    local i
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
        --root | --config | --jobs | -j | --color) i=$((i + 1)) ;;
        -*) ;;
        *) verb=${words[i]} && break ;;
        esac
    done
    case $verb in
    ls | list) verb='ls' ;;
    inspect | show) verb='inspect' ;;
    find | search) verb='find' ;;
    rm | delete) verb='rm' ;;
    gc | garbage-collect) verb='gc' ;;
    fsck | check) verb='fsck' ;;
    export | save) verb='export' ;;
    import | load) verb='import' ;;
    esac
}

_regadm_options()
{
    case $verb in
    ls) _regadm_offer "--sort --reverse --root --config --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    tags) _regadm_offer "--sort --reverse --filter --regex --digests --all --root --config --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    inspect) _regadm_offer "--raw --config --platform --files --layer --cat --root --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    find) _regadm_offer "--label --env --file --author --os --arch --created-after --created-before --larger-than --untagged --root --config --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    du) _regadm_offer "--by --top --apparent --disk --min-age --root --config --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    report) _regadm_offer "--output --metrics --name --min-age --no-check --root --config --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    rm) _regadm_offer "--recursive --untagged --regex --older-than --keep-last --by --keep-referrers --min-age --force --root --config --dry-run --yes --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    gc) _regadm_offer "--delete-untagged --min-age --uploads-age --prune-repositories --root --config --dry-run --dry --yes --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    fsck) _regadm_offer "--quick --sample --time --state --limit-rate --repair --from --root --config --dry-run --yes --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    export) _regadm_offer "--output --all --format --platform --no-untagged --since --have --print-catalog --name --tag-names --plain-layers --no-docker-table --compress --skip-damaged --no-verify --no-timestamp --root --config --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    import) _regadm_offer "--as --prefix --select --keep-host --replace --mirror --allow-missing --layer-compression --level --no-verify-diff-ids --max-size --root --config --dry-run --yes --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    archive) _regadm_offer "--verify --json --quiet --jobs --verbose --color --no-progress --help" ;;
    copy) _regadm_offer "--replace --follow-symlinks --dry-run --yes --json --quiet --jobs --verbose --color --no-progress --help" ;;
    migrate-v1) _regadm_offer "--library --rename --name-map --lowercase --replace --format --state --link --plain --strict --trust-inprogress --salvage --limit --root --config --dry-run --yes --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help" ;;
    ls-v1) _regadm_offer "--tags --follow-symlinks --json --quiet --verbose --color --help" ;;
    htpasswd) _regadm_offer "--create --print --verify --delete --batch --argument --stdin --generate --length --bcrypt --cost --sha256 --sha512 --rounds --md5 --des --sha1 --plain --truncate --in-place --mode --config --json --jobs --no-progress --help" ;;
    help) _regadm_offer "--verbose --color --help" ;;
    completion) _regadm_offer "--verbose --color --help" ;;
    version) _regadm_offer "--verbose --color --help" ;;
    *) _regadm_offer "--root --config --dry-run --dry --yes --json --quiet --jobs --follow-symlinks --verbose --color --no-progress --help --version" ;;
    esac
}

# Fails when the word before the cursor takes no value.
_regadm_value()
{
    case $verb:$prev in
    ls:--sort | ls:-s) _regadm_offer "name size tags updated" ;;
    tags:--sort | tags:-s) _regadm_offer "name created updated size version" ;;
    tags:--filter) COMPREPLY=() ;;
    tags:--regex) COMPREPLY=() ;;
    inspect:--config) return 1 ;;
    inspect:--platform) COMPREPLY=() ;;
    inspect:--layer) COMPREPLY=() ;;
    inspect:--cat) COMPREPLY=() ;;
    find:--label | find:-l) COMPREPLY=() ;;
    find:--env | find:-e) COMPREPLY=() ;;
    find:--file | find:-f) COMPREPLY=() ;;
    find:--author) COMPREPLY=() ;;
    find:--os) COMPREPLY=() ;;
    find:--arch) COMPREPLY=() ;;
    find:--created-after) COMPREPLY=() ;;
    find:--created-before) COMPREPLY=() ;;
    find:--larger-than) COMPREPLY=() ;;
    du:--by | du:-b) _regadm_offer "repository tag layer media-type" ;;
    du:--top) COMPREPLY=() ;;
    du:--min-age) COMPREPLY=() ;;
    report:--output | report:-o) _regadm_paths -f ;;
    report:--metrics) _regadm_paths -f ;;
    report:--name) COMPREPLY=() ;;
    report:--min-age) COMPREPLY=() ;;
    rm:--regex) COMPREPLY=() ;;
    rm:--older-than) COMPREPLY=() ;;
    rm:--keep-last) COMPREPLY=() ;;
    rm:--by) _regadm_offer "none created updated version" ;;
    rm:--min-age) COMPREPLY=() ;;
    gc:--min-age) COMPREPLY=() ;;
    gc:--uploads-age) COMPREPLY=() ;;
    fsck:--sample) COMPREPLY=() ;;
    fsck:--time) COMPREPLY=() ;;
    fsck:--state) _regadm_paths -f ;;
    fsck:--limit-rate) COMPREPLY=() ;;
    fsck:--from) _regadm_paths -f ;;
    export:--output | export:-o) _regadm_paths -f ;;
    export:--format | export:-f) _regadm_offer "backup docker" ;;
    export:--platform) COMPREPLY=() ;;
    export:--since) _regadm_paths -f ;;
    export:--have) _regadm_paths -f ;;
    export:--name) COMPREPLY=() ;;
    export:--compress | export:-z) _regadm_offer "none gzip zstd" ;;
    import:--as) _regadm_ask repos ;;
    import:--prefix) COMPREPLY=() ;;
    import:--select | import:-s) COMPREPLY=() ;;
    import:--layer-compression) _regadm_offer "gzip zstd none" ;;
    import:--level) COMPREPLY=() ;;
    import:--max-size) COMPREPLY=() ;;
    migrate-v1:--library) _regadm_offer "strip keep both" ;;
    migrate-v1:--rename) COMPREPLY=() ;;
    migrate-v1:--name-map) _regadm_paths -f ;;
    migrate-v1:--format) _regadm_offer "docker oci" ;;
    migrate-v1:--state) _regadm_paths -f ;;
    migrate-v1:--trust-inprogress) _regadm_offer "never verified always" ;;
    migrate-v1:--limit) COMPREPLY=() ;;
    htpasswd:--length) COMPREPLY=() ;;
    htpasswd:--cost | htpasswd:-C) COMPREPLY=() ;;
    htpasswd:--rounds | htpasswd:-r) COMPREPLY=() ;;
    htpasswd:--mode) COMPREPLY=() ;;
    htpasswd:--config) _regadm_paths -f ;;
    htpasswd:--jobs | htpasswd:-j) COMPREPLY=() ;;
    *:--root) _regadm_paths -d ;;
    *:--config) _regadm_paths -f ;;
    *:--jobs | *:-j) COMPREPLY=() ;;
    *:--color) _regadm_offer "auto always never" ;;
    *) return 1 ;;
    esac
}

_regadm_operand()
{
    case $verb in
    '') _regadm_offer "$_regadm_verbs" ;;
    ls) _regadm_ask repos ;;
    tags) _regadm_ask repos ;;
    inspect) _regadm_ask refs ;;
    find) _regadm_ask repos ;;
    du) _regadm_ask repos ;;
    rm) _regadm_ask refs ;;
    gc) _regadm_paths -f ;;
    export) _regadm_ask refs ;;
    import) _regadm_paths -f ;;
    archive) _regadm_paths -f ;;
    copy) _regadm_paths -d ;;
    migrate-v1) _regadm_paths -d ;;
    ls-v1) _regadm_paths -d ;;
    htpasswd) _regadm_paths -f ;;
    help) _regadm_offer "$_regadm_verbs" ;;
    completion) _regadm_offer "bash zsh fish" ;;
    esac
}

_regadm()
{
    local words cur prev verb=
    COMPREPLY=()
    _regadm_words
    _regadm_find_verb
    cur=${words[-1]} prev=${words[-2]}
    if [[ $cur == --*=* ]]; then
        prev=${cur%%=*} cur=${cur#*=}
    fi
    if ! _regadm_value; then
        case $cur in
        -*) _regadm_options ;;
        *) _regadm_operand ;;
        esac
    fi
    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
    fi
}

complete -F _regadm regadm
