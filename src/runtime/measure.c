#include "runtime/measure.h"

#include <stdio.h>

#include "crypto/pubkey.h"

#define HEAD "gatehouse measurement v1\n"
enum { TEXT_MAX = 1 << 20 };

static const char *const words[GH_PART_KINDS] = { "stub",   "engine", "library", "tree",    "seccomp",
						  "config", "kernel", "driver",	 "machine", "boot" };

const char *gh_part_word(enum gh_part_kind k) { return (unsigned)k < GH_PART_KINDS ? words[k] : "?"; }

static int order(const struct gh_part *a, const struct gh_part *b)
{
	return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->name, b->name);
}

static bool name_ok(const char *s)
{
	size_t n = strlen(s);
	for (size_t i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] >= 0x7f)
			return false;
	return n != 0 && n < GH_PART_NAME;
}

void gh_measure_text(const struct gh_measurement *m, struct gh_buf *out)
{
	gh_buf_str(out, HEAD);
	for (size_t i = 0; i < m->nparts; i++) {
		const struct gh_part *p = &m->part[i];
		gh_buf_fmt(out, "%s ", gh_part_word(p->kind));
		for (size_t k = 0; k < sizeof p->sha256; k++)
			gh_buf_fmt(out, "%02x", p->sha256[k]);
		gh_buf_fmt(out, " %llu %s\n", (unsigned long long)p->size, p->name);
	}
}

enum gh_rc gh_measure(struct gh_arena *a, const struct gh_part *part, size_t n, struct gh_measurement *out,
		      struct gh_err *err)
{
	*out = (struct gh_measurement){ 0 };
	if (n > GH_PARTS)
		return gh_fail(err, GH_E_LIMIT, "%zu parts to be measured: at most %d", n, GH_PARTS);
	struct gh_part *v = GH_NEW(a, struct gh_part, n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory to measure in");
	for (size_t i = 0; i < n; i++) { /* insertion: the lists are short */
		if (!name_ok(part[i].name))
			return gh_fail(err, GH_E_MALFORMED, "a %s has a name that cannot stand in a measurement",
				       gh_part_word(part[i].kind));
		size_t k = i;
		for (; k > 0 && order(&v[k - 1], &part[i]) > 0; k--)
			v[k] = v[k - 1];
		v[k] = part[i];
		v[k].name = (const char *)gh_keep(a, gh_span_str(part[i].name)).p;
		if (v[k].name == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory to measure in");
	}
	for (size_t i = 1; i < n; i++)
		if (order(&v[i - 1], &v[i]) == 0)
			return gh_fail(err, GH_E_MALFORMED, "%s %s is there twice", gh_part_word(v[i].kind), v[i].name);
	out->part = v;
	out->nparts = n;
	gh_auto_buf text = gh_buf(TEXT_MAX);
	uint8_t md[GH_MD_MAX];
	gh_measure_text(out, &text);
	if (text.full || !gh_md(GH_MD_SHA256, gh_buf_view(&text), md))
		return gh_fail(err, GH_E_NOMEM, "the list of what is measured does not fit");
	memcpy(out->digest, md, sizeof out->digest);
	return GH_OK;
}

static const struct gh_part *find(const struct gh_measurement *m, const struct gh_part *p)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (order(&m->part[i], p) == 0)
			return &m->part[i];
	return NULL;
}

bool gh_measure_differ(const struct gh_measurement *want, const struct gh_measurement *have, struct gh_buf *why)
{
	size_t n = 0;
	for (size_t i = 0; i < want->nparts; i++) {
		const struct gh_part *p = &want->part[i], *q = find(have, p);
		if (q != NULL && memcmp(p->sha256, q->sha256, sizeof p->sha256) == 0 && p->size == q->size)
			continue;
		gh_buf_fmt(why, "%s%s %s is %s", n++ == 0 ? "" : "; ", gh_part_word(p->kind), p->name,
			   q == NULL ? "not there" : "another one");
	}
	for (size_t i = 0; i < have->nparts; i++)
		if (find(want, &have->part[i]) == NULL)
			gh_buf_fmt(why, "%s%s %s is new", n++ == 0 ? "" : "; ", gh_part_word(have->part[i].kind),
				   have->part[i].name);
	return n != 0;
}
