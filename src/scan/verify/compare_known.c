/* The files of a model that lies in a catalog, by the digests that were taken when it was imported: no byte is read again. */
#include "scan/verify/compare.h"
#include "scan/verify/oms_list.h"
#include "wire/b64.h"

#include <string.h>

struct cmp {
	const struct gh_verify_options *opt;
	const struct gh_oms *m;
	struct gh_verify_report *r;
	struct gh_omslist list;
};

/* What the specification leaves out unless it was signed: version control at the top, and the signature itself. */
static bool left_out(const struct gh_verify_options *opt, const struct gh_verify_file *f)
{
	if (gh_mfiles_is_default(f->name))
		return true;
	return opt->own != NULL && strcmp(opt->own, f->sha256) == 0;
}

static void signed_file(struct cmp *c, const struct gh_verify_file *f)
{
	uint8_t digest[32];
	const struct gh_oms_resource *one = c->list.sorted[c->list.first];
	bool whole = c->m->method == GH_OMS_FILES || (one->start == 0 && one->end == f->size);
	gh_omslist_see(&c->list);
	c->r->files++;
	c->r->bytes += f->size;
	c->r->parts += c->list.n;
	if (c->m->md != GH_MD_SHA256)
		gh_verify_problem(c->r, GH_VC_FILES, GH_VC_UNKNOWN, gh_span_str(f->name),
				  "its signed digest is no SHA-256: verify the files themselves");
	else if (c->m->method == GH_OMS_SHARDS && c->list.n > 1 &&
		 c->list.sorted[c->list.first + c->list.n - 1]->end == f->size)
		gh_verify_problem(c->r, GH_VC_FILES, GH_VC_UNKNOWN, gh_span_str(f->name),
				  "it was signed in several shards: verify the files themselves");
	else if (c->list.n != 1 || !whole || !gh_b16_take(gh_span_str(f->sha256), digest, sizeof digest) ||
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
		if (gh_omslist_find(&c->list, o->known[i].name) || (o->nknown == 1 && gh_omslist_find(&c->list, ".")))
			signed_file(c, &o->known[i]);
		else
			unsigned_file(c, &o->known[i]);
	for (size_t i = 0; i < c->m->n; i++)
		if (!c->list.seen[i])
			gh_verify_problem(c->r, GH_VC_FILES, GH_VC_FAIL, c->list.sorted[i]->name, "it is missing");
	gh_vnote(&c->r->checks, GH_VC_FILES, GH_VC_PASS, "%llu files, %llu bytes", (unsigned long long)c->r->files,
		 (unsigned long long)c->r->bytes);
	gh_vnote(&c->r->checks, GH_VC_UNSIGNED, GH_VC_PASS, "%s", "");
	gh_vnote(&c->r->checks, GH_VC_IGNORED, GH_VC_PASS, "%s", "");
}

enum gh_rc gh_verify_compare_known(const struct gh_verify_options *opt, const struct gh_oms *m,
				   struct gh_verify_report *r, struct gh_err *err)
{
	struct cmp c = { .opt = opt, .m = m, .r = r };
	enum gh_rc rc = gh_omslist_open(&c.list, m, err);
	if (rc == GH_OK)
		compare(&c);
	gh_omslist_free(&c.list);
	return rc;
}
