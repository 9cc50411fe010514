/*
 * regadm: administers the storage of a Docker or OCI registry where it lies. The map of the code, floor by
 * floor; a file includes headers of its own floor or lower ones only.
 *
 * A test compares this map with what is there. `fs_*.c`: several files behind one header.
 *
 * cmd/            arguments -> options -> one call into lib/jobs -> rows or JSON
 *   main.c          this: options, storage, lock, findings, exit status
 *   cmd.h           what a verb sees of the frame
 *   commands.c      the table of verbs and of the options they share; verbs.h declares each verb's record
 *   help.c          help, version
 *   rows.c          tables
 *   print.c         findings, errors, parts of JSON
 *   talk.c          questions and talk
 *   patterns.c      operands that are patterns of repositories
 *   ls.c            the verbs, each in the file of its name
 *   tags.c
 *   inspect.c       with its page for people in inspect_page.c, and inspect_files.c for what is in layers
 *   migrate_v1.c    and ls_v1.c, which looks before
 *   htpasswd.c      with its arguments in htargs.c, what is about many users in htusers.c, and prompt.c for passwords
 *   rm.c
 *   gc.c
 *   export.c        and import.c; archive.c looks into an archive without a registry; carry.c is what those two share
 *   copy.c
 *   find.c
 *   du.c
 *   report.c
 *   fsck.c
 *   shells.c        completion; shell_*.c write the script of each shell, complete.c answers what they ask
 *   gen.c           build tool: completions and parts of the manual from the tables; mdoc.c writes the latter
 *
 * lib/jobs/       whole jobs: they return counts and findings, and print nothing
 *   job.h           what every job is handed
 *   finding.c       what a job finds wrong, and the table of codes
 *   survey.c        a whole storage, read once, as a graph; survey_*.c are its steps
 *   sure.c          looking twice for what may have vanished
 *   reach.c         what manifests of a repository lead to
 *   mark.c          what is needed and what is not; mark_*.c look at doubtful links
 *   prune.c         taking away folders that hold nothing
 *   rm.c            removing tags, manifests, repositories: the plan; rm_*.c are its parts
 *   gc.c            collecting garbage: the plan; gc_*.c carry it out
 *   find.c          who uses a digest; find_config.c: images by what their config says, find_files.c: by their files
 *   layers.c        what is in an image's layers; layers_merge.c: on top of each other; layers_cat.c: one file
 *   du.c            where the disk went; du_by.c cuts the figures in other ways
 *   report.c        all of that for a page (report_html.c, whose sources report_parts.c builds in), for a program
 *                   (report_json.c) and for a monitor (report_metrics.c)
 *   fsck.c          is it sound: fsck_graph.c links and manifests, fsck_read.c bytes, fsck_tree.c files,
 *                   fsck_blame.c whose tags are concerned, fsck_repair.c mends, fsck_mark.c says so,
 *                   with blobs of fsck_source.c
 *   catalog.c       repositories with what they hold
 *   tags.c          the tags of a repository
 *   image.c         what one manifest amounts to
 *   inspect.c       everything about one manifest
 *   migrate.c       the old registry's storage into this one; migrate_*.c are its parts; v1_list.c: what is there
 *   htpasswd.c      changing and asking a file of users; htcheck.c: what a registry makes of it
 *   suggest.c       names that complete what somebody began to type
 *   import.c        any archive into a storage; import_*.c: a plan out of each format, names, layers, copying
 *   copy.c          a whole storage into another; copy_tags.c: what becomes of tags that are there
 *   export.c        a storage into an archive; export_*.c: what is chosen, the catalogue, where it lies, the bytes
 *
 * lib/registry/   what the tree means
 *   layout.c        the one place that spells and parses its keys
 *   storage.c       finding the storage and opening it; storage_s3.c: in a bucket
 *   regconfig.c     the registry's own configuration, and the environment over it
 *   reference.c     references and the grammar of names
 *   read.c          one thing of the tree: a link, a blob, a manifest, a config
 *   put.c           the one place that writes into the tree, in an order that is safe to cut
 *   blobs.c         every digest that a storage holds or speaks of, in 40 bytes each
 *   manifest.c      manifests; refs.c is the fast reader of what they refer to
 *   imageconfig.c   configs of images
 *   mediatype.c     media types, and kinds of manifests
 *   fields.c        members of JSON objects into strings and lists
 *   backup.c        the catalogue of a backup, written; backup_read.c: read
 *   dockertar.c     the tables of docker-archives
 *   annotations.h   names of images in archives
 *   v1.c            the old registry's ids and names; v1tree.c: its tree
 *   v1image.c       its images' metadata; v1config.c: the configs and manifests they become
 *
 * lib/store/      where bytes live
 *   store.c         the contract that callers see; driver.h: the one that drivers keep
 *   fs.c            the file system; fs_*.c are its parts
 *   mem.c           memory
 *   s3.c            a bucket; s3_*.c are its parts
 *   walk.c          many prefixes listed at once
 *   snapshot.c      a wrapper that answers listings from memory: flatlist.c reads them, keylist.c keeps them
 *   fault.c         a wrapper that makes calls fail on purpose
 *
 * lib/format/     bytes <-> values
 *   digest.c        sha256, sha384, sha512 as the registry spells them
 *   sha256.c        SHA-256 with the instructions of some processors, two at a time
 *   json.c          reading JSON where it lies; json_text.c: its strings and numbers
 *   yaml.c          YAML for configurations
 *   source.h        where bytes come from and go to
 *   decompress.c    streams whose kind their first bytes tell; codec.h: gunzip.c unzstd.c unxz.c unbzip2.c
 *   gzip.c          writing gzip
 *   tar.h           tar archives: tar_read.c, tar_write.c, tar_fd.c; tar_header.h: the block they share
 *   tarsum.h        tarsum.c: the sum of members that old Dockers sent
 *   layertar.c      tar archives as layers have them, by libarchive, which libarchive.c loads when it is needed
 *   members.c       the members of an archive by name; member_names.c: what they may be called
 *   spool.c         a tar from anywhere, to be read in order or at any place
 *   zstd.c          writing zstd
 *   htpasswd.c      the lines of a file of users
 *   passhash.c      password hashes: made, told apart, checked
 *   xml.c           the XML that S3 speaks
 *   sigv4.c         signatures of S3 requests
 *
 * lib/base/       the C library and Linux, made safe to use
 *   prelude.h       included in front of every file: feature macros, attributes, banned functions
 *   auto.h          ownership that ends with its scope
 *   err.c           errors with context
 *   mem.c           memory for small things
 *   arena.c         memory that goes all at once
 *   buf.c           a growing byte buffer with a ceiling
 *   vec.h           typed growing arrays
 *   names.c         a set of strings with numbers
 *   str.c           questions about strings, and foreign text made safe
 *   regexp.c        regular expressions
 *   num.c           numbers, sizes and ages as people write them
 *   clock.c         times
 *   opt.c           options from a table
 *   jsonw.c         writing JSON
 *   file.c          files outside the storage; file_atomic.c changes them, wholly or not at all
 *   pool.c          threads, and stopping early; relay.c: pieces of a stream on threads, in order
 *   progress.c      telling a person how far a job is
 */
