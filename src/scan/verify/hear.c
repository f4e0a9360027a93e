#include "scan/verify/hear.h"

#include "scan/child.h"
#include "scan/verify/compare.h"
#include "wire/b64.h"

static const char *on_check(struct gh_verify_hear *u, const struct gh_tool_record *rec)
{
	/* Files are compared here: the worker knows nothing of them. */
	if (rec->a[0] >= GH_VC_CHECKS || rec->a[0] == GH_VC_FILES || rec->a[0] == GH_VC_UNSIGNED ||
	    rec->a[0] == GH_VC_IGNORED || rec->a[1] >= GH_VC_OUTCOMES)
		return "an outcome of no check";
	gh_vnote(&u->r->checks, (enum gh_vcheck)rec->a[0], (enum gh_voutcome)rec->a[1], "%s",
		 gh_child_text(&u->r->arena, gh_span_cut(rec->text, 0, GH_VC_DETAIL)));
	return NULL;
}

static const char *on_text(struct gh_verify_hear *u, const struct gh_tool_record *rec)
{
	if (rec->a[0] >= GH_VERIFY_TEXTS || u->r->text[rec->a[0]][0] != '\0')
		return "a text that was not asked for";
	u->r->text[rec->a[0]] = gh_child_text(&u->r->arena, rec->text);
	return NULL;
}

static const char *on_number(struct gh_verify_hear *u, const struct gh_tool_record *rec)
{
	if (rec->a[0] == GH_VERIFY_N_TIME && u->r->ntimes < GH_VERIFY_TIMES && rec->a[1] <= INT64_MAX)
		u->r->time[u->r->ntimes++] = (int64_t)rec->a[1];
	else if (rec->a[0] == GH_VERIFY_N_LOG_INDEX && !u->r->has_log_index) {
		u->r->log_index = rec->a[1];
		u->r->has_log_index = true;
	} else
		return "a number that was not asked for";
	return NULL;
}

static const char *on_model(struct gh_verify_hear *u, const struct gh_tool_record *rec)
{
	struct gh_oms *m = &u->model;
	if (u->r->has_model || (u->opt->model == NULL && u->opt->known == NULL) || rec->a[0] > GH_OMS_SHARDS ||
	    (rec->a[1] != GH_MD_SHA256 && rec->a[1] != GH_MD_BLAKE2B && rec->a[1] != GH_MD_BLAKE3) ||
	    rec->a[4] > GH_OMS_IGNORES || rec->a[5] > GH_OMS_RESOURCES ||
	    (rec->a[0] == GH_OMS_SHARDS && rec->a[2] == 0))
		return "a model that cannot be";
	*m = (struct gh_oms){ .method = (enum gh_oms_method)rec->a[0],
			      .md = (enum gh_md)rec->a[1],
			      .shard_size = rec->a[2],
			      .allow_symlinks = rec->a[3] != 0 };
	u->want_ignore = (size_t)rec->a[4];
	u->want = (size_t)rec->a[5];
	m->ignore = GH_NEW(&u->r->arena, struct gh_span, u->want_ignore + 1);
	m->resource = GH_NEW(&u->r->arena, struct gh_oms_resource, u->want + 1);
	if (m->ignore == NULL || m->resource == NULL)
		return "a model that is too large";
	u->r->name = gh_child_text(&u->r->arena, rec->text);
	u->r->has_model = true;
	return NULL;
}

/* A name becomes part of a path: it is checked here too. */
static const char *keep_name(struct gh_verify_hear *u, struct gh_span name, struct gh_span *out)
{
	*out = gh_keep(&u->r->arena, name);
	return out->p == NULL ? "a model that is too large" : NULL;
}

static const char *on_ignore(struct gh_verify_hear *u, const struct gh_tool_record *rec)
{
	if (u->model.nignore >= u->want_ignore || rec->text.n > GH_OMS_NAME ||
	    memchr(rec->text.p, 0, rec->text.n) != NULL)
		return "more ignored paths than it said";
	return keep_name(u, rec->text, &u->model.ignore[u->model.nignore++]);
}

static const char *on_resource(struct gh_verify_hear *u, const struct gh_tool_record *rec)
{
	size_t d = gh_md_size(u->model.md);
	struct gh_span name = gh_span_cut(rec->text, d, rec->text.n);
	if (u->model.n >= u->want || rec->text.n <= d ||
	    (u->model.method == GH_OMS_SHARDS ? rec->a[1] <= rec->a[0] : rec->a[0] != 0 || rec->a[1] != 0))
		return "more resources than it said, or one that is none";
	if (!gh_span_is(name, ".") && gh_oms_name_wrong(name) != NULL)
		return "a name that leads out of the model";
	struct gh_oms_resource *r = &u->model.resource[u->model.n++];
	r->start = rec->a[0];
	r->end = rec->a[1];
	memcpy(r->digest, rec->text.p, d);
	return keep_name(u, name, &r->name);
}

const char *gh_verify_on_record(void *arg, const struct gh_tool_record *rec)
{
	static const char *(*const on[])(struct gh_verify_hear *u, const struct gh_tool_record *rec) = {
		[GH_VERIFY_R_CHECK] = on_check, [GH_VERIFY_R_TEXT] = on_text,	  [GH_VERIFY_R_NUMBER] = on_number,
		[GH_VERIFY_R_MODEL] = on_model, [GH_VERIFY_R_IGNORE] = on_ignore, [GH_VERIFY_R_RESOURCE] = on_resource,
	};
	if (rec->kind == 0 || rec->kind >= sizeof on / sizeof on[0])
		return "a record of unknown kind";
	if (rec->text.p == NULL)
		return "a record without text";
	return on[rec->kind](arg, rec);
}

enum gh_rc gh_verify_heard(struct gh_verify_hear *u, struct gh_err *err)
{
	uint8_t root[32];
	if (!u->r->has_model)
		return GH_OK;
	if (u->model.n != u->want || u->model.nignore != u->want_ignore || !gh_oms_root(&u->model, root))
		return gh_fail(err, GH_E_BUG, "the worker sent fewer resources than it said");
	gh_b16(u->r->root, (struct gh_span){ root, sizeof root });
	u->r->method = u->model.method;
	u->r->md = u->model.md;
	u->r->shard_size = u->model.shard_size;
	return u->opt->known != NULL ? gh_verify_compare_known(u->opt, &u->model, u->r, err)
				     : gh_verify_compare(u->opt, &u->model, u->r, err);
}
