#include "scan/stages.h"

#include "check/check.h"
#include "scan/detonation.h"

#include <stdio.h>

/* The stage of the check, or of the watcher of detonations, that has the rule; GH_STAGES: none has. */
static enum gh_stage stage_of(const struct gh_rule *rule)
{
	for (size_t i = 0; i < gh_checks_n; i++)
		for (const struct gh_rule *r = gh_checks[i]->rules; r != NULL && r->id != NULL; r++)
			if (r == rule)
				return gh_checks[i]->stage;
	for (const struct gh_rule *r = gh_detonation_rules; r->id != NULL; r++)
		if (r == rule)
			return GH_STAGE_DETONATION;
	return GH_STAGES;
}

enum gh_stage gh_rule_stage(const struct gh_rule *rule)
{
	enum gh_stage s = stage_of(rule);
	return s == GH_STAGES ? GH_STAGE_INTEGRITY : s;
}

/* Which stage does a finding that something was not looked at concern? Those of a check its own, all others all. */
static bool concerns(const struct gh_rule *rule, enum gh_stage stage)
{
	enum gh_stage s = stage_of(rule);
	return s == GH_STAGES ? stage != GH_STAGE_DETONATION /* it reads nothing by itself */ : stage == s;
}

static void leave_out(struct gh_stage_sums *s, enum gh_stage stage, const char *why)
{
	s->of[stage].files++;
	if (s->of[stage].why == NULL)
		s->of[stage].why = why;
}

void gh_stages_add(struct gh_stage_sums *s, const struct gh_file_report *r, const struct gh_fact *fact, size_t nfact)
{
	const char *why[GH_STAGES] = { 0 };
	s->files++;
	s->bytes += r->understood;
	for (size_t i = 0; i < r->nfinding; i++)
		for (unsigned k = 0; k < GH_STAGES && r->finding[i].rule->effect == GH_INCOMPLETE; k++)
			if (why[k] == NULL && concerns(r->finding[i].rule, (enum gh_stage)k))
				why[k] = r->finding[i].rule->title;
	for (unsigned k = 0; k < GH_STAGES && r->sha256[0] == '\0'; k++)
		if (why[k] == NULL && k != GH_STAGE_DETONATION)
			why[k] = "not read to its end";
	for (size_t i = 0; i < nfact; i++) {
		if (fact[i].kind != GH_FACT_STAGE || fact[i].a >= GH_STAGES)
			continue;
		s->of[fact[i].a].units += fact[i].b;
		s->of[fact[i].a].bytes += fact[i].c;
		if (fact[i].target[0] != '\0' && why[fact[i].a] == NULL)
			why[fact[i].a] = fact[i].target;
	}
	for (unsigned k = 0; k < GH_STAGES; k++)
		if (why[k] != NULL)
			leave_out(s, (enum gh_stage)k, why[k]);
}

static bool has_check(enum gh_stage stage)
{
	for (size_t i = 0; i < gh_checks_n; i++)
		if (gh_checks[i]->stage == stage)
			return true;
	return stage == GH_STAGE_INTEGRITY || stage == GH_STAGE_DETONATION;
}

static const char *reason(struct gh_arena *a, const struct gh_stage_sums *s, enum gh_stage stage)
{
	char text[400];
	if (s->files == 0)
		return "nothing was read";
	if (s->files == 1)
		(void)snprintf(text, sizeof text, "%.300s", s->of[stage].why);
	else
		(void)snprintf(text, sizeof text, "%llu of %llu files not looked at in full: %.300s",
			       (unsigned long long)s->of[stage].files, (unsigned long long)s->files, s->of[stage].why);
	struct gh_span kept = gh_keep(a, gh_span_str(text));
	return kept.p == NULL ? s->of[stage].why : (const char *)kept.p;
}

void gh_stages_close(const struct gh_stage_sums *s, const char *const off[GH_STAGES], const char *const with[GH_STAGES],
		     const char *const lacks[GH_STAGES], struct gh_arena *arena, struct gh_stage_report out[GH_STAGES])
{
	for (unsigned k = 0; k < GH_STAGES; k++) {
		struct gh_stage_report *r = &out[k];
		*r = (struct gh_stage_report){ .units = s->of[k].units, .bytes = s->of[k].bytes, .with = with[k] };
		if (k == GH_STAGE_INTEGRITY) {
			r->units = s->files;
			r->bytes = s->bytes;
		}
		if (off[k] != NULL || !has_check((enum gh_stage)k)) {
			*r = (struct gh_stage_report){ .state = GH_STAGE_NOT_RUN };
			r->reason = off[k] != NULL ? off[k] : "this program has no check of this stage";
		} else if (s->of[k].why != NULL || s->files == 0) {
			r->state = GH_STAGE_INCOMPLETE;
			r->reason = reason(arena, s, (enum gh_stage)k);
		} else if (lacks[k] != NULL) {
			r->state = GH_STAGE_INCOMPLETE;
			r->reason = lacks[k];
		} else
			r->state = GH_STAGE_RUN;
	}
}

const char *gh_stage_state_name(enum gh_stage_state s)
{
	static const char *const names[] = { "not_run", "incomplete", "run" };
	return names[s];
}
