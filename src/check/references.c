/* References from a file inside a container to its neighbours. Those of a file of its own are compared with the other files of the
 * artifact by the trusted process (scan/repo.c); inside an archive nobody can: then what is named counts as not seen. */
#include "check/references.h"
#include "format/format.h"

enum { R_CODE };
static const struct gh_rule rules[] = {
	[R_CODE] = { "GH-REF-0001", GH_HIGH, GH_REVIEW, "A file inside an archive makes its loader run code beside it",
		     "Whatever the named file does, on every machine that unpacks the archive and loads the model.",
		     "Unpack the archive and scan the directory: then the code is judged with the file that names it.",
		     "CWE-829 AML.T0011" },
	GH_RULES_END
};

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_reference *r = ev->u.reference;
	if (s->depth > 0 && r->kind == GH_REF_CODE)
		gh_find(s, &rules[R_CODE], ev->at, "\"%s\"", gh_safe(r->target).s);
}

const struct gh_check gh_check_references = {
	.name = "references",
	.about = "files that a member of an archive makes its loader run",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_REFERENCE,
	.on = on,
	.rules = rules,
};
