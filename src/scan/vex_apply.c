#include "scan/vex_int.h"

#include "format/format.h"
#include "scan/verdict.h"

const struct gh_rule gh_vex_rules[] = {
	{ "GH-VUL-0010", GH_INFO, GH_CLEAN, "A known vulnerability is silenced by a VEX statement",
	  "Nothing, if the statement is right.", "Look at the statement again before it expires.", "CWE-1395" },
	GH_RULES_END
};

/* ---- silencing -------------------------------------------------------------------------------------------------------------- */
static struct gh_span word(struct gh_span *s)
{
	const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, ' ', s->n);
	struct gh_span w = at == NULL ? *s : gh_span_cut(*s, 0, (uint64_t)(at - s->p));
	*s = at == NULL ? (struct gh_span){ 0 } : gh_span_cut(*s, w.n + 1, s->n);
	return w;
}

bool gh_vex_subject(const struct gh_finding *f, struct gh_span *id, struct gh_span *purl)
{
	static const char *const ids[] = { "GH-VUL-0001", "GH-VUL-0002", "GH-VUL-0003",
					   "GH-VUL-0004", "GH-VUL-0010", "GH-DEP-0101" };
	bool is = false;
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		is = is || strcmp(f->rule->id, ids[i]) == 0;
	if (!is || f->detail == NULL)
		return false;
	struct gh_span rest = gh_span_str(f->detail);
	*id = word(&rest);
	*purl = word(&rest);
	if (purl->n != 0 && purl->p[purl->n - 1] == ':')
		purl->n--;
	return gh_span_starts(*purl, "pkg:");
}

bool gh_vex_silenced(const struct gh_finding *f) { return f->rule == &gh_vex_rules[0]; }

static bool listed(struct gh_span list, struct gh_span w)
{
	struct gh_span one;
	while ((one = word(&list)).n != 0)
		if (gh_span_eq(one, w))
			return true;
	return false;
}

/* The statement's names against the finding's id, and against the aliases that the advisories know for it. */
static bool same_vulnerability(const struct gh_vex_statement *s, const struct gh_advset *set, struct gh_span id)
{
	if (listed(s->names, id))
		return true;
	for (unsigned d = 0; set != NULL && d < set->n; d++) {
		struct gh_span names = s->names, one;
		while ((one = word(&names)).n != 0) { /* "GHSA-…" said, "CVE-…" found, or the other way round */
			uint32_t k = gh_advdb_by_id(&set->db[d], one);
			if (k != UINT32_MAX && listed(gh_advdb_record(&set->db[d], k).aliases, id))
				return true;
		}
		uint32_t k = gh_advdb_by_id(&set->db[d], id);
		struct gh_span aliases = k == UINT32_MAX ? (struct gh_span){ 0 }
							 : gh_advdb_record(&set->db[d], k).aliases;
		while ((one = word(&aliases)).n != 0)
			if (listed(s->names, one))
				return true;
	}
	return false;
}

/* pkg:type/name up to '@', '?', '#'; names of Python packages without case, '_' as '-'. */
static bool same_package(struct gh_span said, struct gh_span found)
{
	size_t i = 0;
	for (; i < said.n && memchr("@?#", said.p[i], 3) == NULL; i++) {
		if (i >= found.n)
			return false;
		uint8_t a = said.p[i], b = found.p[i];
		a = a >= 'A' && a <= 'Z' ? (uint8_t)(a | 0x20) : a == '_' ? '-' : a;
		b = b >= 'A' && b <= 'Z' ? (uint8_t)(b | 0x20) : b == '_' ? '-' : b;
		if (a != b)
			return false;
	}
	if (i < found.n && found.p[i] != '@')
		return false;
	if (i >= said.n || said.p[i] != '@')
		return true; /* every version */
	struct gh_span v = gh_span_cut(said, i + 1, said.n), w = gh_span_cut(found, i + 1, found.n);
	size_t n = 0;
	while (n < v.n && v.p[n] != '?' && v.p[n] != '#')
		n++;
	return gh_span_eq(gh_span_cut(v, 0, n), w);
}

static const struct gh_vex_statement *silences(const struct gh_vex *vex, const struct gh_advset *set,
					       const struct gh_file_report *file, struct gh_span id,
					       struct gh_span purl)
{
	const struct gh_vex_statement *found = NULL;
	for (const struct gh_vex_statement *s = vex->first; s != NULL; s = s->next) {
		bool fits = false;
		for (const struct gh_vex_product *p = s->product; p != NULL && !fits; p = p->next)
			fits = same_package(p->purl, purl) && (p->sha256.n == 0 || gh_span_is(p->sha256, file->sha256));
		/* The newest word counts, wherever it stands: an "affected" takes an older "not_affected" back, and so does
		 * one that has expired. Of the same moment, the one that comes last. */
		if (fits && (found == NULL || s->changed >= found->changed) && same_vulnerability(s, set, id))
			found = s;
	}
	bool says = found != NULL && (found->status == GH_VEX_NOT_AFFECTED || found->status == GH_VEX_FIXED);
	return says && !found->expired && !found->early ? found : NULL;
}

size_t gh_vex_apply(const struct gh_vex *vex, const struct gh_advset *set, struct gh_file_report *file, size_t n,
		    struct gh_arena *arena)
{
	size_t silenced = 0;
	for (size_t i = 0; i < n; i++) {
		struct gh_finding *own = NULL;
		for (size_t k = 0; k < file[i].nfinding; k++) {
			struct gh_span id, purl;
			const struct gh_finding *f = own != NULL ? &own[k] : &file[i].finding[k];
			if (!gh_vex_subject(f, &id, &purl))
				continue;
			const struct gh_vex_statement *s = silences(vex, set, &file[i], id, purl);
			if (s == NULL)
				continue;
			if (own == NULL) {
				own = GH_NEW(arena, struct gh_finding, file[i].nfinding);
				if (own == NULL)
					return SIZE_MAX;
				memcpy(own, file[i].finding, file[i].nfinding * sizeof *own);
			}
			gh_auto_buf b = gh_buf(2048);
			gh_buf_fmt(&b, "%s %s: silenced by VEX: %s, %s, until %s (%s, was %s)", gh_safe(id).s,
				   gh_safe(purl).s, s->status == GH_VEX_FIXED ? "fixed" : "not_affected",
				   gh_safe(s->reason).s, s->until, f->rule->id, gh_severity_name(f->rule->severity));
			struct gh_span kept = gh_keep(arena, gh_buf_view(&b));
			if (kept.p == NULL)
				return SIZE_MAX;
			own[k].rule = &gh_vex_rules[0];
			own[k].detail = (const char *)kept.p;
			silenced++;
		}
		if (own != NULL) {
			gh_findings_sort(own, file[i].nfinding);
			file[i].finding = own;
			file[i].verdict = gh_file_verdict(&file[i]);
		}
	}
	return silenced;
}
