#include "scan/verify/compare.h"
#include "scan/verify/oms_list.h"

#include "scan/child.h"

#include <stdio.h>

struct cmp {
	const struct gh_verify_options *opt;
	const struct gh_oms *m;
	struct gh_verify_report *r;
	struct gh_mfiles files;
	struct gh_omslist list; /* its `first` and `n`: of the file in hand */
	uint64_t all;		/* bytes to be read */
	size_t at;		/* the next resource of the file in hand */
	bool same;
	uint64_t before; /* bytes of the files read so far */
};

void gh_verify_problem(struct gh_verify_report *r, enum gh_vcheck check, enum gh_voutcome o, struct gh_span file,
		       const char *why)
{
	const char *safe = gh_child_text(&r->arena, file);
	gh_vnote(&r->checks, check, o, "%.120s: %.70s", safe, why);
	if (r->problems < GH_VERIFY_PROBLEMS) {
		r->problem[r->problems].check = check;
		r->problem[r->problems].file = safe;
		r->problem[r->problems].why = gh_child_text(&r->arena, gh_span_str(why));
	}
	r->problems++;
}

static enum gh_rc on_part(void *arg, const struct gh_mpart *p)
{
	struct cmp *c = arg;
	const struct gh_oms_resource *want = c->at < c->list.n ? c->list.sorted[c->list.first + c->at] : NULL;
	bool place = want != NULL && (c->m->method == GH_OMS_FILES || (want->start == p->start && want->end == p->end));
	c->same = c->same && place && memcmp(want->digest, p->digest, gh_md_size(c->m->md)) == 0;
	c->at++;
	c->r->parts++;
	return GH_OK;
}

static void on_tick(void *arg, uint64_t bytes)
{
	struct cmp *c = arg;
	if (c->opt->progress != NULL)
		c->opt->progress(c->opt->arg, c->before + bytes, c->all);
}

static void signed_file(struct cmp *c, const struct gh_mfile *f)
{
	struct gh_err err = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	c->at = 0;
	c->same = true;
	gh_omslist_see(&c->list);
	enum gh_rc rc = gh_mfile_digest(&c->files, f, c->m->md, c->m->method == GH_OMS_SHARDS ? c->m->shard_size : 0,
					on_part, on_tick, c, &err);
	c->before += f->size;
	c->r->bytes += f->size;
	c->r->files++;
	if (rc != GH_OK)
		gh_verify_problem(c->r, GH_VC_FILES, rc == GH_E_DENIED ? GH_VC_FAIL : GH_VC_UNKNOWN,
				  gh_span_str(f->name), gh_err_line(&err, why, sizeof why));
	else if (!c->same || c->at != c->list.n)
		gh_verify_problem(c->r, GH_VC_FILES, GH_VC_FAIL, gh_span_str(f->name), "it is not what was signed");
}

static bool signer_ignores(const struct cmp *c, const char *name)
{
	for (size_t i = 0; i < c->m->nignore; i++)
		if (gh_mfiles_below(name, c->m->ignore[i]))
			return true;
	return false;
}

/* A file that the list does not have. What the signer chose to leave out is his choice, not the verifier's: it must hold
 * nothing. With shards, empty files stand in no list. */
static void unsigned_file(struct cmp *c, const struct gh_mfile *f)
{
	char why[100];
	bool ignored = signer_ignores(c, f->name), fine = c->opt->allow_unsigned;
	if (f->size == 0 && (ignored || c->m->method == GH_OMS_SHARDS))
		return;
	c->r->extra++;
	(void)snprintf(why, sizeof why,
		       ignored ? "the signer left it out, and it holds %llu bytes" : "it is not signed",
		       (unsigned long long)f->size);
	gh_verify_problem(c->r, ignored ? GH_VC_IGNORED : GH_VC_UNSIGNED, fine ? GH_VC_SKIPPED : GH_VC_FAIL,
			  gh_span_str(f->name), why);
}

