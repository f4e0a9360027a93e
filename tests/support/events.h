/* events.h - for table tests and fuzz targets: run one reader on bytes in memory and see what it says, one line per
 * event, in order:
 *
 *	claim 0+8 struct
 *	member "a/b.pkl" file 30+17			(a member's bytes are in member[] too)
 *	call reduce os.system args ('id',)		(import, reduce, new, inst, build, setitem, append, add, persid, ext,
 *						 operation, hash, late)
 *	tensor "w" F32 [2, 3] 16+24
 *	text metadata "key" "value"
 *	reference symlink "/etc/passwd" from "x"
 *	package PyPI "torch" "2.1"
 *	code python "x.py" 0+12
 *	anomaly GH-ST-0003 8+100 what exactly
 *
 * The sink enforces the contract of format.h: ranges inside the source, names bounded, budgets honoured. */
#ifndef GH_TEST_EVENTS_H
#define GH_TEST_EVENTS_H
#include "format/format.h"

struct gh_events {
	struct gh_sink sink;
	struct gh_buf log;
	enum gh_rc rc;	  /* what walk returned */
	char why[400];	  /* its error chain */
	uint64_t claimed; /* bytes claimed (each once) */
	bool gapless;	  /* every byte of the source claimed exactly once */
	size_t nmember;
	struct {
		char name[128];
		uint8_t *p;
		size_t n; /* first 64 KiB */
	} member[64];
	uint64_t budget; /* expanded bytes left */
	uint64_t size;
	uint8_t *cover; /* one byte per byte of the source */
	uint64_t events, max_events;
};

/* Walk `in` with fmt. unstable == false: a stable source; else a source whose windows die with the next window call (each is
 * a fresh heap copy, the old one freed), which finds readers that keep a stale span under the address sanitizer. */
void gh_events_walk(struct gh_events *ev, const struct gh_fmt *fmt, struct gh_span in, const char *name, bool unstable);
void gh_events_free(struct gh_events *ev);
/* Does the log hold this text? */
bool gh_events_has(struct gh_events *ev, const char *text);
/* Whole file into malloced memory; p == NULL when absent. For samples that only exist beside the project. */
struct gh_span gh_test_file(const char *path);
#endif
