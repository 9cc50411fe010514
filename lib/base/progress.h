/*
 * Telling a person how far a job is: a line on a terminal's stderr, drawn ten times a second after the first
 * second; nothing when stderr is no terminal. SIGUSR1 prints one plain line at any time. Jobs count, this
 * draws.
 */
#ifndef RA_BASE_PROGRESS_H
#define RA_BASE_PROGRESS_H

#include "base/prelude.h"

struct ra_progress;

/* `draw` false: count only (SIGUSR1 still answers). One at a time in a process. */
struct ra_progress *ra_progress_start(bool draw);
/* Ends the drawing and wipes the line. NULL is fine. */
void ra_progress_stop(struct ra_progress *p);

/* Begins a phase ("marking", "reading blobs"), lent until the next. Totals of 0 are unknown. All of these
 * accept NULL and may be called from any thread. */
void ra_progress_phase(struct ra_progress *p, const char *name, uint64_t total_items, uint64_t total_bytes);
void ra_progress_add(struct ra_progress *p, uint64_t items, uint64_t bytes);

/* Takes the line away so that something else can be printed on stderr, and lets it come back. */
void ra_progress_hide(struct ra_progress *p);
void ra_progress_show(struct ra_progress *p);

#endif
