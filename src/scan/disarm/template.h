/* template.h - vetted chat templates (rules/templates), and which of them a model speaks.
 *
 * A family is recognised by markers: special tokens of the vocabulary, and words of the template that came with the model
 * (which choose among vetted ones, and do nothing else). What is not recognised for sure gets no template. */
#ifndef GH_SCAN_DISARM_TEMPLATE_H
#define GH_SCAN_DISARM_TEMPLATE_H
#include "base/span.h"
#include "format/src.h"

struct gh_dis_marks {
	uint32_t set; /* markers seen */
};
/* A token of the vocabulary: a marker when it is one as a whole. */
void gh_dis_mark_token(struct gh_dis_marks *m, struct gh_span token);
/* A template that came along: every marker in it. */
void gh_dis_mark_text(struct gh_dis_marks *m, struct gh_span text);
void gh_dis_mark_src(struct gh_dis_marks *m, struct gh_src *src, uint64_t off, uint64_t len);
/* The vetted template, and its family's name in *family; p == NULL when the family is not known. architecture may be empty. */
struct gh_span gh_dis_template(const struct gh_dis_marks *m, struct gh_span architecture, const char **family);
#endif
