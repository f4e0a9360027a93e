/* pycode_int.h - between pycode.c (one text), pyjudge.c (calls) and pysay.c (findings). */
#ifndef GH_CHECK_PYCODE_INT_H
#define GH_CHECK_PYCODE_INT_H
#include "check/pycode.h"
#include "check/pyrules.h"

enum { PYC_DROPPED = 32, PYC_IMPORTS = 64 };

struct pyc_found {
	uint8_t rule;
	uint32_t off, len;
	const char *text;
};
struct pyc_snippet {
	struct gh_span text;
	uint8_t where, depth;
	uint32_t off, len;
};

struct pyc {
	struct gh_arena *a;
	const struct gh_pytree *t;
	enum gh_pycode_kind kind;
	struct pyc_found found[GH_PYCODE_FINDINGS];
	unsigned nfound;
	bool starved; /* something was not read for want of memory */
	bool nested;  /* reading a text that was found in the code: places are those of the call */
	uint32_t off, len;
	uint8_t depth;
	struct pyc_snippet snippet[GH_PYCODE_NESTED];
	unsigned nsnippet;
	/* Files that were fetched or written, by the value that names them. */
	struct {
		uint32_t origin;
		struct gh_span path;
		bool written; /* opened for writing, nothing suspicious in it yet */
	} drop[PYC_DROPPED];
	unsigned ndrop, looks;
	bool made_executable, secret_read, fetched, exec_memory;
	struct gh_span import[PYC_IMPORTS];
	bool import_new[PYC_IMPORTS];
	uint32_t import_off[PYC_IMPORTS];
	unsigned nimport;
};

/* pysay.c */
void pyc_say(struct pyc *c, enum gh_pycode_rule rule, uint32_t node, const char *text);
/* The call, its constant arguments, when it runs, and why that matters. */
void pyc_say_call(struct pyc *c, enum gh_pycode_rule rule, const struct gh_pycall *call, const char *why);
const char *pyc_when(enum gh_pywhere where);
/* pyjudge.c */
uint32_t pyc_judge(void *arg, const struct gh_pycall *call);
bool pyc_heavy(void *arg, struct gh_span path);
uint32_t pyc_load(void *arg, struct gh_span path);
void pyc_snippet(struct pyc *c, struct gh_span text, enum gh_pywhere where, uint32_t node);
#endif
