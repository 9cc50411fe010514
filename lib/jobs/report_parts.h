/*
 * The sources of the page, as they lie beside this: report.html with {{places}} to fill, its style and its script,
 * which is three files in a row.
 * Built in, each with a NUL behind it.
 */
#ifndef RA_JOBS_REPORT_PARTS_H
#define RA_JOBS_REPORT_PARTS_H

extern const char ra_report_page[], ra_report_style[], ra_report_script[];

#endif
