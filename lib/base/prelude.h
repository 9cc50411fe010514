/*
 * Force-included in every file of the project (`-include lib/base/prelude.h`): feature macros that must come
 * before any system header, the attributes the headers use, and functions that nobody here may call. Programs of
 * others that use the installed headers keep their freedom.
 */
#ifndef RA_BASE_PRELUDE_H
#define RA_BASE_PRELUDE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RA_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define RA_UNUSED            __attribute__((unused))
#define RA_NORETURN          __attribute__((noreturn))
#define RA_COUNT(array)      (sizeof(array) / sizeof((array)[0]))

#ifdef RA_VERSION
/* Unbounded or locale-bound or thread-hostile: there is a better one in lib/base for each. */
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atof tmpnam tempnam mktemp gmtime \
    localtime
#endif

#endif
