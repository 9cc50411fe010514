# fish completion of regadm(1), written from its table of verbs and options.

# Offers what regadm itself knows: repos or refs.
function __regadm_ask
    set -l words (commandline -opc)
    set -l from
    for i in (seq 2 (count $words))
        switch $words[$i]
            case '--root=*' '--config=*'
                set -a from $words[$i]
            case --root --config
                set -a from $words[$i]=$words[(math $i + 1)]
        end
    end
    set from (string replace =~ =$HOME -- $from)
    $words[1] $from __complete $argv[1] (commandline -ct) 2>/dev/null
end

# Whether the verb is one of these; without arguments: whether there is none yet.
function __regadm_verb
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --root --config --jobs -j --color
                set skip 1
            case '-*'
            case '*'
                contains -- $word $argv
                return
        end
    end
    test -z "$argv"
end

complete -c regadm -f
complete -c regadm -n __regadm_verb -a ls -d 'list the repositories'
complete -c regadm -n __regadm_verb -a tags -d 'list the tags of repositories'
complete -c regadm -n __regadm_verb -a inspect -d 'show an image'
complete -c regadm -n __regadm_verb -a rm -d 'remove tags, manifests and repositories'
complete -c regadm -n __regadm_verb -a gc -d 'remove what nothing needs, and get the space back'
complete -c regadm -n __regadm_verb -a migrate-v1 -d 'bring the data of the old Python registry into this storage'
complete -c regadm -n __regadm_verb -a ls-v1 -d 'list what the storage of an old Python registry holds'
complete -c regadm -n __regadm_verb -a htpasswd -d 'add, change, check and list the users of a registry'
complete -c regadm -n __regadm_verb -a help -d 'show what regadm can do, or what a verb does'
complete -c regadm -n __regadm_verb -a completion -d 'print what makes a shell complete regadm\'s command lines'
complete -c regadm -n __regadm_verb -a version -d 'show the version'
complete -c regadm -n __regadm_verb -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n __regadm_verb -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n __regadm_verb -l dry-run -s n -d 'say what would be done, and do nothing'
complete -c regadm -n __regadm_verb -l dry -s d -d 'the registry\'s own letter for --dry-run'
complete -c regadm -n __regadm_verb -l yes -s y -d 'do not ask'
complete -c regadm -n __regadm_verb -l json -d 'print one JSON object'
complete -c regadm -n __regadm_verb -l quiet -s q -d 'print names only, and no talk'
complete -c regadm -n __regadm_verb -l jobs -s j -x -d 'use N threads'
complete -c regadm -n __regadm_verb -l follow-symlinks -d 'follow symbolic links that lead out of the root'
complete -c regadm -n __regadm_verb -l verbose -s v -d 'say more'
complete -c regadm -n __regadm_verb -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n __regadm_verb -l no-progress -d 'show no progress'
complete -c regadm -n __regadm_verb -l help -s h -d 'show this help'
complete -c regadm -n __regadm_verb -l version -s V -d 'show the version'

