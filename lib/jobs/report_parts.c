#include "jobs/report_parts.h"

/* The assembler reads the files: the Makefile says that this object depends on them. */
#define EMBED(symbol, file)                            \
    __asm__(".pushsection .rodata\n"                   \
            ".globl " #symbol "\n" #symbol ":\n"       \
            ".incbin \"lib/jobs/" file "\"\n.byte 0\n" \
            ".popsection\n")

EMBED(ra_report_page, "report.html");
EMBED(ra_report_style, "report.css");
EMBED(ra_report_script, "report.js");
