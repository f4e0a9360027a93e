/* The files of a model that lies in a catalog, by the digests that were taken when it was imported: no byte is read again. */
#include "scan/verify/compare.h"
#include "wire/b64.h"

#include <stdlib.h>
#include <string.h>

struct cmp {
	const struct gh_verify_options *opt;
	const struct gh_oms *m;
	struct gh_verify_report *r;
	const struct gh_oms_resource **sorted; /* by name, then start */
	bool *seen;
	size_t first, n; /* the resources of the file in hand, in `sorted` */
};

static int by_place(const void *pa, const void *pb)
{
	const struct gh_oms_resource *a = *(const struct gh_oms_resource *const *)pa;
	const struct gh_oms_resource *b = *(const struct gh_oms_resource *const *)pb;
	int r = strcmp((const char *)a->name.p, (const char *)b->name.p);
	return r != 0 ? r : (a->start > b->start) - (a->start < b->start);
}

static bool find(struct cmp *c, const char *name)
{
	size_t lo = 0, hi = c->m->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (strcmp((const char *)c->sorted[mid]->name.p, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	c->first = lo;
	for (c->n = 0; lo + c->n < c->m->n && strcmp((const char *)c->sorted[lo + c->n]->name.p, name) == 0;)
		c->n++;
	return c->n != 0;
}

/* What the specification leaves out unless it was signed: version control at the top, and the signature itself. */
static bool left_out(const struct gh_verify_options *opt, const struct gh_verify_file *f)
{
	static const char *const names[] = { ".git", ".gitignore", ".gitattributes", ".github" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (gh_mfiles_below(f->name, gh_span_str(names[i])))
			return true;
	return opt->own != NULL && strcmp(opt->own, f->sha256) == 0;
}

static void signed_file(struct cmp *c, const struct gh_verify_file *f)
{
	uint8_t digest[32];
	const struct gh_oms_resource *one = c->sorted[c->first];
	bool whole = c->m->method == GH_OMS_FILES || (one->start == 0 && one->end == f->size);
	for (size_t i = 0; i < c->n; i++)
		c->seen[c->first + i] = true;
	c->r->files++;
	c->r->bytes += f->size;
	c->r->parts += c->n;
	if (c->m->md != GH_MD_SHA256)
		gh_verify_problem(c->r, GH_VC_FILES, GH_VC_UNKNOWN, gh_span_str(f->name),
				  "its signed digest is no SHA-256: verify the files themselves");
	else if (c->m->method == GH_OMS_SHARDS && c->n > 1 && c->sorted[c->first + c->n - 1]->end == f->size)
		gh_verify_problem(c->r, GH_VC_FILES, GH_VC_UNKNOWN, gh_span_str(f->name),
				  "it was signed in several shards: verify the files themselves");
	else if (c->n != 1 || !whole || !gh_b16_take(gh_span_str(f->sha256), digest, sizeof digest) ||
		 memcmp(digest, one->digest, sizeof digest) != 0)
		gh_verify_problem(c->r, GH_VC_FILES, GH_VC_FAIL, gh_span_str(f->name), "it is not what was signed");
}

static void unsigned_file(struct cmp *c, const struct gh_verify_file *f)
{
	bool ignored = false;
	for (size_t i = 0; i < c->m->nignore; i++)
		ignored = ignored || gh_mfiles_below(f->name, c->m->ignore[i]);
	if (left_out(c->opt, f) || (f->size == 0 && (ignored || c->m->method == GH_OMS_SHARDS)))
		return;
	c->r->extra++;
	gh_verify_problem(c->r, ignored ? GH_VC_IGNORED : GH_VC_UNSIGNED, GH_VC_FAIL, gh_span_str(f->name),
			  ignored ? "the signer left it out, and it holds something" : "it is not signed");
}

static void compare(struct cmp *c)
{
	const struct gh_verify_options *o = c->opt;
	for (size_t i = 0; i < o->nknown; i++)
		if (find(c, o->known[i].name) || (o->nknown == 1 && find(c, ".")))
			signed_file(c, &o->known[i]);
		else
			unsigned_file(c, &o->known[i]);
	for (size_t i = 0; i < c->m->n; i++)
		if (!c->seen[i])
			gh_verify_problem(c->r, GH_VC_FILES, GH_VC_FAIL, c->sorted[i]->name, "it is missing");
	gh_vnote(&c->r->checks, GH_VC_FILES, GH_VC_PASS, "%llu files, %llu bytes", (unsigned long long)c->r->files,
		 (unsigned long long)c->r->bytes);
	gh_vnote(&c->r->checks, GH_VC_UNSIGNED, GH_VC_PASS, "%s", "");
	gh_vnote(&c->r->checks, GH_VC_IGNORED, GH_VC_PASS, "%s", "");
}

enum gh_rc gh_verify_compare_known(const struct gh_verify_options *opt, const struct gh_oms *m,
				   struct gh_verify_report *r, struct gh_err *err)
{
	struct cmp c = { .opt = opt, .m = m, .r = r };
	c.sorted = calloc(m->n + 1, sizeof(void *));
	c.seen = calloc(m->n + 1, sizeof *c.seen);
	enum gh_rc rc = c.sorted == NULL || c.seen == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for the list") : GH_OK;
	for (size_t i = 0; rc == GH_OK && i < m->n; i++)
		c.sorted[i] = &m->resource[i];
	if (rc == GH_OK) {
		qsort(c.sorted, m->n, sizeof *c.sorted, by_place);
		compare(&c);
	}
	free(c.sorted);
	free(c.seen);
	return rc;
}
