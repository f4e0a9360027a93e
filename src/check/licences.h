/* licences.h - under which licence a model is said to be, and which text lies beside it. See licences.c.
 *
 * What is found is told as findings without effect; what belongs together is compared when all files of a directory are known
 * (scan/repo_licences.c), by the ids that the findings begin with. */
#ifndef GH_CHECK_LICENCES_H
#define GH_CHECK_LICENCES_H
#include "check/check.h"

extern const struct gh_check gh_check_licences;

enum gh_licence_rule { GH_LICENCE_DECLARED, GH_LICENCE_TEXT, GH_LICENCE_DIFFERS, GH_LICENCE_NONE, GH_LICENCE_UNKNOWN };
extern const struct gh_rule gh_licence_rules[];

/* The licence whose text this is, by words that no other one has in this combination: its SPDX id, or the id that model hubs
 * use; NULL: none that is known. room: of at least text.n + 2 bytes. */
const char *gh_licence_of_text(struct gh_span text, uint8_t *room);
/* What a declaration stands for: the id of the table ("Apache 2.0", "apache-2.0", "License :: OSI Approved :: Apache Software
 * License"). NULL: not known. "other" and its kind are not known either. */
const char *gh_licence_of_name(struct gh_span name);
/* Can both be said of one work? The same, or one the later or looser form of the other. */
bool gh_licence_agrees(const char *a, const char *b);
#endif
