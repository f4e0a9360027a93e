/* evidence_int.h - what the readers of evidence_read.h share: one file for each form whose content is kept. Pure. */
#ifndef GH_SCAN_EVIDENCE_INT_H
#define GH_SCAN_EVIDENCE_INT_H
#include "scan/evidence_read.h"
#include "wire/jdom.h"

#define GH_OPENVEX "https://openvex.dev/" /* as context of a document, as type of a predicate */
#define GH_TEST_RESULT "https://in-toto.io/attestation/test-result/"

/* A string, cut to GH_EVIDENCE_TEXT; empty for anything else. */
struct gh_span evidence_text(const struct gh_jval *v);
/* All findings of a document: out gets the worst of them, worst first, in their order otherwise. */
enum gh_rc evidence_keep_worst(struct gh_arena *a, const struct gh_evidence_finding *all, size_t n,
			       struct gh_evidence_doc *out, struct gh_err *err);

/* v may be NULL in the last two: a statement without predicate. */
enum gh_rc evidence_sarif(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out, struct gh_err *err);
enum gh_rc evidence_openvex(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out,
			    struct gh_err *err);
enum gh_rc evidence_tests(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out, struct gh_err *err);
#endif
