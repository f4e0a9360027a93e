/* source.h - what can be said of source code and configuration without understanding it: that it fetches or decodes
 * something and runs it, or that it names a function of the system for its loader to call. Pure functions of text. */
#ifndef GH_CHECK_SOURCE_H
#define GH_CHECK_SOURCE_H
#include "base/span.h"

struct gh_source { /* of one file; zero-initialised but for `python` and `quoting` */
	bool python;
	bool quoting; /* no script by its name, its first line or its shape: a shell's commands count only where the
		       * language's own calls run them */
	/* Python: both in one file, though on different lines, is the same thing; in what may be a document only when
	 * they stand together. Numbers of lines, 0: not seen. */
	uint64_t line, fetches, runs;
};

/* One logical line, in order. True: with this line the code fetches or decodes something and runs it. */
bool gh_source_runs_foreign(struct gh_source *s, struct gh_span line);

/* A configuration: does its line text[0..line) name, as a Hydra `_target_` or a YAML tag for Python objects, a function
 * that reaches the system? The name may stand on a following line. */
bool gh_source_calls_system(struct gh_span text, size_t line);
#endif