#include "cmd.h"

#include "help.h"
#include "print.h"

#include "base/pool.h"
#include "registry/layout.h"
#include "registry/storage.h"

#ifdef RA_TEST_FAULTS
#include "store/fault.h"
#endif

#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>

enum { STATUS_DONE = 0, STATUS_FINDINGS = 1, STATUS_USAGE = 2, STATUS_FAILED = 3 };

extern char **environ;

/* What one run of a verb holds besides the context that the verb sees. */
struct session {
    struct ra_ctx ctx; /* first, so that a verb's context leads back to its session */
    struct ra_storage storage;
    struct ra_lock *lock; /* NULL in a bucket */
    bool writing;
};

static void session_release(struct session *s)
{
    ra_progress_stop(s->ctx.job.progress);
    ra_store_unlock(s->lock);
    ra_storage_release(&s->storage);
    ra_findings_release(&s->ctx.findings);
    ra_strlist_release(&s->ctx.operands);
    if (s->ctx.opts)
        ra_opt_release(s->ctx.cmd->opts, s->ctx.opts);
    free(s->ctx.opts);
}

#ifdef RA_TEST_FAULTS
static int wrap_faults(struct session *s, struct ra_err *err)
{
    const char *text = getenv("REGADM_FAULT");
    struct ra_fault_plan plan;
    if (!text)
        return 0;
    int rc = ra_fault_plan_parse(text, &plan, err);
    if (rc == 0)
        s->storage.store = ra_fault_wrap(s->storage.store, &plan);
    return rc;
}
#endif

