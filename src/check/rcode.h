/* rcode.h - the check that judges calls in R code (row "r-code"): events of the system "r", see format/rdata/rdata.h.
 *
 * By position. Code that runs when an object is looked at (a promise without a value) must call nothing but functions known
 * to be harmless: what is known to be more is UNSAFE, what is unknown is REVIEW. The function of an active binding is
 * written for its purpose, so what it may not do is reach the system or run text. In calls and
 * formulas that are kept as data only what reaches the system matters: REVIEW, for somebody has to evaluate them first. Functions
 * that are part of an object (a link of a family, the prediction of a spline) run when the object is used: what they call must be
 * on the list of harmless functions or be part of the object itself, else REVIEW; what reaches the system, files or the network
 * is UNSAFE, also when it is only handed on or named by a string. An entry of a
 * package's database is a function of that package, called by name by whoever uses it: what it reaches is said without
 * effect, unless a command that it holds fetches something and runs it. */
#ifndef GH_CHECK_RCODE_H
#define GH_CHECK_RCODE_H
#include "check/check.h"

/* What a function of R can do, by its name. */
enum gh_r_reach {
	GH_R_UNKNOWN,
	GH_R_HARMLESS, /* computes on what it is given */
	GH_R_CHANGE,   /* changes or asks the session, reads files */
	GH_R_EVALUATE, /* runs what it is given, or makes code of text */
	GH_R_WRITE,    /* writes files */
	GH_R_DELETE,   /* removes or replaces files */
	GH_R_CONTACT,  /* speaks to other machines, or fetches code */
	GH_R_EXECUTE,  /* starts programs or loads native code */
};
enum gh_r_reach gh_r_reach(struct gh_span package, struct gh_span name);
/* Does a function call, or hand out, the function that a string names; does it take code as text (a formula)? */
bool gh_r_takes_function(struct gh_span name);
bool gh_r_takes_code(struct gh_span name);
bool gh_r_own_package(struct gh_span name);
/* Does a variable hold a table of all functions there are? */
bool gh_r_environment(struct gh_span name);
/* The most that a call in a text of code can do. */
enum gh_r_reach gh_r_text_reach(struct gh_span code);

extern const struct gh_check gh_check_rcode;
#endif
