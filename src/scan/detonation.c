#include "scan/detonation.h"

#include "wire/jout.h"
#include "scan/report_parts.h"
#include "scan/verdict.h"

#include <stdio.h>
#include <string.h>

#define NOT_LOAD "Do not load the model. Report it to where it came from."
#define CODE_RUNS "Whoever made the model runs code of their choice on every machine that loads it"

const struct gh_rule gh_detonation_rules[GH_DR_RULES + 1] = {
	[GH_DET_EXEC] = { "GH-DET-0001", GH_CRITICAL, GH_UNSAFE, "Loading the model starts a program", CODE_RUNS ".",
			  NOT_LOAD " The call was refused here; look for it where the model was loaded before.",
			  "CWE-502 AML.T0011" },
	[GH_DET_NET] = { "GH-DET-0002", GH_CRITICAL, GH_UNSAFE, "Loading the model reaches for the network",
			 "Data leaves, commands or further programs arrive, as soon as the model is loaded.",
			 NOT_LOAD " Look for the address in the logs of your network.", "CWE-506 AML.T0025" },
	[GH_DET_SECRET] = { "GH-DET-0003", GH_CRITICAL, GH_UNSAFE, "Loading the model reads credentials",
			    "Keys and tokens of whoever loads the model are stolen.",
			    NOT_LOAD
			    " The credentials here were decoys; where the model was loaded before, renew them.",
			    "CWE-522 AML.T0055" },
	[GH_DET_WRITE] = { "GH-DET-0004", GH_HIGH, GH_UNSAFE, "Loading the model changes files that are not its own",
			   "Files are destroyed, or something is left behind that starts later.", NOT_LOAD,
			   "CWE-506 AML.T0011" },
	[GH_DET_FORK] = { "GH-DET-0005", GH_HIGH, GH_UNSAFE, "Loading the model starts another process",
			  CODE_RUNS "; a second process can stay when the first one ends.", NOT_LOAD,
			  "CWE-502 AML.T0011" },
	[GH_DET_OTHERS] = { "GH-DET-0006", GH_HIGH, GH_UNSAFE, "Loading the model reaches for other processes",
			    "Other programs are stopped, read or taken over.", NOT_LOAD, "CWE-506" },
	[GH_DET_KERNEL] = { "GH-DET-0007", GH_HIGH, GH_UNSAFE,
			    "Loading the model asks the kernel for what only attacks and system tools need",
			    "A way out of a sandbox or to more rights.", NOT_LOAD, "CWE-250 CWE-269" },
	[GH_DET_NATIVE] = { "GH-DET-0008", GH_HIGH, GH_UNSAFE, "Loading the model runs machine code that came with it",
			    CODE_RUNS ", out of sight of all that inspects scripts.", NOT_LOAD, "CWE-114 CWE-506" },
	[GH_DET_ODD] = { "GH-DET-0009", GH_MEDIUM, GH_REVIEW,
			 "Loading the model does what its loader does not do by itself",
			 "Perhaps nothing; looking around is how attacks begin.",
			 "Find out what in the model needs it, or do not load it.", "CWE-200" },
	[GH_DR_FAILED] = { "GH-DET-0010", GH_MEDIUM, GH_INCOMPLETE,
			   "The model could not be loaded to the end in the sandbox",
			   "What would have come after that point was not seen.",
			   "Look at the reason: install what the model needs, or raise --detonate-time or "
			   "--detonate-memory.",
			   "" },
	[GH_DR_FLOOD] = { "GH-DET-0011", GH_HIGH, GH_INCOMPLETE, "The model flooded its watcher with calls",
			  "Among very many calls something else is to be lost. Calls beyond the limits were refused as "
			  "well, but not each is listed.",
			  NOT_LOAD, "CWE-400" },
	[GH_DR_NOT_EXERCISED] = { "GH-DET-0012", GH_MEDIUM, GH_INCOMPLETE, "The model was not loaded in the sandbox",
				  "What was not run was not seen: only the other stages looked at this file.",
				  "Install the loader that the reason names, or scan without --detonate.", "" },
	GH_RULES_END,
};