static int lock_storage(struct session *s, struct ra_err *err)
{
    int rc = ra_storage_check_owner(s->storage.store, err);
    if (rc < 0)
        return rc;
    ra_auto_free char *who = ra_asprintf("regadm %s, process %d", s->ctx.cmd->name, (int)getpid());
    rc = ra_store_lock(s->storage.store, RA_LOCK_KEY, RA_V2, who, &s->lock, err);
    s->writing = rc == 0;
    return rc;
}

static int begin_writing(struct ra_ctx *ctx, struct ra_err *err)
{
    return lock_storage((struct session *)ctx, err);
}

/* Two storages at once are a mistake that must not be settled by leaving one out. */
static int take_config_operand(const struct ra_ctx *ctx, struct ra_storage_where *where, struct ra_err *err)
{
    if (!(ctx->cmd->flags & RA_CMD_CONFIG_OPERAND) || ctx->operands.n == 0)
        return 0;
    const char *operand = ctx->operands.at[0];
    if (where->root)
        return ra_fail(err, RA_USAGE, "which storage: that of --root %s, or of the configuration '%s'?",
                       where->root, operand);
    if (where->config && !ra_streq(where->config, operand))
        return ra_fail(err, RA_USAGE, "which configuration: --config %s, or '%s'?", where->config, operand);
    where->config = operand;
    return 0;
}

static int open_storage(struct session *s, struct ra_err *err)
{
    struct ra_ctx *ctx = &s->ctx;
    struct ra_storage_where where = {
        .root = ctx->g.root,
        .config = ctx->g.config,
        .env = (const char *const *)environ,
        .follow = ctx->g.follow,
        .create = (ctx->cmd->flags & RA_CMD_CREATES) && !ctx->g.dry_run,
        .pretend = (ctx->cmd->flags & RA_CMD_CREATES) && ctx->g.dry_run,
    };
    int rc = take_config_operand(ctx, &where, err);
    rc = rc ? rc : ra_storage_open(&where, &s->storage, err);
    if (rc < 0)
        return rc;
#ifdef RA_TEST_FAULTS
    rc = wrap_faults(s, err);
    if (rc < 0)
        return rc;
#endif
    ctx->job.store = s->storage.store;
    ctx->config = s->storage.has_config ? &s->storage.config : NULL;
    if (where.root && where.config)
        ra_say(ctx, "--config %s is not looked at: --root says where the storage is", where.config);
    ra_say_verbose(ctx, 1, "storage: %s (from %s)", ra_store_info(ctx->job.store)->where,
                   s->storage.found_by);
    if (!(ctx->cmd->flags & (RA_CMD_WRITES | RA_CMD_HIDDEN)))
        ra_warn_of_owner(ctx, ctx->job.store);
    if (!(ctx->cmd->flags & RA_CMD_WRITES))
        return 0;
    return ctx->g.dry_run ? ra_storage_check_owner(ctx->job.store, err) : lock_storage(s, err);
}

static int check_operands(const struct ra_ctx *ctx, struct ra_err *err)
{
    const struct ra_cmd *cmd = ctx->cmd;
    if (cmd->flags & RA_CMD_RAW_ARGS)
        return 0;
    if (ctx->operands.n < cmd->min) {
        bool names = cmd->complete == RA_COMPLETE_REPO || cmd->complete == RA_COMPLETE_REF;
        int rc = ra_fail(err, RA_USAGE, "'%s' needs %s", cmd->name, cmd->operands);
        return names ? ra_hint(err, rc, "`regadm ls` lists the repositories, `regadm tags REPO` their tags")
                     : rc;
    }
    if (ctx->operands.n <= cmd->max)
        return 0;
    const char *extra = ctx->operands.at[cmd->max];
    if (cmd->max > 0)
        return ra_fail(err, RA_USAGE, "'%s' takes %s: '%s' is one too many", cmd->name, cmd->operands, extra);
    int rc = ra_fail(err, RA_USAGE, "'%s' takes no argument, but there is '%s'", cmd->name, extra);
    return cmd->flags & RA_CMD_STORE ? ra_hint(err, rc, "--root DIR names the storage") : rc;
}

