/* The parts of `regadm htpasswd` that are about many users. */
#ifndef RA_CMD_HTUSERS_H
#define RA_CMD_HTUSERS_H

#include "htargs.h"

/* --batch: all lines of stdin, one change. */
int ra_htusers_batch(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err);
/* list: a table, or JSON. */
int ra_htusers_list(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err);
/* check: findings. */
int ra_htusers_check(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err);

#endif
