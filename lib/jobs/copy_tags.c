#include "jobs/copy_parts.h"

#include "registry/read.h"

/* A tag's name has no slash, so that no two of these are alike. */
static uint32_t number_of(const struct ra_copy *c, const char *repo, const char *tag)
{
    RA_BUF_AUTO name = {0};
    ra_buf_addf(&name, "%s/%s", repo, tag);
    return ra_names_find(&c->tags, ra_buf_str(&name), name.len);
}

const struct copy_link *ra_copy_tag_of(const struct ra_copy *c, const struct copy_link *history)
{
    return &c->links.at[number_of(c, history->repo, history->tag)];
}

/* --- what the destination's say ------------------------------------------------------------------------------- */

static int compare_moves(const void *a, const void *b)
{
    const struct copy_move *x = a, *y = b;
    int by_repo = strcmp(x->pub.repo, y->pub.repo);
    return by_repo ? by_repo : strcmp(x->pub.tag, y->pub.tag);
}

/* NOTFOUND also for one that holds no digest: there is nothing to lose. */
static int read_theirs(struct ra_copy *c, const struct copy_link *l, struct ra_digest *have,
                       struct ra_err *err)
{
    struct ra_key key;
    struct ra_stat st;
    ra_key_tag_current(&key, l->repo, l->tag);
    int rc = c->snapshot ? ra_store_stat(c->snapshot, key.s, &st, err) : 0;
    rc = rc < 0 ? rc : ra_link_read(c->to, key.s, have, NULL, err);
    return rc == -RA_CORRUPT ? -RA_NOTFOUND : rc;
}

static void keep(struct ra_copy *c, struct copy_link *l, const struct ra_digest *have)
{
    char text[RA_DIGEST_TEXT];
    const struct ra_place at = {.repository = l->repo, .tag = l->tag, .digest = &l->digest};
    l->fate = COPY_KEPT;
    ra_find(c->job->findings, RA_WARNING, "tag-conflict", &at,
            "the tag points to %s in DEST and was left alone; --replace moves it",
            ra_digest_text(have, text));
    RA_LOCKED(&c->mutex);
    c->out.kept++;
}

static void move(struct ra_copy *c, struct copy_link *l, const struct ra_digest *have)
{
    l->fate = COPY_MOVES;
    RA_LOCKED(&c->mutex);
    *ra_vec_push(&c->moves) =
        (struct copy_move){.pub = {.repo = l->repo, .tag = l->tag, .digest = l->digest, .previous = *have}};
}

static int look_at_tag(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct ra_copy *c = arg;
    struct copy_link *l = &c->links.at[i];
    struct ra_digest have;
    if (l->bad || !ra_copy_find_blob(c, &l->digest))
        return 0;
    int rc = read_theirs(c, l, &have, err);
    ra_progress_add(c->job->progress, 1, 0);
    if (rc == -RA_NOTFOUND)
        return ra_err_clear(err), 0;
    if (rc < 0)
        return ra_wrap(err, rc, "cannot see whether DEST has the tag");
    if (ra_digest_eq(&have, &l->digest))
        l->fate = COPY_SAME;
    else if (c->replace)
        move(c, l, &have);
    else
        keep(c, l, &have);
    return 0;
}

int ra_copy_look_at_tags(struct ra_copy *c, unsigned threads, struct ra_err *err)
{
    ra_progress_phase(c->job->progress, "comparing tags", c->n_tags, 0);
    int rc = ra_parallel(threads, c->n_tags, look_at_tag, c, err);
    if (c->moves.n)
        qsort(c->moves.at, c->moves.n, sizeof(*c->moves.at), compare_moves);
    return rc;
}

/* --- what came since ------------------------------------------------------------------------------------------ */

static struct copy_move *find_move(const struct ra_copy *c, const char *repo, const char *tag)
{
    struct copy_move wanted = {.pub = {.repo = repo, .tag = tag}};
    return c->moves.n ? bsearch(&wanted, c->moves.at, c->moves.n, sizeof(wanted), compare_moves) : NULL;
}

static bool is_as_it_was(void *arg, const char *repo, const char *tag, const struct ra_digest *have)
{
    struct ra_copy *c = arg;
    struct copy_move *m = find_move(c, repo, tag);
    if (m && ra_digest_eq(have, &m->pub.previous))
        return true;
    if (m)
        m->stays = true;
    const struct copy_link *l = &c->links.at[number_of(c, repo, tag)];
    ra_find(c->job->findings, RA_WARNING, "changed",
            &(struct ra_place){.repository = repo, .tag = tag, .digest = &l->digest},
            "the tag was written in DEST since it was looked at, and stays");
    RA_LOCKED(&c->mutex);
    c->out.kept++;
    return false;
}

void ra_copy_guard_tags(struct ra_copy *c, struct ra_put *put)
{
    ra_put_ask(put, is_as_it_was, c);
}

void ra_copy_settle_moves(struct ra_copy *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->moves.n; i++) {
        const struct copy_move *m = &c->moves.at[i];
        if (!m->stays && c->links.at[number_of(c, m->pub.repo, m->pub.tag)].fate == COPY_MOVES)
            c->moves.at[kept++] = *m;
    }
    c->moves.n = kept;
}