static int parse_verb(struct ra_ctx *ctx, int argc, char **argv, struct ra_err *err)
{
    const struct ra_cmd *cmd = ctx->cmd;
    struct ra_opt rows[RA_GLOBAL_ROWS];
    const char *lacks = ra_cmd_lacks(cmd, &ctx->g);
    if (lacks)
        return ra_fail(err, RA_USAGE, "'%s' has no --%s", cmd->name, lacks);
    ctx->opts = ra_calloc(1, cmd->opts_size);
    if (cmd->defaults)
        memcpy(ctx->opts, cmd->defaults, cmd->opts_size);
    ctx->argc = argc;
    ctx->argv = argv;
    if (cmd->flags & RA_CMD_RAW_ARGS)
        return 0;
    ra_cmd_globals(cmd, rows);
    struct ra_opt_group groups[] = {{"Options", cmd->opts, ctx->opts}, {"Common options", rows, &ctx->g}};
    int rc = ra_opt_parse(groups, RA_COUNT(groups), argc, argv, false, &ctx->operands, err);
    ctx->g.names_only = ctx->g.quiet && !ctx->g.json;
    if (rc < 0 || ctx->g.help)
        return rc < 0 ? rc : 0;
    return check_operands(ctx, err);
}

/* However many threads wait for a disk, few are at work at once: they need no heap of their own each. Tables with an
 * entry for each blob are mapped, so that they grow without a copy and leave no hole. */
static void spare_memory(unsigned threads RA_UNUSED)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, threads < 2 ? 2 : (int)threads);
    mallopt(M_MMAP_THRESHOLD, 768 << 10);
#endif
}

static void start_job(struct ra_ctx *ctx)
{
    ctx->job.threads = ctx->g.jobs ? (unsigned)ctx->g.jobs : ra_cpu_count();
    spare_memory(ctx->job.threads);
    ctx->job.findings = &ctx->findings;
    ctx->job.dry_run = ctx->g.dry_run;
    if (!(ctx->cmd->flags & (RA_CMD_STORE | RA_CMD_LONG)))
        return;
    bool draw = ctx->g.progress && !ctx->g.quiet && isatty(STDERR_FILENO);
    ctx->job.progress = ra_progress_start(draw);
}

static int run_verb(struct session *s, struct ra_err *err)
{
    struct ra_ctx *ctx = &s->ctx;
    int rc = ctx->cmd->flags & RA_CMD_STORE ? open_storage(s, err) : 0;
    if (rc < 0)
        return rc;
    start_job(ctx);
    rc = ctx->cmd->run(ctx, err);
    ra_end_progress(ctx);
    if (rc >= 0 && fflush(stdout) != 0)
        rc = ra_fail_sys(err, "cannot write the output");
    ra_print_findings(ctx, rc >= 0);
    return rc;
}

static int status_of(const struct ra_ctx *ctx, int rc)
{
    if (ctx->status)
        return ctx->status;
    if (rc == -RA_USAGE)
        return STATUS_USAGE;
    if (rc < 0)
        return STATUS_FAILED;
    return ctx->partial || ra_findings_worst(&ctx->findings) > RA_NOTE ? STATUS_FINDINGS : STATUS_DONE;
}

/* What a verb leaves behind that a signal stopped, unless it says so itself. */
static int explain_what_is_left(const struct session *s, struct ra_err *err, int rc)
{
    const char *output = s->ctx.output;
    if (s->writing)
        return ra_hint(err, rc, "the storage is whole: run it again, and it does the rest");
    if (!output)
        return ra_hint(err, rc, "nothing was changed");
    if (ra_streq(output, "-"))
        return ra_hint(err, rc, "what was written to standard output is not complete");
    return ra_hint(err, rc, "nothing was changed, and '%s' is as it was before", output);
}