static const char *const kind_names[GH_DET_KINDS] = {
	[GH_DET_EXEC] = "exec",	    [GH_DET_NET] = "network",	      [GH_DET_SECRET] = "credentials",
	[GH_DET_WRITE] = "write",   [GH_DET_FORK] = "process",	      [GH_DET_OTHERS] = "other-processes",
	[GH_DET_KERNEL] = "kernel", [GH_DET_NATIVE] = "machine-code", [GH_DET_ODD] = "unusual",
};
const char *gh_detonation_kind_name(enum gh_detonation_kind k)
{
	return (unsigned)k < GH_DET_KINDS ? kind_names[k] : "?";
}

static const char *member_of(const struct gh_detonation *d) { return d->member == NULL ? "" : d->member; }

/* ---- into the file's row ----------------------------------------------------------------------------------------- */

enum { PER_RULE = 50 };

static bool add(struct gh_arena *a, struct gh_file_report *r, const char *member, enum gh_detonation_rule rule,
		const char *detail, unsigned times)
{
	struct gh_finding *v = GH_NEW(a, struct gh_finding, r->nfinding + 1);
	if (v == NULL)
		return false;
	if (r->nfinding != 0)
		memcpy(v, r->finding, r->nfinding * sizeof *v);
	v[r->nfinding++] = (struct gh_finding){
		.rule = &gh_detonation_rules[rule], .detail = detail, .member = member, .times = times
	};
	r->finding = v;
	return true;
}

bool gh_detonation_judge(const struct gh_detonation *d, struct gh_arena *a, struct gh_file_report *r)
{
	unsigned shown[GH_DET_KINDS] = { 0 };
	for (size_t i = 0; i < d->nevent; i++) {
		const struct gh_detonation_event *e = &d->event[i];
		if (shown[e->kind]++ >= PER_RULE)
			r->dropped++;
		else if (!add(a, r, member_of(d), (enum gh_detonation_rule)e->kind, e->text, e->times))
			return false;
	}
	if (d->why != NULL && !add(a, r, member_of(d),
				   d->flooded ? GH_DR_FLOOD
				   : d->ran   ? GH_DR_FAILED
					      : GH_DR_NOT_EXERCISED,
				   d->why, 1))
		return false;
	struct gh_finding *v = GH_NEW(a, struct gh_finding,
				      r->nfinding + 1); /* sorted in a copy: rows are shared as const */
	if (v == NULL)
		return false;
	if (r->nfinding != 0)
		memcpy(v, r->finding, r->nfinding * sizeof *v);
	gh_findings_sort(v, r->nfinding);
	r->finding = v;
	r->verdict = gh_file_verdict(r);
	return true;
}

/* ---- the stage ----------------------------------------------------------------------------------------------------- */

static const char *keep(struct gh_arena *a, struct gh_buf *b)
{
	struct gh_span s = gh_keep(a, gh_buf_view(b));
	return s.p == NULL ? "" : (const char *)s.p;
}

static bool named(struct gh_buf *b, const char *word) { return b->n != 0 && strstr(gh_buf_cstr(b), word) != NULL; }

struct gh_stage_report gh_detonation_stage(const struct gh_detonation *v, size_t n, struct gh_arena *a)
{
	struct gh_stage_report s = { .state = GH_STAGE_NOT_RUN };
	size_t ran = 0, whole = 0, asked = 0;
	const char *why = NULL, *spared = NULL;
	gh_auto_buf with = gh_buf(2000), text = gh_buf(1000);
	uint64_t ms = 0;
	for (size_t i = 0; i < n; i++) {
		ran += v[i].ran;
		asked += v[i].spared == NULL;
		spared = spared == NULL ? v[i].spared : spared;
		whole += v[i].ran && v[i].why == NULL;
		why = why == NULL ? v[i].why : why;
		ms += v[i].ms;
		for (size_t k = 0; k < v[i].nevent; k++)
			s.units += v[i].event[k].times;
		s.bytes += v[i].ran ? v[i].bytes : 0;
		if (v[i].loader[0] != '\0' && !named(&with, v[i].loader))
			gh_buf_fmt(&with, "%s%s", with.n != 0 ? "; " : "", v[i].loader);
	}
	if (with.n != 0)
		gh_buf_fmt(&with, "; %llu.%llu s", (unsigned long long)(ms / 1000),
			   (unsigned long long)(ms / 100 % 10));
	s.with = with.n != 0 ? keep(a, &with) : NULL;
	if (asked == 0) {
		gh_buf_fmt(&text, "not exercised: %s",
			   spared == NULL ? "no file is of a format that a loader here reads" : spared);
		s.reason = keep(a, &text);
		return s;
	}
	s.state = whole == asked ? GH_STAGE_RUN : ran != 0 ? GH_STAGE_INCOMPLETE : GH_STAGE_NOT_RUN;
	if (whole == asked)
		return s;
	if (asked > 1)
		gh_buf_fmt(&text, "%zu of %zu files: ", asked - whole, asked);
	gh_buf_fmt(&text, "not exercised: %.700s", why == NULL ? "" : why);
	s.reason = keep(a, &text);
	return s;
}

