/* yara_line.h - where in a rule file an entry of a rule's `meta` stands: libyara forgets it when it compiles. */
#ifndef GH_SCAN_YARA_LINE_H
#define GH_SCAN_YARA_LINE_H
#include "base/span.h"

/* The line, from 1, of the nth (from 0) entry `key` in the meta of rule `rule`; 0: it does not stand in this text (but in one that
 * it includes). The text is one that libyara accepted. */
unsigned gh_yara_meta_line(struct gh_span text, const char *rule, const char *key, unsigned nth);
#endif