/* Wherever the signal was noticed: what it stopped, and what became of the storage. */
static void explain_stop(const struct session *s, struct ra_err *err)
{
    ra_auto_free char *hint = ra_steal_ptr(&err->hint);
    int rc = ra_fail(err, RA_CANCELLED, "'%s' was stopped by a signal", s->ctx.cmd->name);
    if (hint)
        ra_hint(err, rc, "%s", hint);
    else if (!(s->ctx.cmd->flags & RA_CMD_RAW_ARGS))
        explain_what_is_left(s, err, rc);
}

/* Parses from the verb on, runs it and says how it ended. */
static int run_session(struct session *s, int argc, char **argv)
{
    RA_ERR_AUTO err = {0};
    int rc = parse_verb(&s->ctx, argc, argv, &err);
    if (rc == 0 && s->ctx.g.help) {
        ra_help_verb(s->ctx.cmd, stdout);
        return STATUS_DONE;
    }
    if (rc == 0)
        rc = run_verb(s, &err);
    if (rc == -RA_CANCELLED && ra_cancelled())
        explain_stop(s, &err);
    if ((err.sys == EACCES || err.sys == EPERM) && !err.hint)
        ra_hint(&err, rc, "run as root, or as a user who may do that");
    if (rc < 0)
        ra_print_error(&err);
    if (rc == -RA_USAGE)
        ra_help_usage(s->ctx.cmd, stderr);
    return status_of(&s->ctx, rc);
}

static int unknown_verb(const char *name)
{
    const char *near = ra_help_nearest(name);
    fprintf(stderr, "regadm: there is no verb '%s'\n", name);
    if (near)
        fprintf(stderr, "        did you mean '%s'?\n", near);
    fputs("        `regadm help` lists them all\n", stderr);
    return STATUS_USAGE;
}

/* Options before the verb, then the verb. */
static int start(struct session *s, int argc, char **argv)
{
    RA_ERR_AUTO err = {0};
    struct ra_opt rows[RA_GLOBAL_ROWS];
    ra_cmd_globals(NULL, rows);
    struct ra_opt_group group = {"Options", rows, &s->ctx.g};
    int at = ra_opt_parse(&group, 1, argc, argv, true, &s->ctx.operands, &err);
    if (at < 0) {
        ra_print_error(&err);
        fputs("usage: regadm [--root DIR | --config FILE] VERB ...; `regadm help` says more\n", stderr);
        return STATUS_USAGE;
    }
    if (s->ctx.g.version)
        return puts("regadm " RA_VERSION), STATUS_DONE;
    if (at == argc) {
        ra_help_overview(s->ctx.g.help ? stdout : stderr);
        return s->ctx.g.help ? STATUS_DONE : STATUS_USAGE;
    }
    s->ctx.cmd = ra_cmd_lookup(argv[at]);
    if (!s->ctx.cmd)
        return unknown_verb(argv[at]);
    return run_session(s, argc - at - 1, argv + at + 1);
}

/* Called "htpasswd", it is that program. */
static bool is_called_as_verb(const char *program, struct ra_ctx *ctx)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;
    if (!ra_streq(name, "htpasswd"))
        return false;
    ctx->cmd = ra_cmd_lookup(name);
    ctx->link = program;
    return ctx->cmd != NULL;
}

/* Stdio forgets why it lost a part of the output, but the next write fails alike. Should it go well, what is broken
 * already is a line feed longer. */
static const char *why_lost(void)
{
    return errno || write(STDOUT_FILENO, "\n", 1) < 0 ? strerror(errno) : "a part of it was lost";
}

/* What was printed may have been lost at any time since it was handed to stdio, by a full disk, say. */
static int check_output(int status)
{
    errno = 0;
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (!lost || status == STATUS_FAILED)
        return status;
    fprintf(stderr, "regadm: cannot write the output: %s\n", why_lost());
    return STATUS_FAILED;
}

int main(int argc, char **argv)
{
    struct session s = {
        .ctx = {.g = {.progress = true}, .findings = RA_FINDINGS_INIT, .begin_writing = begin_writing}};
    setlocale(LC_CTYPE, "");
    ra_cancel_install();
    if (argc < 1)
        return STATUS_USAGE;
    int status = is_called_as_verb(argv[0], &s.ctx) ? run_session(&s, argc - 1, argv + 1)
                                                    : start(&s, argc - 1, argv + 1);
    status = check_output(status);
    session_release(&s);
    int signal_number = ra_cancel_signal();
    if (signal_number) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
    return status;
}
