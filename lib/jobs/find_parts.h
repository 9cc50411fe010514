/* What the files of find share. Not for others. */
#ifndef RA_JOBS_FIND_PARTS_H
#define RA_JOBS_FIND_PARTS_H

#include "jobs/find.h"

/* Files in layers (find_files.c). */
struct ra_filesearch;
/* Reads the layers of n manifests of the survey, each layer once; largest first. */
int ra_filesearch_read(const struct ra_job *job, const struct ra_strlist *patterns, struct ra_survey *survey,
                       const struct ra_survey_manifest *const *images, size_t n, struct ra_filesearch **out,
                       struct ra_err *err);
/* Whether the image has a file for each pattern; which files these are, malloc'd, sorted. */
bool ra_filesearch_judge(const struct ra_filesearch *s, const struct ra_survey_manifest *image,
                         struct ra_found_file **files, size_t *n);
void ra_filesearch_free(struct ra_filesearch *s); /* NULL is fine */

#endif
