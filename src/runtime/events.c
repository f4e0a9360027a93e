#include "runtime/events.h"

void gh_event_add(struct gh_events *e, enum gh_detonation_kind kind, const char *text)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].kind == kind && strcmp(e->v[i].text, text) == 0) {
			e->v[i].times++;
			return;
		}
	bool room = (unsigned)kind < GH_DET_KINDS && e->of[kind] < GH_EVENTS_OF_KIND;
	struct gh_detonation_event *v = room ? gh_grow(e->arena, e->v, &e->cap, e->n + 1, sizeof *v) : NULL;
	struct gh_span kept = v == NULL ? (struct gh_span){ 0 } : gh_keep(e->arena, gh_span_str(text));
	if (kept.p == NULL) {
		e->dropped++;
		return;
	}
	e->v = v;
	e->of[kind]++;
	e->v[e->n++] = (struct gh_detonation_event){ .kind = kind, .text = (const char *)kept.p, .times = 1 };
}

/* Names below /tmp are made by chance: two texts that differ in nothing else are about the same thing. */
static bool same_but_chance(const char *a, const char *b)
{
	static const char where[] = "/tmp/",
			  name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	while (*a != '\0' && *a == *b) {
		if (strncmp(a, where, sizeof where - 1) == 0 && strncmp(b, where, sizeof where - 1) == 0) {
			a += sizeof where - 1;
			b += sizeof where - 1;
			if (strncmp(a, "..", 2) == 0 || strncmp(b, "..", 2) == 0)
				return false; /* that leads out of it */
			a += strspn(a, name);
			b += strspn(b, name);
		} else {
			a++;
			b++;
		}
	}
	return *a == *b;
}

void gh_events_subtract(struct gh_events *e, const struct gh_events *ordinary)
{
	size_t n = 0;
	for (size_t i = 0; i < e->n; i++) {
		bool known = false;
		for (size_t k = 0; k < ordinary->n && !known; k++)
			known = e->v[i].kind == ordinary->v[k].kind &&
				same_but_chance(e->v[i].text, ordinary->v[k].text) &&
				/* processes and written code have no name: those beyond the ordinary ones count */
				((e->v[i].kind != GH_DET_FORK && e->v[i].kind != GH_DET_NATIVE) ||
				 e->v[i].times <= ordinary->v[k].times);
		if (!known)
			e->v[n++] = e->v[i];
		else
			e->of[e->v[i].kind]--;
	}
	e->n = n;
}