/* What is no plain file. When it was signed it is a difference; else it is something that is not signed. */
static void odd_entry(struct cmp *c, const struct gh_mfile *f)
{
	bool is_signed = gh_omslist_find(&c->list, f->name);
	const char *why = f->state == GH_M_SPECIAL	? "it is neither a file nor a directory"
			  : f->state == GH_M_UNREADABLE ? strerror(f->sys)
							: f->why;
	gh_omslist_see(&c->list);
	if (f->state == GH_M_UNREADABLE) {
		gh_verify_problem(c->r, is_signed ? GH_VC_FILES : GH_VC_UNSIGNED, GH_VC_UNKNOWN, gh_span_str(f->name),
				  why);
		return;
	}
	c->r->extra += !is_signed;
	gh_verify_problem(c->r, is_signed ? GH_VC_FILES : GH_VC_UNSIGNED,
			  !is_signed && c->opt->allow_unsigned ? GH_VC_SKIPPED : GH_VC_FAIL, gh_span_str(f->name), why);
}

static void one_entry(struct cmp *c, const struct gh_mfile *f)
{
	switch (f->state) {
	case GH_M_CHOSEN: break;
	case GH_M_FILE:
	case GH_M_DEFAULT: /* left out unless it was signed */
		if (gh_omslist_find(&c->list, f->name) && (f->state == GH_M_FILE || !f->link))
			signed_file(c, f);
		else if (f->state == GH_M_FILE)
			unsigned_file(c, f);
		break;
	case GH_M_LINK:
	case GH_M_SPECIAL:
	case GH_M_BAD_NAME:
	case GH_M_UNREADABLE: odd_entry(c, f); break;
	}
}

/* What was signed and is not there; once for each file. Files that the caller left out are not asked for. */
static void missing(struct cmp *c)
{
	for (size_t i = 0; i < c->m->n; i++) {
		const char *name = (const char *)c->list.sorted[i]->name.p;
		bool chosen = false;
		for (size_t k = 0; k < c->opt->nignore; k++)
			chosen = chosen || gh_mfiles_below(name, gh_span_str(c->opt->ignore[k]));
		if (c->list.seen[i] || chosen ||
		    (i > 0 && strcmp(name, (const char *)c->list.sorted[i - 1]->name.p) == 0))
			continue;
		gh_verify_problem(c->r, GH_VC_FILES, GH_VC_FAIL, gh_span_str(name),
				  strcmp(name, ".") == 0 ? "the signature is for a single file: give that file"
							 : "it is missing");
	}
}

/* A model that is one file is called "." by most signers, and by its name by the specification. */
static void name_alone(struct cmp *c)
{
	if (c->files.alone && c->files.n == 1 && !gh_omslist_find(&c->list, ".") &&
	    gh_omslist_find(&c->list, c->files.base))
		c->files.v[0].name = c->files.base;
}

static enum gh_rc compare(struct cmp *c, struct gh_err *err)
{
	const struct gh_mopt opt = { .allow_links = c->m->allow_symlinks,
				     .ignore = c->opt->ignore,
				     .nignore = c->opt->nignore,
				     .signature = c->opt->bundle };
	GH_TRY(gh_mfiles_list(c->opt->model, &opt, &c->files, err), err, "the model");
	name_alone(c);
	for (size_t i = 0; i < c->files.n; i++)
		c->all += c->files.v[i].state == GH_M_FILE ? c->files.v[i].size : 0;
	for (size_t i = 0; i < c->files.n; i++)
		one_entry(c, &c->files.v[i]);
	missing(c);
	gh_vnote(&c->r->checks, GH_VC_FILES, GH_VC_PASS, "%llu files, %llu bytes", (unsigned long long)c->r->files,
		 (unsigned long long)c->r->bytes);
	if (c->opt->allow_unsigned)
		gh_vnote(&c->r->checks, GH_VC_UNSIGNED, GH_VC_PASS, "%llu, and that is allowed",
			 (unsigned long long)c->r->extra);
	else
		gh_vnote(&c->r->checks, GH_VC_UNSIGNED, GH_VC_PASS, "%s", "");
	gh_vnote(&c->r->checks, GH_VC_IGNORED, GH_VC_PASS, "%s", "");
	return GH_OK;
}

enum gh_rc gh_verify_compare(const struct gh_verify_options *opt, const struct gh_oms *m, struct gh_verify_report *r,
			     struct gh_err *err)
{
	struct cmp c = { .opt = opt, .m = m, .r = r, .files = { .dir = -1 } };
	enum gh_rc rc = gh_omslist_open(&c.list, m, err);
	if (rc == GH_OK)
		rc = compare(&c, err);
	gh_mfiles_free(&c.files);
	gh_omslist_free(&c.list);
	return rc;
}