complete -c regadm -n '__regadm_verb ls list' -a '(__regadm_ask repos)'
complete -c regadm -n '__regadm_verb ls list' -l sort -s s -x -a 'name size tags updated' -d 'sort by name, size, tags or updated'
complete -c regadm -n '__regadm_verb ls list' -l reverse -s r -d 'sort the other way round'
complete -c regadm -n '__regadm_verb ls list' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb ls list' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb ls list' -l json -d 'print one JSON object'
complete -c regadm -n '__regadm_verb ls list' -l quiet -s q -d 'print names only, and no talk'
complete -c regadm -n '__regadm_verb ls list' -l jobs -s j -x -d 'use N threads'
complete -c regadm -n '__regadm_verb ls list' -l follow-symlinks -d 'follow symbolic links that lead out of the root'
complete -c regadm -n '__regadm_verb ls list' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb ls list' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb ls list' -l no-progress -d 'show no progress'
complete -c regadm -n '__regadm_verb ls list' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb tags' -a '(__regadm_ask repos)'
complete -c regadm -n '__regadm_verb tags' -l sort -s s -x -a 'name created updated size version' -d 'sort by name, created, updated, size or version'
complete -c regadm -n '__regadm_verb tags' -l reverse -s r -d 'sort the other way round'
complete -c regadm -n '__regadm_verb tags' -l filter -x -d 'only tags that match the pattern'
complete -c regadm -n '__regadm_verb tags' -l regex -x -d 'only tags in which the extended regular expression is found'
complete -c regadm -n '__regadm_verb tags' -l digests -s d -d 'show digests in full'
complete -c regadm -n '__regadm_verb tags' -l all -s a -d 'show tags that stand for digests too'
complete -c regadm -n '__regadm_verb tags' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb tags' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb tags' -l json -d 'print one JSON object'
complete -c regadm -n '__regadm_verb tags' -l quiet -s q -d 'print names only, and no talk'
complete -c regadm -n '__regadm_verb tags' -l jobs -s j -x -d 'use N threads'
complete -c regadm -n '__regadm_verb tags' -l follow-symlinks -d 'follow symbolic links that lead out of the root'
complete -c regadm -n '__regadm_verb tags' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb tags' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb tags' -l no-progress -d 'show no progress'
complete -c regadm -n '__regadm_verb tags' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb inspect show' -a '(__regadm_ask refs)'
complete -c regadm -n '__regadm_verb inspect show' -l raw -d 'print the manifest\'s exact bytes'
complete -c regadm -n '__regadm_verb inspect show' -l config -d 'print the image config\'s exact bytes'
complete -c regadm -n '__regadm_verb inspect show' -l platform -x -d 'of a multi-platform image show this platform\'s'
complete -c regadm -n '__regadm_verb inspect show' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb inspect show' -l json -d 'print one JSON object'
complete -c regadm -n '__regadm_verb inspect show' -l jobs -s j -x -d 'use N threads'
complete -c regadm -n '__regadm_verb inspect show' -l follow-symlinks -d 'follow symbolic links that lead out of the root'
complete -c regadm -n '__regadm_verb inspect show' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb inspect show' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb inspect show' -l no-progress -d 'show no progress'
complete -c regadm -n '__regadm_verb inspect show' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb rm delete' -a '(__regadm_ask refs)'
complete -c regadm -n '__regadm_verb rm delete' -l recursive -s r -d 'remove whole repositories'
complete -c regadm -n '__regadm_verb rm delete' -l untagged -d 'remove the revisions of a repository that no tag reaches'
complete -c regadm -n '__regadm_verb rm delete' -l regex -x -d 'only tags in which the extended regular expression is found'
complete -c regadm -n '__regadm_verb rm delete' -l older-than -x -d 'only tags older than AGE'
complete -c regadm -n '__regadm_verb rm delete' -l keep-last -x -d 'of these tags keep the N newest of each repository'
complete -c regadm -n '__regadm_verb rm delete' -l by -x -a 'none created updated version' -d 'what age means'
complete -c regadm -n '__regadm_verb rm delete' -l keep-referrers -d 'leave signatures and other referrers of a removed manifest'
complete -c regadm -n '__regadm_verb rm delete' -l min-age -x -d 'with --untagged'
complete -c regadm -n '__regadm_verb rm delete' -l force -s f -d 'remove a manifest even if something else needs it'
complete -c regadm -n '__regadm_verb rm delete' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb rm delete' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb rm delete' -l dry-run -s n -d 'say what would be done, and do nothing'
complete -c regadm -n '__regadm_verb rm delete' -l yes -s y -d 'do not ask'
complete -c regadm -n '__regadm_verb rm delete' -l json -d 'print one JSON object'
complete -c regadm -n '__regadm_verb rm delete' -l quiet -s q -d 'print names only, and no talk'
complete -c regadm -n '__regadm_verb rm delete' -l jobs -s j -x -d 'use N threads'
complete -c regadm -n '__regadm_verb rm delete' -l follow-symlinks -d 'follow symbolic links that lead out of the root'
complete -c regadm -n '__regadm_verb rm delete' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb rm delete' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb rm delete' -l no-progress -d 'show no progress'
complete -c regadm -n '__regadm_verb rm delete' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb gc garbage-collect' -F
complete -c regadm -n '__regadm_verb gc garbage-collect' -l delete-untagged -s m -d 'also remove revisions that no tag reaches'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l min-age -x -d 'leave alone what changed less than AGE ago'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l uploads-age -x -d 'remove uploads that nothing happened to for AGE'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l prune-repositories -d 'remove repositories that nothing is left of'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l dry-run -s n -d 'say what would be done, and do nothing'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l dry -s d -d 'the registry\'s own letter for --dry-run'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l yes -s y -d 'do not ask'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l json -d 'print one JSON object'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l quiet -s q -d 'print names only, and no talk'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l jobs -s j -x -d 'use N threads'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l follow-symlinks -d 'follow symbolic links that lead out of the root'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l no-progress -d 'show no progress'
complete -c regadm -n '__regadm_verb gc garbage-collect' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb migrate-v1' -a '(__fish_complete_directories)'
complete -c regadm -n '__regadm_verb migrate-v1' -l library -x -a 'strip keep both' -d 'what becomes of \'library/\' in front of names'
complete -c regadm -n '__regadm_verb migrate-v1' -l rename -x -d 'give a repository another name'
complete -c regadm -n '__regadm_verb migrate-v1' -l name-map -r -F -d 'take renames from a file, one OLD=NEW a line'
complete -c regadm -n '__regadm_verb migrate-v1' -l lowercase -d 'put all names into lower case'
complete -c regadm -n '__regadm_verb migrate-v1' -l replace -d 'overwrite tags that are there and are other images'
complete -c regadm -n '__regadm_verb migrate-v1' -l format -x -a 'docker oci' -d 'what manifests are'
complete -c regadm -n '__regadm_verb migrate-v1' -l state -r -F -d 'remember in FILE what was read, so that the next run need not'
complete -c regadm -n '__regadm_verb migrate-v1' -l link -d 'link layers instead of copying them where they cannot be shared'
complete -c regadm -n '__regadm_verb migrate-v1' -l plain -d 'keep uncompressed layers as they are'
complete -c regadm -n '__regadm_verb migrate-v1' -l strict -d 'skip tags of whose layers one is not what its checksum says'
complete -c regadm -n '__regadm_verb migrate-v1' -l trust-inprogress -x -a 'never verified always' -d 'take images that are marked as never pushed to their end'
complete -c regadm -n '__regadm_verb migrate-v1' -l salvage -d 'bridge images whose metadata is lost, where another file tells their parent'
complete -c regadm -n '__regadm_verb migrate-v1' -l limit -x -d 'skip tags of whose layers one unpacks to more than SIZE'
complete -c regadm -n '__regadm_verb migrate-v1' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb migrate-v1' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb migrate-v1' -l dry-run -s n -d 'say what would be done, and do nothing'
complete -c regadm -n '__regadm_verb migrate-v1' -l yes -s y -d 'do not ask'
complete -c regadm -n '__regadm_verb migrate-v1' -l json -d 'print one JSON object'
complete -c regadm -n '__regadm_verb migrate-v1' -l quiet -s q -d 'print names only, and no talk'
complete -c regadm -n '__regadm_verb migrate-v1' -l jobs -s j -x -d 'use N threads'
complete -c regadm -n '__regadm_verb migrate-v1' -l follow-symlinks -d 'follow symbolic links that lead out of the root'
complete -c regadm -n '__regadm_verb migrate-v1' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb migrate-v1' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb migrate-v1' -l no-progress -d 'show no progress'
complete -c regadm -n '__regadm_verb migrate-v1' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb ls-v1' -a '(__fish_complete_directories)'
complete -c regadm -n '__regadm_verb ls-v1' -l tags -s t -d 'list every tag'
complete -c regadm -n '__regadm_verb ls-v1' -l follow-symlinks -d 'follow symbolic links that lead out of SOURCE'
complete -c regadm -n '__regadm_verb ls-v1' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb ls-v1' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb ls-v1' -l json -d 'print one JSON object'
complete -c regadm -n '__regadm_verb ls-v1' -l quiet -s q -d 'print names only, and no talk'
complete -c regadm -n '__regadm_verb ls-v1' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb ls-v1' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb ls-v1' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb htpasswd' -F
complete -c regadm -n '__regadm_verb htpasswd' -l create -s c -d 'begin a new FILE'
complete -c regadm -n '__regadm_verb htpasswd' -l print -s n -d 'print the record instead of changing a file'
complete -c regadm -n '__regadm_verb htpasswd' -l verify -s v -d 'check the password of USER'
complete -c regadm -n '__regadm_verb htpasswd' -l delete -s D -d 'delete USER'
complete -c regadm -n '__regadm_verb htpasswd' -l batch -d 'read "user:password" lines from standard input, hash them on all processors and change FILE once'
complete -c regadm -n '__regadm_verb htpasswd' -l argument -s b -d 'take the password from the command line, where others on this machine can see it'
complete -c regadm -n '__regadm_verb htpasswd' -l stdin -s i -d 'read the password from standard input, without asking'
complete -c regadm -n '__regadm_verb htpasswd' -l generate -s g -d 'make up a password and print it once'
complete -c regadm -n '__regadm_verb htpasswd' -l length -x -d 'characters of a made-up password'
complete -c regadm -n '__regadm_verb htpasswd' -l bcrypt -s B -d 'hash with bcrypt'
complete -c regadm -n '__regadm_verb htpasswd' -l cost -s C -x -d 'bcrypt\'s cost, 4 to 17'
complete -c regadm -n '__regadm_verb htpasswd' -l sha256 -s 2 -d 'hash with SHA-256 crypt'
complete -c regadm -n '__regadm_verb htpasswd' -l sha512 -s 5 -d 'hash with SHA-512 crypt'
complete -c regadm -n '__regadm_verb htpasswd' -l rounds -s r -x -d 'rounds of SHA-256 and SHA-512 crypt'
complete -c regadm -n '__regadm_verb htpasswd' -l md5 -s m -d 'hash with Apache\'s MD5'
complete -c regadm -n '__regadm_verb htpasswd' -l des -s d -d 'hash with crypt'
complete -c regadm -n '__regadm_verb htpasswd' -l sha1 -s s -d 'hash with SHA-1, unsalted'
complete -c regadm -n '__regadm_verb htpasswd' -l plain -s p -d 'do not hash'
complete -c regadm -n '__regadm_verb htpasswd' -l truncate -d 'let bcrypt cut a password of more than 72 bytes, instead of refusing it'
complete -c regadm -n '__regadm_verb htpasswd' -l in-place -d 'write into FILE instead of replacing it'
complete -c regadm -n '__regadm_verb htpasswd' -l mode -x -d 'permissions of FILE, in octal'
complete -c regadm -n '__regadm_verb htpasswd' -l config -r -F -d 'take FILE from auth.htpasswd.path of this configuration of the registry'
complete -c regadm -n '__regadm_verb htpasswd' -l json -d 'list, check'
complete -c regadm -n '__regadm_verb htpasswd' -l jobs -s j -x -d '--batch'
complete -c regadm -n '__regadm_verb htpasswd' -l no-progress -d '--batch'
complete -c regadm -n '__regadm_verb htpasswd' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb help' -a 'ls tags inspect rm gc migrate-v1 ls-v1 htpasswd help completion version'
complete -c regadm -n '__regadm_verb help' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb help' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb help' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb help' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb help' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb completion' -a 'bash zsh fish'
complete -c regadm -n '__regadm_verb completion' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb completion' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb completion' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb completion' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb completion' -l help -s h -d 'show this help'

complete -c regadm -n '__regadm_verb version' -l root -x -a '(__fish_complete_directories)' -d 'the registry\'s root directory, or its docker/registry/v2'
complete -c regadm -n '__regadm_verb version' -l config -r -F -d 'find the storage through this config.yml of the registry'
complete -c regadm -n '__regadm_verb version' -l verbose -s v -d 'say more'
complete -c regadm -n '__regadm_verb version' -l color -x -a 'auto always never' -d 'colour'
complete -c regadm -n '__regadm_verb version' -l help -s h -d 'show this help'
