/* events.h - what a program in a jail attempted, collected: each thing once, counted, bounded. */
#ifndef GH_RUNTIME_EVENTS_H
#define GH_RUNTIME_EVENTS_H
#include "base/arena.h"
#include "scan/detonation.h"

struct gh_events {
	struct gh_arena *arena; /* holds the texts */
	struct gh_detonation_event *v;
	size_t n, cap;
	size_t of[GH_DET_KINDS]; /* how many of each kind */
	uint64_t dropped;	 /* beyond GH_EVENTS_OF_KIND different ones of a kind; counted */
};
/* Each kind has its own room: whoever fills that of one hides nothing of another. */
enum { GH_EVENTS_OF_KIND = 200, GH_EVENT_TEXT = 1000 };

/* text: safe to print. */
void gh_event_add(struct gh_events *e, enum gh_detonation_kind kind, const char *text);
/* Take away what the other list holds too, whatever its count: the ordinary noise of a loader. */
void gh_events_subtract(struct gh_events *e, const struct gh_events *ordinary);
#endif
