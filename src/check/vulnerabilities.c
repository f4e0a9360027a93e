/* Packages against advisories. What is pinned to an affected version is affected; what merely allows one is information: an
 * installer takes the newest. What a file says about its writer is a claim, and never more than information (decision 0012). */
#include "check/vulnerabilities.h"

#include "check/loaders.h"
#include "base/buf.h"
#include "format/format.h"
#include "wire/advset.h"
#include "wire/dep.h"
#include "wire/purl.h"

enum { R_CRITICAL, R_HIGH, R_MEDIUM, R_LOW, R_ALLOWED, R_PRODUCER, R_LOADER, R_SPELLING, R_MANY };
#define FIX "Ask for a version in which it is repaired, and review what the loader does with this file."
#define GAIN "Whoever installs what this file asks for has a known hole in the programs that handle the model."
static const struct gh_rule rules[] = {
	[R_CRITICAL] = { "GH-VUL-0001", GH_CRITICAL, GH_REVIEW,
			 "A package with a critical known vulnerability is required", GAIN, FIX, "CWE-1395 AML.T0010" },
	[R_HIGH] = { "GH-VUL-0002", GH_LOW, GH_CLEAN, "A package with a serious known vulnerability is required", GAIN,
		     FIX, "CWE-1395 AML.T0010" },
	[R_MEDIUM] = { "GH-VUL-0003", GH_LOW, GH_CLEAN, "A package with a known vulnerability is required", GAIN, FIX,
		       "CWE-1395 AML.T0010" },
	[R_LOW] = { "GH-VUL-0004", GH_INFO, GH_CLEAN, "A package with a minor known vulnerability is required", GAIN,
		    FIX, "CWE-1395 AML.T0010" },
	[R_ALLOWED] = { "GH-VUL-0005", GH_INFO, GH_CLEAN, "A requirement allows vulnerable versions, among others",
			"Nothing by itself: an installer takes the newest version unless something else holds it back.",
			"Raise the lower bound, or install from a lock file.", "CWE-1395" },
	[R_PRODUCER] = { "GH-VUL-0006", GH_INFO, GH_CLEAN, "The file says that a vulnerable version wrote it",
			 "Nothing by itself: who wrote a file says nothing about who will load it, and the claim may "
			 "be false.",
			 "Load it with a repaired version.", "CWE-1395" },
	[R_LOADER] = { "GH-VUL-0007", GH_INFO, GH_CLEAN, "Old loaders of this format have known vulnerabilities",
		       "A malicious file of this kind runs code, or reaches memory or files, in a loader that is not "
		       "repaired.",
		       "Load it with the version named, or a later one.", "CWE-1395 AML.T0010" },
	[R_SPELLING] = { "GH-VUL-0008", GH_INFO, GH_CLEAN, "A version that cannot be compared with advisories",
			 "Known vulnerabilities of this package are not found.", "Ask for a released version.",
			 "CWE-1395" },
	[R_MANY] = { "GH-VUL-0009", GH_LOW, GH_INCOMPLETE, "Too many packages to match with advisories",
		     "Vulnerabilities of the packages that come last are not found.", "Look at the list of packages.",
		     "CWE-400" },
	GH_RULES_END
};

enum { PACKAGES = 20000 /* matched in one reading */, HITS = 2048 };

struct hit {
	struct gh_adv_record r;
	struct gh_adv_interval where;
	struct gh_span canonical; /* the CVE if there is one: records of several sources about it are one hit */
	enum gh_adv_answer answer;
	bool merged;
};

struct package {
	struct gh_span ecosystem, name, version; /* as advisories name them */
	char normal[80];
	char purl[GH_PURL];
	const char *as; /* "pytorch" of conda is "torch" of PyPI: how it was found, or NULL */
};

/* conda's packages are PyPI's under mostly the same names; advisories exist for PyPI only. */
static const struct {
	const char *conda, *pypi;
} conda_names[] = { { "pytorch", "torch" },
		    { "pytorch-cpu", "torch" },
		    { "pytorch-gpu", "torch" },
		    { "tensorflow-base", "tensorflow" },
		    { "tensorflow-gpu", "tensorflow" },
		    { "py-xgboost", "xgboost" },
		    { "matplotlib-base", "matplotlib" },
		    { "dask-core", "dask" },
		    { "ray-core", "ray" } };

