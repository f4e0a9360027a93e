/* check.h - the contract of a check: events in, findings out. See docs/howto/new-check.md.
 * A check knows nothing of containers, files or the worker; it sees one event at a time, with its place. */
#ifndef GH_CHECK_CHECK_H
#define GH_CHECK_CHECK_H
#include "base/arena.h"
#include "check/data.h"
#include "check/stage.h"
#include "format/event.h"

/* Where an event happened, and where findings go. Filled by the pipeline. */
struct gh_scene {
	const char *format;	/* of the reader that emits */
	struct gh_span name;	/* of the file or member being read */
	const char *role;	/* see struct gh_member */
	unsigned depth;		/* 0: the file itself */
	struct gh_arena *arena; /* lives as long as the file's scan */
	void **state;  /* the check's own, for this format's reading of this source: NULL at first; memory from arena */
	void **common; /* the check's own too, for all sources of one file; may be NULL */
	/* text: one line, what exactly; already safe to print. evidence may be empty. */
	void (*find)(struct gh_scene *, const struct gh_rule *, struct gh_range at, const char *text);
	const struct gh_data *data; /* NULL: there is none */
	const struct gh_src *src;   /* what is being read; NULL in tests of checks that do not ask */
	enum gh_stage stage;	    /* of the check that is asked at the moment */
	bool decoded; /* bytes(): a text that was taken out of a source whose own bytes are shown as well */
	/* See gh_looked() and gh_not_looked(), whose why is NULL in the first case. May be NULL. */
	void (*looked)(struct gh_scene *, uint64_t units, uint64_t bytes, const char *why);
};

/* A row with neither events nor bytes only names rules that another check raises in the same pass over the bytes. */
struct gh_check {
	const char *name;  /* "calls": stable */
	const char *about; /* one line for `gatehouse checks` and the docs */
	enum gh_stage stage;
	unsigned events; /* set of 1u << enum gh_event_kind */
	void (*on)(struct gh_scene *, const struct gh_event *);
	/* After the last event of a reading, however it ended; NULL: nothing to say. */
	void (*end)(struct gh_scene *);
	/* The bytes of a source that reads as text (and of any small one that is no container), in order, each byte once;
	 * last: there are no more. Blocks have any length and break anywhere. NULL: the check needs events only. */
	void (*bytes)(struct gh_scene *, struct gh_span block, uint64_t off, bool last);
	const struct gh_rule *rules; /* ends with GH_RULES_END */
};

/* The list: checks.c. */
extern const struct gh_check *const gh_checks[];
extern const size_t gh_checks_n;

void gh_find(struct gh_scene *, const struct gh_rule *, struct gh_range at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* What the check's stage covered, for the report. The pipeline counts calls and sources (code) and packages by
 * itself; a check counts what it looks at beyond these events. */
void gh_looked(struct gh_scene *, uint64_t units, uint64_t bytes);
/* Something of the check's stage could not be looked at: the stage is incomplete. why: a constant or safe to print, one
 * line. Where the verdict must not be CLEAN either (it is the rule), raise a finding whose effect is INCOMPLETE too. */
void gh_not_looked(struct gh_scene *, const char *why);

/* The data of this kind; p == NULL when there is none. */
static inline struct gh_span gh_scene_data(const struct gh_scene *s, enum gh_data_kind kind)
{
	return s->data == NULL ? (struct gh_span){ 0 } : s->data->section[kind];
}
#endif
