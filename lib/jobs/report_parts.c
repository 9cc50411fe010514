#include "jobs/report_parts.h"

/* The assembler reads the files: the Makefile says that this object depends on them. */
#define FILE(name) ".incbin \"lib/jobs/" name "\"\n"
#define EMBED(symbol, files)                                       \
    __asm__(".pushsection .rodata\n"                               \
            ".globl " #symbol "\n" #symbol ":\n" files ".byte 0\n" \
            ".popsection\n")

EMBED(ra_report_page, FILE("report.html"));
EMBED(ra_report_style, FILE("report.css"));
EMBED(ra_report_script, FILE("report.js") FILE("report_charts.js") FILE("report_views.js"));