/* What exporters call themselves in ONNX graphs. */
static const struct {
	const char *says, *pypi;
} producer_names[] = { { "pytorch", "torch" },
		       { "tf2onnx", "tf2onnx" },
		       { "skl2onnx", "skl2onnx" },
		       { "onnx", "onnx" },
		       { "keras2onnx", "keras2onnx" },
		       { "OnnxMLTools", "onnxmltools" },
		       { "tensorflow", "tensorflow" },
		       { "keras", "keras" },
		       { "torch", "torch" } };

static void identify(struct package *p, const struct gh_package *g)
{
	*p = (struct package){ .ecosystem = gh_span_str(g->ecosystem), .name = g->name, .version = g->version };
	if (gh_span_is(p->ecosystem, "PyPI") || gh_span_is(p->ecosystem, "conda")) {
		gh_dep_normalise(g->name, p->normal);
		p->name = gh_span_str(p->normal);
	}
	for (size_t i = 0;
	     g->producer && gh_span_is(p->ecosystem, "generic") && i < sizeof producer_names / sizeof producer_names[0];
	     i++)
		if (gh_span_is(g->name, producer_names[i].says)) {
			p->ecosystem = GH_SPAN("PyPI");
			p->name = gh_span_str(producer_names[i].pypi);
			gh_dep_normalise(p->name, p->normal);
		}
	for (size_t i = 0; gh_span_is(p->ecosystem, "conda") && i < sizeof conda_names / sizeof conda_names[0]; i++)
		if (gh_span_is(p->name, conda_names[i].conda)) {
			p->as = conda_names[i].pypi;
			p->name = gh_span_str(p->as);
		}
}

/* ---- hits --------------------------------------------------------------------------------------------------------------- */
static struct gh_span next_word(struct gh_span *s)
{
	const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, ' ', s->n);
	struct gh_span w = at == NULL ? *s : gh_span_cut(*s, 0, (uint64_t)(at - s->p));
	*s = at == NULL ? (struct gh_span){ 0 } : gh_span_cut(*s, w.n + 1, s->n);
	return w;
}

static struct gh_span canonical(const struct gh_adv_record *r)
{
	struct gh_span rest = r->aliases, w;
	if (gh_span_starts(r->id, "CVE-"))
		return r->id;
	while ((w = next_word(&rest)).n != 0)
		if (gh_span_starts(w, "CVE-"))
			return w;
	return r->id;
}

