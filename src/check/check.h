/* check.h - the contract of a check: events in, findings out. See docs/howto/new-check.md.
 * A check knows nothing of containers, files or the worker; it sees one event at a time, with its place. */
#ifndef GH_CHECK_CHECK_H
#define GH_CHECK_CHECK_H
#include "base/arena.h"
#include "format/event.h"

/* Where an event happened, and where findings go. Filled by the pipeline. */
struct gh_scene {
	const char *format;	/* of the reader that emits */
	struct gh_span name;	/* of the file or member being read */
	const char *role;	/* see struct gh_member */
	unsigned depth;		/* 0: the file itself */
	struct gh_arena *arena; /* lives as long as the file's scan */
	void **state; /* the check's own, for this format's reading of this source: NULL at first; memory from arena */
	/* text: one line, what exactly; already safe to print. evidence may be empty. */
	void (*find)(struct gh_scene *, const struct gh_rule *, struct gh_range at, const char *text);
};

struct gh_check {
	const char *name;  /* "calls": stable */
	const char *about; /* one line for `gatehouse checks` and the docs */
	unsigned events;   /* set of 1u << enum gh_event_kind */
	void (*on)(struct gh_scene *, const struct gh_event *);
	/* After the last event of a reading, however it ended; NULL: nothing to say. */
	void (*end)(struct gh_scene *);
	const struct gh_rule *rules; /* ends with GH_RULES_END */
};

/* The list: checks.c. */
extern const struct gh_check *const gh_checks[];
extern const size_t gh_checks_n;

void gh_find(struct gh_scene *, const struct gh_rule *, struct gh_range at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#endif
