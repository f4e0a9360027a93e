/* yara_modules.h - which modules YARA rules may import; see yara_modules.c for why these. */
#ifndef GH_SCAN_YARA_MODULES_H
#define GH_SCAN_YARA_MODULES_H

/* Their names, each followed by a space. Whoever compiles or loads rules refers to it, so that the linker takes our table and
 * not the library's. */
extern const char *const gh_yara_modules;
#endif
