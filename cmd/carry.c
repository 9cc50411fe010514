#include "carry.h"

#include "print.h"

int ra_archive_path(const struct ra_ctx *ctx, const char **path, struct ra_err *err)
{
    *path = ctx->operands.n ? ctx->operands.at[0] : "-";
    if (ra_streq(*path, "-") && isatty(STDIN_FILENO))
        return ra_fail(err, RA_USAGE, "name an archive, or pipe one in");
    return 0;
}

void ra_archive_print_names(const struct ra_import *im)
{
    const struct ra_import_image *image;
    for (size_t i = 0; (image = ra_import_image(im, i)); i++)
        if (image->tag)
            ra_print_name(image->repo, image->tag);
}
