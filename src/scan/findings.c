#include "scan/findings.h"

#include "scan/proto.h"

static unsigned hash(const struct gh_rule *rule, const char *member, const char *detail)
{
	uint32_t h = 2166136261u ^ (uint32_t)((uintptr_t)rule >> 4);
	for (; *member != '\0'; member++)
		h = (h ^ (uint8_t)*member) * 16777619u;
	for (; *detail != '\0'; detail++)
		h = (h ^ (uint8_t)*detail) * 16777619u;
	return (h ^ h >> 16) & 255;
}

/* Room for one more finding of this rule? A flood of one kind must not hide another. */
static bool within_cap(struct gh_findings *f, const struct gh_rule *rule)
{
	for (size_t i = 0; i < sizeof f->per_rule / sizeof f->per_rule[0]; i++) {
		if (f->per_rule[i].rule == NULL)
			f->per_rule[i].rule = rule;
		if (f->per_rule[i].rule == rule)
			return f->per_rule[i].n++ < GH_FINDINGS_PER_RULE;
	}
	return false;
}

void gh_findings_add(struct gh_findings *f, const struct gh_rule *rule, struct gh_range at, bool ranged,
		     const char *member, const char *detail)
{
	unsigned h = hash(rule, member, detail);
	for (struct gh_raised *r = f->bucket[h]; r != NULL; r = r->next)
		if (r->rule == rule && strcmp(r->member, member) == 0 && strcmp(r->detail, detail) == 0) {
			r->times++;
			return;
		}
	if (!within_cap(f, rule)) {
		f->dropped++;
		return;
	}
	/* The host hears of it whatever becomes of our own memory: only the counting of repeats needs it. */
	struct gh_raised *r = GH_NEW(f->arena, struct gh_raised, 1);
	struct gh_span m = gh_keep(f->arena, gh_span_str(member)), d = gh_keep(f->arena, gh_span_str(detail));
	if (r != NULL && m.p != NULL && d.p != NULL) {
		*r = (struct gh_raised){ .next = f->bucket[h],
					 .rule = rule,
					 .member = (const char *)m.p,
					 .detail = (const char *)d.p,
					 .times = 1,
					 .index = f->n };
		f->bucket[h] = r;
	}
	f->n++;
	f->host->finding(f->host->arg, rule, at, ranged, member, detail);
}

void gh_findings_close(struct gh_findings *f)
{
	for (size_t h = 0; h < sizeof f->bucket / sizeof f->bucket[0]; h++)
		for (struct gh_raised *r = f->bucket[h]; r != NULL; r = r->next)
			if (r->times > 1)
				f->host->times(f->host->arg, r->index, r->times);
}
