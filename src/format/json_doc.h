/* json_doc.h - one walk for every JSON document: a whole file, JSON lines, an index of weight files. It knows which
 * fields loaders act on (templates, classes to import, objects to build) and what follows from them. */
#ifndef GH_FORMAT_JSON_DOC_H
#define GH_FORMAT_JSON_DOC_H
#include "format/format.h"

extern const struct gh_rule gh_json_rules[];

/* The walk of both rows. */
enum gh_rc gh_json_doc(struct gh_walk *w);

/* Does the head of a file parse as a JSON object or array, as far as it goes? See json_doc.c for the grades.
 * *index (may be NULL): a top-level "weight_map" object was seen. */
enum gh_match gh_json_doc_probe(const struct gh_probe *p, bool *index);
#endif
