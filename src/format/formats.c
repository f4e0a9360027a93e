#include "format/formats.h"

#include <stddef.h>

/* The whole list, most specific first. Adding a format: one file fmt_<name>.c, its declaration in formats.h and one line here. */
const struct gh_fmt *const gh_fmts[] = {
};
const size_t gh_fmts_n = sizeof gh_fmts / sizeof gh_fmts[0];
