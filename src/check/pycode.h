/* pycode.h - what Python source does when it is imported, loaded or used, judged. Pure functions over wire/pyrun.h and the
 * rows of rules/python/; the check "python-code" (pycheck.c) feeds them events. */
#ifndef GH_CHECK_PYCODE_H
#define GH_CHECK_PYCODE_H
#include "base/arena.h"
#include "base/buf.h"
#include "format/rule.h"
#include "wire/pyrun.h"

enum gh_pycode_rule {
	GH_PYC_RUNS,	/* runs harmful commands, or commands nobody sees */
	GH_PYC_PROCESS, /* runs some program */
	GH_PYC_EXEC,	/* runs decoded, fetched or hidden code */
	GH_PYC_CODE,	/* runs code it is given */
	GH_PYC_HIDDEN,	/* reaches a dangerous function by a detour */
	GH_PYC_STEALS,	/* sends secrets out */
	GH_PYC_NETWORK,
	GH_PYC_SHELL,	     /* hands a shell over */
	GH_PYC_DESERIALISES, /* what it decoded or fetched */
	GH_PYC_DESERIALISE,
	GH_PYC_HARMS, /* writes where it is run again, or deletes everything */
	GH_PYC_WRITE,
	GH_PYC_DROPS,	 /* runs what it wrote or fetched */
	GH_PYC_INSTALLS, /* when loaded */
	GH_PYC_INSTALL,
	GH_PYC_MEMORY,
	GH_PYC_NATIVE,
	GH_PYC_FOREIGN_RUN,
	GH_PYC_FOREIGN,
	GH_PYC_IMPORT,	/* something that is not on the list */
	GH_PYC_IMPORTS, /* the list of them: no effect */
	GH_PYC_ESCAPE,	/* climbs through the interpreter's insides */
	GH_PYC_ODD,
	GH_PYC_SECRET,
	GH_PYC_LIMIT,
	GH_PYC_BROKEN,
	GH_PYC_DISGUISE,
	GH_PYC_COOKIE,
	GH_PYC_BYTECODE,
	GH_PYC_BYTECODE_BAD,
	GH_PYC_LOST,
	GH_PYC_RULES
};
extern const struct gh_rule gh_pycode_rules[GH_PYC_RULES + 1];

/* A finding: rule, place in the text, one line that is safe to print. */
struct gh_pycode_sink {
	void (*find)(void *arg, enum gh_pycode_rule rule, uint32_t off, uint32_t len, const char *text);
	void *arg;
};

enum gh_pycode_kind {
	GH_PYCODE_SOURCE,
	GH_PYCODE_CELL, /* of a notebook: magics, broken lines are no wonder */
	GH_PYCODE_PTH,	/* a .pth file: lines that begin with `import` run at every start of Python */
};

/* Judge one text. scratch: for what is needed while judging; at most one finding per place and rule, at most
 * GH_PYCODE_FINDINGS in all, the worst ones first kept. */
enum { GH_PYCODE_FINDINGS = 200, GH_PYCODE_NESTED = 200 };
void gh_pycode_source(struct gh_span text, enum gh_pycode_kind kind, const struct gh_pycode_sink *sink,
		      struct gh_arena *scratch);

/* Does the text read as Python at all? Some statements, and few lines that are none. */
bool gh_pycode_plausible(const struct gh_pytree *t);

/* pycommand.c: what a shell's command line does, by its looks. `{}` stands for what is not known. */
enum gh_pycommand {
	GH_PYCMD_HARMLESS,
	GH_PYCMD_OTHER,	   /* some program */
	GH_PYCMD_SCRIPT,   /* an interpreter and what it shall run */
	GH_PYCMD_INSTALL,  /* packages */
	GH_PYCMD_DOUBTFUL, /* plain work in a tool, no work for what is imported: downloads, changes to the system */
	GH_PYCMD_HARMFUL,
};
enum gh_pycommand gh_pycommand(struct gh_span text);
/* Paths: where a file is run again by itself; where secrets lie. Addresses: services that collect what is sent. */
bool gh_pypath_persistent(struct gh_span path);
bool gh_pypath_system(struct gh_span path); /* of the system, not of the user */
bool gh_pypath_secret(struct gh_span path);
bool gh_pyname_secret(struct gh_span variable);
bool gh_pyurl_collector(struct gh_span url);
/* Packages that are computing libraries: `pip install` of nothing else is no news in a notebook. */
bool gh_pycommand_installs_known(struct gh_span text);
#endif