/* All advisories that concern these versions. Returns how many; v has room for HITS. */
static size_t collect(const struct gh_advset *set, const struct package *p, const struct gh_version_set *want,
		      struct hit *v)
{
	/* conda's versions of Python packages are PyPI's. */
	struct gh_span eco = gh_span_is(p->ecosystem, "conda") ? GH_SPAN("PyPI") : p->ecosystem;
	enum gh_version_rule rule = gh_version_rule(eco);
	size_t n = 0;
	for (unsigned d = 0; d < set->n; d++) {
		uint32_t count, first = gh_advdb_find(&set->db[d], eco, p->name, &count);
		for (uint32_t i = 0; i < count && n < HITS; i++) {
			struct gh_adv_product q = gh_advdb_product(&set->db[d], first + i);
			struct hit h = { .r = gh_advdb_record(&set->db[d], q.record) };
			h.answer = want->exact
					   ? gh_advdb_affects(&set->db[d], &q, rule, gh_bound(&want->v[0].lo), &h.where)
					   : gh_advdb_allows(&set->db[d], &q, rule, want, &h.where);
			if (h.answer == GH_ADV_NO || (h.r.flags & GH_ADV_WITHDRAWN) != 0 ||
			    gh_advset_replaced(set, d, &h.r))
				continue;
			h.canonical = canonical(&h.r);
			v[n++] = h;
		}
	}
	/* The same vulnerability from several sources: the first one speaks, with the worst severity and the firmest answer. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n && !v[i].merged; k++)
			if (!v[k].merged && gh_span_eq(v[i].canonical, v[k].canonical)) {
				v[k].merged = true;
				v[i].answer = v[k].answer > v[i].answer ? v[k].answer : v[i].answer;
				if (v[i].r.score < 0 || v[i].r.vector.n == 0) {
					v[i].r.score = v[k].r.score < 0 ? v[i].r.score : v[k].r.score;
					v[i].r.vector = v[k].r.vector.n == 0 ? v[i].r.vector : v[k].r.vector;
				}
				if (v[k].r.severity > v[i].r.severity)
					v[i].r.severity = v[k].r.severity;
				if (v[i].where.to.n == 0 || (v[i].where.flags & GH_ADV_TO_INCLUDED) != 0)
					v[i].where = v[k].where;
				if (v[i].r.aliases.n == 0 && !gh_span_eq(v[i].r.id, v[k].r.id))
					v[i].r.aliases = v[k].r.id;
			}
	return n;
}

static void range_text(struct gh_buf *b, const struct gh_adv_interval *i)
{
	bool single = i->from.n != 0 && gh_span_eq(i->from, i->to) && (i->flags & GH_ADV_TO_INCLUDED) != 0;
	gh_buf_str(b, "; affected: ");
	if (single)
		gh_buf_fmt(b, "%s", gh_safe(i->to).s);
	else if ((i->flags & GH_ADV_TO_NONE) != 0)
		gh_buf_fmt(b, "%s%s, no repaired version is known", i->from.n == 0 ? "all versions" : "from ",
			   i->from.n == 0 ? "" : gh_safe(i->from).s);
	else
		gh_buf_fmt(b, "%s%s%s%s", i->from.n == 0 ? "" : "from ", i->from.n == 0 ? "" : gh_safe(i->from).s,
			   (i->flags & GH_ADV_TO_INCLUDED) != 0 ? (i->from.n == 0 ? "up to " : " up to ")
								: (i->from.n == 0 ? "before " : " before "),
			   gh_safe(i->to).s);
	if (!single && (i->flags & (GH_ADV_TO_NONE | GH_ADV_TO_INCLUDED)) == 0)
		gh_buf_fmt(b, "; fixed in %s", gh_safe(i->to).s);
}

static const char *const severities[] = { "unknown", "low", "medium", "high", "critical" };

static void hit_text(struct gh_buf *b, const struct package *p, const struct hit *h, bool exact)
{
	struct gh_span rest = h->r.aliases, w;
	bool first = true;
	gh_buf_safe(b, h->canonical, 64);
	gh_buf_fmt(b, " %s", p->purl);
	if (!gh_span_eq(h->canonical, h->r.id)) {
		gh_buf_fmt(b, " (%s", gh_safe(h->r.id).s);
		first = false;
	}
	for (unsigned n = 0; n < 6 && (w = next_word(&rest)).n != 0; n++) {
		if (gh_span_eq(w, h->canonical))
			continue;
		gh_buf_fmt(b, "%s%s", first ? " (" : ", ", gh_safe(w).s);
		first = false;
	}
	gh_buf_str(b, first ? ": " : "): ");
	if (h->r.summary.n != 0)
		gh_buf_safe(b, h->r.summary, 240);
	else
		gh_buf_str(b, "no summary");
	range_text(b, &h->where);
	if (h->r.severity != GH_OSV_UNKNOWN)
		gh_buf_fmt(b, "; severity %s", severities[h->r.severity]);
	if (h->r.score >= 0)
		gh_buf_fmt(b, "; CVSS %d.%d", h->r.score / 10, h->r.score % 10);
	if (h->r.vector.n != 0)
		gh_buf_fmt(b, "; %s", gh_safe(h->r.vector).s);
	if ((h->r.flags & GH_ADV_UNVERIFIED) != 0)
		gh_buf_str(b, "; unconfirmed range");
	gh_buf_fmt(b, "; why: %s", exact ? "this version is required" : "every version that is allowed is affected");
	if (p->version.n != 0)
		gh_buf_fmt(b, " (%s)", gh_safe(p->version).s);
	if (p->as != NULL)
		gh_buf_fmt(b, ", matched as %s of PyPI", p->as);
}

static size_t rule_of(enum gh_osv_severity s)
{
	switch (s) {
	case GH_OSV_CRITICAL: return R_CRITICAL;
	case GH_OSV_HIGH: return R_HIGH;
	case GH_OSV_LOW: return R_LOW;
	case GH_OSV_MEDIUM:
	case GH_OSV_UNKNOWN: break;
	}
	return R_MEDIUM;
}

/* One line about many: how many, and the worst. */
static void summary(struct gh_scene *s, const struct gh_event *ev, const struct package *p, const struct hit *v,
		    size_t n, enum gh_adv_answer least, size_t rule, const char *what)
{
	size_t count = 0, worst = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		if (v[i].merged || v[i].answer > least)
			continue;
		count++;
		if (worst == SIZE_MAX || v[i].r.severity > v[worst].r.severity)
			worst = i;
	}
	if (count == 0)
		return;
	const struct hit *h = &v[worst];
	gh_auto_buf b = gh_buf(900);
	range_text(&b, &h->where);
	gh_find(s, &rules[rule], ev->at, "%s %s %zu known vulnerabilit%s, the worst %s%s%s%s%s", p->purl, what, count,
		count == 1 ? "y" : "ies", gh_safe(h->canonical).s, gh_buf_cstr(&b), p->version.n == 0 ? "" : " (",
		p->version.n == 0 ? "" : gh_safe(p->version).s, p->version.n == 0 ? "" : ")");
}

