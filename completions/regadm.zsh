#compdef regadm
# zsh completion of regadm(1), written from its table of verbs and options.

# Offers what regadm itself knows: repos or refs.
_regadm_ask() {
    local -a from found
    local i
    for ((i = 2; i < $#regadm_words; i++)); do
        case $regadm_words[i] in
            --root=*|--config=*) from+=(${regadm_words[i]%%=*}=${${regadm_words[i]#*=}/#\~/$HOME}) ;;
            --root|--config) from+=($regadm_words[i]=${regadm_words[i+1]/#\~/$HOME}) ;;
        esac
    done
    found=(${(f)"$(${~regadm_words[1]} $from __complete $1 "$PREFIX" 2>/dev/null)"})
    compadd -a found
}

_regadm_verbs() {
    local -a verbs=(
        'ls:list the repositories'
        'tags:list the tags of repositories'
        'inspect:show an image'
        'find:tell what needs a digest, and which images have a label or file'
        'du:show where the disk went'
        'report:write one HTML page'
        'rm:remove tags, manifests and repositories'
        'gc:remove what nothing needs, and get the space back'
        'fsck:check every link, manifest and blob, and repair'
        'export:back up the registry, save images as tarballs'
        'import:restore a backup, load image tarballs'
        'archive:list or verify an archive, without a registry'
        'copy:copy a whole storage, between folders and buckets'
        'migrate-v1:bring the data of the old Python registry into this storage'
        'ls-v1:list what the storage of an old Python registry holds'
        'htpasswd:add, change, check and list the users of a registry'
        'help:show what regadm can do, or what a verb does'
        'completion:print what makes a shell complete regadm'\''s command lines'
        'version:show the version'
    )
    _describe verb verbs
}

_regadm() {
    local context state state_descr line
    local -A opt_args
    local -a regadm_words=("${(@)words[1,CURRENT]}")
    _arguments -s -S -C \
        '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
        '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
        '(-n --dry-run)'{-n,--dry-run}'[say what would be done, and do nothing]' \
        '(-d --dry)'{-d,--dry}'[the registry'\''s own letter for --dry-run]' \
        '(-y --yes)'{-y,--yes}'[do not ask]' \
        '--json[print one JSON object]' \
        '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
        '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
        '--follow-symlinks[follow symbolic links that lead out of the root]' \
        \*{-v,--verbose}'[say more]' \
        '--color=[colour]:WHEN:(auto always never)' \
        '--no-progress[show no progress]' \
        '(-h --help)'{-h,--help}'[show this help]' \
        '(-V --version)'{-V,--version}'[show the version]' \
        '(-): :_regadm_verbs' \
        '(-)*:: :->arguments' && return
    [[ $state == arguments ]] || return 1
    case $words[1] in
        ls|list)
            _arguments -s -S \
                '(-s --sort)'{-s+,--sort=}'[sort by name, size, tags or updated]:KEY:(name size tags updated)' \
                '(-r --reverse)'{-r,--reverse}'[sort the other way round]' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:{_regadm_ask repos}'
            ;;
        tags)
            _arguments -s -S \
                '(-s --sort)'{-s+,--sort=}'[sort by name, created, updated, size or version]:KEY:(name created updated size version)' \
                '(-r --reverse)'{-r,--reverse}'[sort the other way round]' \
                '--filter=[only tags that match the pattern]:PATTERN: ' \
                '--regex=[only tags in which the extended regular expression is found]:REGEX: ' \
                '(-d --digests)'{-d,--digests}'[show digests in full]' \
                '(-a --all)'{-a,--all}'[show tags that stand for digests too]' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:{_regadm_ask repos}'
            ;;
        inspect|show)
            _arguments -s -S \
                '--raw[print the manifest'\''s exact bytes]' \
                '--config[print the image config'\''s exact bytes]' \
                '--platform=[of a multi-platform image show this platform'\''s]:OS/ARCH[/VARIANT]: ' \
                '--files[list the files of the image, as a container sees them]' \
                '--layer=[list what one layer adds, changes and removes]:N|DIGEST|all: ' \
                '--cat=[print one file of the image]:PATH: ' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '1:argument:{_regadm_ask refs}'
            ;;
        find|search)
            _arguments -s -S \
                \*{-l+,--label=}'[images that carry the label]:KEY[=VALUE]: ' \
                \*{-e+,--env=}'[images that set the environment variable]:NAME[=VALUE]: ' \
                \*{-f+,--file=}'[images with such a file]:PATTERN: ' \
                '--author=[images whose author has the text in it]:TEXT: ' \
                '--os=[images for the operating system]:OS: ' \
                '--arch=[images for the architecture]:ARCH: ' \
                '--created-after=[images made after it]:DATE: ' \
                '--created-before=[images made before it]:DATE: ' \
                '--larger-than=[images whose manifest, config and layers are larger]:SIZE: ' \
                '(-u --untagged)'{-u,--untagged}'[look at untagged revisions too]' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:{_regadm_ask repos}'
            ;;
        du)
            _arguments -s -S \
                '(-b --by)'{-b+,--by=}'[list by repository, tag, layer or media-type]:WHAT:(repository tag layer media-type)' \
                '--top=[list the N largest only]:N: ' \
                '--apparent[count the bytes of files]' \
                '--disk[count the blocks that files occupy on the disk]' \
                '--min-age=[what is younger is not reclaimable, as in gc]:AGE: ' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:{_regadm_ask repos}'
            ;;
        report)
            _arguments -s -S \
                '(-o --output)'{-o+,--output=}'[write the page, or with --json the data, to FILE]:FILE:_files' \
                '--metrics=[write the figures to FILE as Prometheus'\'' text files have them]:FILE:_files' \
                '--name=[the registry'\''s name for clients, for the title and for docker pull]:HOST: ' \
                '--min-age=[what is younger is not reclaimable, as in gc]:AGE: ' \
                '--no-check[leave the quick check out]' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument: '
            ;;
        rm|delete)
            _arguments -s -S \
                '(-r --recursive)'{-r,--recursive}'[remove whole repositories]' \
                '--untagged[remove the revisions of a repository that no tag reaches]' \
                '--regex=[only tags in which the extended regular expression is found]:REGEX: ' \
                '--older-than=[only tags older than AGE]:AGE: ' \
                '--keep-last=[of these tags keep the N newest of each repository]:N: ' \
                '--by=[what age means]:DATE:(none created updated version)' \
                '--keep-referrers[leave signatures and other referrers of a removed manifest]' \
                '--min-age=[with --untagged]:AGE: ' \
                '(-f --force)'{-f,--force}'[remove a manifest even if something else needs it]' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '(-n --dry-run)'{-n,--dry-run}'[say what would be done, and do nothing]' \
                '(-y --yes)'{-y,--yes}'[do not ask]' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:{_regadm_ask refs}'
            ;;
        gc|garbage-collect)
            _arguments -s -S \
                '(-m --delete-untagged)'{-m,--delete-untagged}'[also remove revisions that no tag reaches]' \
                '--min-age=[leave alone what changed less than AGE ago]:AGE: ' \
                '--uploads-age=[remove uploads that nothing happened to for AGE]:AGE: ' \
                '--prune-repositories[remove repositories that nothing is left of]' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '(-n --dry-run)'{-n,--dry-run}'[say what would be done, and do nothing]' \
                '(-d --dry)'{-d,--dry}'[the registry'\''s own letter for --dry-run]' \
                '(-y --yes)'{-y,--yes}'[do not ask]' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '1:argument:_files'
            ;;
        fsck|check)
            _arguments -s -S \
                '--quick[check structure and sizes]' \
                '--sample=[read only that part of the blobs, another one each time]:PERCENT: ' \
                '--time=[begin no further blob after that long]:DURATION: ' \
                '--state=[begin where the last run with this file stopped, and write down where this one does]:FILE:_files' \
                '--limit-rate=[read at most that much a second]:SIZE: ' \
                '--repair[mend what is certain]' \
                '--from=[with --repair]:ROOT|ARCHIVE:_files' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '(-n --dry-run)'{-n,--dry-run}'[say what would be done, and do nothing]' \
                '(-y --yes)'{-y,--yes}'[do not ask]' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument: '
            ;;
        export|save)
            _arguments -s -S \
                '(-o --output)'{-o+,--output=}'[write to FILE, which appears complete or not at all, over what it held]:FILE:_files' \
                '(-a --all)'{-a,--all}'[the whole registry]' \
                '(-f --format)'{-f+,--format=}'[backup]:FORMAT:(backup docker)' \
                '--platform=[of multi-platform images only this platform]:OS/ARCH: ' \
                '--no-untagged[only what tags lead to, with signatures and other things that are about it]' \
                '--since=[an increment]:ARCHIVE:_files' \
                '--have=[an increment]:FILE:_files' \
                '--print-catalog[write the catalogue only]' \
                '--name=[put REGISTRY/ before the names that other tools read, docker.io for instance]:REGISTRY: ' \
                '--tag-names[name images in index.json by their tag alone, for oras and umoci]' \
                '--plain-layers[with --format docker]' \
                '--no-docker-table[write no manifest.json beside index.json]' \
                '(-z --compress)'{-z+,--compress=}'[compress the whole file]:METHOD:(none gzip zstd)' \
                '--skip-damaged[leave out images that are not whole, and say so, instead of failing]' \
                '--no-verify[do not compare blobs with their digests while they are copied]' \
                '--no-timestamp[leave the time out of the header, so that the same state gives the same bytes]' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:{_regadm_ask refs}'
            ;;
        import|load)
            _arguments -s -S \
                '--as=[the name for what the archive holds, instead of its own]:REPO[:TAG]:{_regadm_ask repos}' \
                '--prefix=[put PREFIX/ before every repository]:PREFIX: ' \
                \*{-s+,--select=}'[only this repository or repo\:tag, under its new name]:REF: ' \
                '--keep-host[keep a leading host as part of the name]' \
                '--replace[move tags that point to another image]' \
                '--mirror[make the registry equal to a backup]' \
                '--allow-missing[store images and indexes though parts of them are neither in the archive nor in the registry]' \
                '--layer-compression=[what plain layers of a docker-archive become]:METHOD:(gzip zstd none)' \
                '--level=[compression level]:N: ' \
                '--no-verify-diff-ids[do not unpack the compressed layers of a docker-archive to compare them with the config]' \
                '--max-size=[refuse a compressed archive, and a layer, that unpacks to more bytes than SIZE]:SIZE: ' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '(-n --dry-run)'{-n,--dry-run}'[say what would be done, and do nothing]' \
                '(-y --yes)'{-y,--yes}'[do not ask]' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '1:argument:_files'
            ;;
        archive)
            _arguments -s -S \
                '--verify[read all of it, and compare every blob with its digest]' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '1:argument:_files'
            ;;
        copy)
            _arguments -s -S \
                '--replace[move tags that point to another image in DEST]' \
                '--follow-symlinks[follow symbolic links that lead out of SOURCE or DEST]' \
                '(-n --dry-run)'{-n,--dry-run}'[say what would be done, and do nothing]' \
                '(-y --yes)'{-y,--yes}'[do not ask]' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:_files -/'
            ;;
        migrate-v1)
            _arguments -s -S \
                '--library=[what becomes of '\''library/'\'' in front of names]:HOW:(strip keep both)' \
                '*--rename=[give a repository another name]:OLD=NEW: ' \
                '--name-map=[take renames from a file, one OLD=NEW a line]:FILE:_files' \
                '--lowercase[put all names into lower case]' \
                '--replace[overwrite tags that are there and are other images]' \
                '--format=[what manifests are]:FORMAT:(docker oci)' \
                '--state=[remember in FILE what was read, so that the next run need not]:FILE:_files' \
                '--link[link layers instead of copying them where they cannot be shared]' \
                '--plain[keep uncompressed layers as they are]' \
                '--strict[skip tags of whose layers one is not what its checksum says]' \
                '--trust-inprogress=[take images that are marked as never pushed to their end]:WHEN:(never verified always)' \
                '--salvage[bridge images whose metadata is lost, where another file tells their parent]' \
                '--limit=[skip tags of whose layers one unpacks to more than SIZE]:SIZE: ' \
                '--root=[the registry'\''s root directory, or its docker/registry/v2]:DIR:_files -/' \
                '--config=[find the storage through this config.yml of the registry]:FILE:_files' \
                '(-n --dry-run)'{-n,--dry-run}'[say what would be done, and do nothing]' \
                '(-y --yes)'{-y,--yes}'[do not ask]' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                '(-j --jobs)'{-j+,--jobs=}'[use N threads]:N: ' \
                '--follow-symlinks[follow symbolic links that lead out of the root]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '--no-progress[show no progress]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:_files -/'
            ;;
        ls-v1)
            _arguments -s -S \
                '(-t --tags)'{-t,--tags}'[list every tag]' \
                '--follow-symlinks[follow symbolic links that lead out of SOURCE]' \
                '--json[print one JSON object]' \
                '(-q --quiet)'{-q,--quiet}'[print names at most, and no talk]' \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:_files -/'
            ;;
        htpasswd)
            _arguments -s -S \
                '(-c --create)'{-c,--create}'[begin a new FILE]' \
                '(-n --print)'{-n,--print}'[print the record instead of changing a file]' \
                '(-v --verify)'{-v,--verify}'[check the password of USER]' \
                '(-D --delete)'{-D,--delete}'[delete USER]' \
                '--batch[read "user\:password" lines from standard input, hash them on all processors and change FILE once]' \
                '(-b --argument)'{-b,--argument}'[take the password from the command line, where others on this machine can see it]' \
                '(-i --stdin)'{-i,--stdin}'[read the password from standard input, without asking]' \
                '(-g --generate)'{-g,--generate}'[make up a password and print it once]' \
                '--length=[characters of a made-up password]:N: ' \
                '(-B --bcrypt)'{-B,--bcrypt}'[hash with bcrypt]' \
                '(-C --cost)'{-C+,--cost=}'[bcrypt'\''s cost, 4 to 17]:COST: ' \
                '(-2 --sha256)'{-2,--sha256}'[hash with SHA-256 crypt]' \
                '(-5 --sha512)'{-5,--sha512}'[hash with SHA-512 crypt]' \
                '(-r --rounds)'{-r+,--rounds=}'[rounds of SHA-256 and SHA-512 crypt]:ROUNDS: ' \
                '(-m --md5)'{-m,--md5}'[hash with Apache'\''s MD5]' \
                '(-d --des)'{-d,--des}'[hash with crypt]' \
                '(-s --sha1)'{-s,--sha1}'[hash with SHA-1, unsalted]' \
                '(-p --plain)'{-p,--plain}'[do not hash]' \
                '--truncate[let bcrypt cut a password of more than 72 bytes, instead of refusing it]' \
                '--in-place[write into FILE instead of replacing it]' \
                '--mode=[permissions of FILE, in octal]:MODE: ' \
                '--config=[take FILE from auth.htpasswd.path of this configuration of the registry]:CONFIG:_files' \
                '--json[list, check]' \
                '(-j --jobs)'{-j+,--jobs=}'[--batch]:N: ' \
                '--no-progress[--batch]' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument:_files'
            ;;
        help)
            _arguments -s -S \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '1:argument:_regadm_verbs'
            ;;
        completion)
            _arguments -s -S \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '1:argument:(bash zsh fish)'
            ;;
        version)
            _arguments -s -S \
                \*{-v,--verbose}'[say more]' \
                '--color=[colour]:WHEN:(auto always never)' \
                '(-h --help)'{-h,--help}'[show this help]' \
                '*:argument: '
            ;;
    esac
}

if [[ $funcstack[1] == _regadm ]]; then
    _regadm "$@"
else
    compdef _regadm regadm
fi