/* ---- text ---------------------------------------------------------------------------------------------------------- */

static void joined(struct gh_buf *b, const char *label, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		gh_buf_str(b, i == 0 ? label : ", ");
		gh_buf_str(b, v[i]);
	}
}

void gh_detonation_line(struct gh_buf *b, const struct gh_detonation *d)
{
	gh_plain_path(b, d->path);
	if (member_of(d)[0] != '\0')
		gh_buf_fmt(b, " > %s", d->member);
	if (!d->ran) {
		gh_buf_fmt(b, ": not loaded: %s", d->why != NULL ? d->why : d->spared != NULL ? d->spared : "");
		return;
	}
	gh_buf_fmt(b, " in the sandbox for %llu ms: %s", (unsigned long long)d->ms,
		   d->loader[0] == '\0' ? "its loader said nothing" : d->loader);
	joined(b, "; exercised: ", d->exercised, d->nexercised);
	joined(b, "; not exercised: ", d->not_exercised, d->nnot_exercised);
	if (d->why != NULL)
		gh_buf_fmt(b, "; not to the end: %s", d->why);
	gh_buf_fmt(b, "; %zu events", d->nevent);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------- */

static void strings(struct gh_jout *j, const char *key, const char *const *v, size_t n)
{
	gh_jout_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		gh_jout_str(j, NULL, v[i]);
	gh_jout_close(j, ']');
}

static void put_event(struct gh_jout *j, const struct gh_detonation *d, const struct gh_detonation_event *e)
{
	const struct gh_rule *rule = &gh_detonation_rules[e->kind];
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "file", d->path);
	if (member_of(d)[0] != '\0')
		gh_jout_str(j, "member", d->member);
	gh_jout_str(j, "kind", gh_detonation_kind_name(e->kind));
	gh_jout_str(j, "text", e->text);
	gh_jout_number(j, "times", e->times);
	gh_jout_str(j, "rule", rule->id);
	gh_jout_str(j, "effect", gh_verdict_name(rule->effect));
	gh_jout_close(j, '}');
}

static void put_run(struct gh_jout *j, const struct gh_detonation *d)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "path", d->path);
	if (member_of(d)[0] != '\0')
		gh_jout_str(j, "member", d->member);
	gh_jout_str(j, "loader", d->loader[0] == '\0' ? NULL : d->loader);
	gh_jout_str(j, "sandbox", d->layers[0] == '\0' ? NULL : d->layers);
	gh_jout_bool(j, "loaded", d->ran && d->why == NULL);
	gh_jout_str(j, "reason", d->why != NULL ? d->why : d->spared);
	gh_jout_number(j, "milliseconds", d->ms);
	gh_jout_number(j, "refused", d->refused);
	strings(j, "exercised", d->exercised, d->nexercised);
	strings(j, "not_exercised", d->not_exercised, d->nnot_exercised);
	gh_jout_number(j, "events", d->nevent);
	gh_jout_close(j, '}');
}

void gh_detonation_json(struct gh_jout *j, const struct gh_detonation *v, size_t n)
{
	const char *loader = NULL;
	for (size_t i = 0; i < n && loader == NULL; i++)
		loader = v[i].loader[0] == '\0' ? NULL : v[i].loader;
	gh_jout_open(j, "detonation", '{');
	gh_jout_str(j, "loader", loader);
	gh_jout_open(j, "exercised", '[');
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].nexercised; k++)
			gh_jout_str(j, NULL, v[i].exercised[k]);
	gh_jout_close(j, ']');
	gh_jout_open(j, "not_exercised", '[');
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].nnot_exercised; k++)
			gh_jout_str(j, NULL, v[i].not_exercised[k]);
	gh_jout_close(j, ']');
	gh_jout_open(j, "events", '[');
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].nevent; k++)
			put_event(j, &v[i], &v[i].event[k]);
	gh_jout_close(j, ']');
	gh_jout_open(j, "files", '[');
	for (size_t i = 0; i < n; i++)
		put_run(j, &v[i]);
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}