/* A range counts as affected only when it ends somewhere: without an upper end an installer takes what comes out next. */
static bool bounded(const struct gh_version_set *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].hi.n == 0)
			return false;
	return w->n != 0;
}

static void judge(struct gh_scene *s, const struct gh_event *ev, const struct gh_advset *set)
{
	const struct gh_package *g = ev->u.package;
	struct package p;
	struct gh_version_set want;
	identify(&p, g);
	enum gh_version_rule rule = gh_version_rule(p.ecosystem);
	if (rule == GH_VERSION_NONE || p.name.n == 0)
		return;
	if (!gh_version_set(rule, p.version, &want)) {
		(void)gh_purl(p.ecosystem, g->name, (struct gh_span){ 0 }, p.purl);
		gh_find(s, &rules[R_SPELLING], ev->at, "%s: %s", p.purl, gh_safe(p.version).s);
		return;
	}
	(void)gh_purl(p.ecosystem, p.normal[0] == '\0' ? g->name : gh_span_str(p.normal),
		      want.exact ? gh_bound(&want.v[0].lo) : (struct gh_span){ 0 }, p.purl);
	gh_auto_arena work = { .max = 2 << 20 };
	struct hit *v = GH_NEW(&work, struct hit, HITS);
	if (v == NULL) {
		gh_not_looked(s, "no memory to match a package");
		return;
	}
	size_t n = collect(set, &p, &want, v);
	if (g->producer) {
		if (want.exact)
			summary(s, ev, &p, v, n, GH_ADV_YES, R_PRODUCER, "wrote this file, as it says, and has");
		return;
	}
	bool firm = want.exact || bounded(&want);
	for (size_t i = 0; i < n && firm; i++) {
		if (v[i].merged || v[i].answer != GH_ADV_YES)
			continue;
		gh_auto_buf b = gh_buf(1900);
		hit_text(&b, &p, &v[i], want.exact);
		gh_find(s, &rules[rule_of(v[i].r.severity)], ev->at, "%s", gh_buf_cstr(&b));
	}
	summary(s, ev, &p, v, n, firm ? GH_ADV_SOME : GH_ADV_YES, R_ALLOWED, "allows versions with");
}

struct state {
	struct gh_advset set;
	bool usable, told;
	unsigned packages;
};

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	struct state *st = *s->state;
	if (st == NULL) {
		*s->state = st = GH_NEW(s->arena, struct state, 1);
		if (st == NULL) {
			gh_not_looked(s, "no memory to match packages");
			return;
		}
		st->usable = gh_advset(gh_scene_data(s, GH_DATA_ADVISORIES), &st->set);
	}
	if (!st->usable)
		return; /* the stage does not run, and the report says why */
	if (ev->kind == GH_EV_PACKAGE && st->packages++ < PACKAGES) {
		judge(s, ev, &st->set);
	} else if (ev->kind == GH_EV_PACKAGE && st->packages == PACKAGES + 1) {
		gh_not_looked(s, "too many packages");
		gh_find(s, &rules[R_MANY], ev->at, "more than %u", (unsigned)PACKAGES);
	}
	if (!st->told && s->depth == 0) {
		st->told = true;
		gh_loaders_tell(s, (struct gh_range){ 0, 0 }, &st->set, &rules[R_LOADER]);
	}
}

const struct gh_check gh_check_vulnerabilities = {
	.name = "vulnerabilities",
	.about = "known vulnerabilities of required packages, of the programs that wrote a file, and of its loaders",
	.stage = GH_STAGE_VULNERABILITIES,
	.events = 1u << GH_EV_PACKAGE | 1u << GH_EV_CLAIM,
	.on = on,
	.rules = rules,
};
