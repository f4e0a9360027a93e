/* pymention.h - what a text of Python mentions, whatever becomes of it.
 *
 * pyrun follows values and cannot be complete: what comes out of containers, iterators, descriptors, decorators, patterns,
 * coroutines or exceptions gets lost. No verdict of harmlessness may rest on it. It need not: a dangerous function can be reached in
 * few ways only, and each of them has to be written down somewhere:
 *
 *  1. a name that is built in (eval, open, getattr, __builtins__ …);
 *  2. an import of a module with powers ("guarded" in rules/python/), and a name in it;
 *  3. such a module or function as an attribute of something else (enum.sys, torch.os, uuid._popen);
 *  4. an attribute of the interpreter's own objects (__globals__, f_builtins, __subclasses__ …);
 *  5. a text that a library evaluates or resolves (annotations, logging's configuration, doctest …).
 *
 * This pass looks at every node once, with no regard to the order of execution. A guarded module may only be the head of
 * a chain of attributes that a rule names; powers may only be called plainly, for then pyjudge.c sees them; ways out are findings
 * wherever they stand. So it does not matter what the flow analysis lost. */
#ifndef GH_CHECK_PYMENTION_H
#define GH_CHECK_PYMENTION_H
#include "check/pycode_int.h"

/* a: for what is needed while looking; findings go to c. seen: of the run over c->t. GH_E_LIMIT: not all was looked at. */
enum gh_rc pyc_mentions(struct pyc *c, const struct gh_pyseen *seen, struct gh_arena *a);

/* pymention_names.c: what a name means as an attribute, wherever it stands. */
enum pyc_word {
	PYC_W_PLAIN,
	PYC_W_WAY,    /* leads from an object to the interpreter's insides */
	PYC_W_RUNS,   /* runs a text, or finds a function by its name in a text */
	PYC_W_POWER,  /* a dangerous function, if called */
	PYC_W_MODULE, /* named like a guarded module */
	PYC_W_CODE,   /* __code__: its describing fields may be read */
	PYC_W_WRITES, /* writes a file or link */
	PYC_W_DELETES,
	PYC_W_SAVES,   /* saves something, as a rule to where the caller says */
	PYC_W_NETWORK, /* named like a module that opens connections */
	PYC_W_SENDS,   /* sends something to a place of the author's choice */
};
enum pyc_word pyc_word(struct gh_span name);
bool pyc_describes_code(struct gh_span name);
/* A variable of the environment that makes other programs load code. */
bool pyc_loads_code(struct gh_span variable);
/* A place from where things are run by themselves, or a part of such a path. */
bool pyc_start_place(struct gh_span text);
/* A place where keys lie, or a part of such a path. */
bool pyc_secret_place(struct gh_span text);
/* An address of the web that is a number, and not one of this machine or its network. */
bool pyc_bare_address(struct gh_span text);
/* Does a text hold what only code that reaches the system holds? */
bool pyc_reads_like_code(struct gh_span text);

/* pynames.c: names that are bound, by scope. */
struct pyc_names;
struct pyc_names *pyc_names(const struct gh_pytree *t, const uint8_t *stored, struct gh_arena *a);
/* Is the name, used in this scope, one of the function's own, that no import or global made? */
bool pyc_own_name(const struct pyc_names *n, uint32_t scope, struct gh_span name);
/* More names than there is room for: some are not known. */
bool pyc_names_full(const struct pyc_names *n);
/* What imports bind the name to, at any place of the text: the k-th path; empty when there are no more. */
struct gh_span pyc_imported(const struct pyc_names *n, struct gh_span name, unsigned k);
#endif
