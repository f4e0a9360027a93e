/* yara_compile.h - the user's YARA rules, compiled once per scan in the trusted process, in the form in which workers load them.
 *
 * Rules may use the modules of yara_modules.h and the names `filename`, `filepath` and `extension`, of the file or member. */
#ifndef GH_SCAN_YARA_COMPILE_H
#define GH_SCAN_YARA_COMPILE_H
#include "base/buf.h"
#include "base/err.h"

/* Each path is a file, or a directory whose *.yar and *.yara files are taken, those in directories below too. *rules: how many
 * there are. GH_E_MALFORMED: a rule is wrong, or there is none; err holds "FILE:LINE: reason". */
enum gh_rc gh_yara_compile(const char *const *path, size_t n, struct gh_buf *out, size_t *rules, struct gh_err *err);
#endif
