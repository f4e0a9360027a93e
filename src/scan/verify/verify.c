#include "scan/verify/verify.h"

#include "crypto/mdstream.h"
#include "os/file.h"
#include "scan/child.h"
#include "scan/tool.h"
#include "scan/verify/compare.h"
#include "wire/b64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEMORY = 768 << 20, SECONDS = 60, ARENA = 512 << 20, RECORDS = GH_OMS_RESOURCES + GH_OMS_IGNORES + 4096 };

struct run {
	const struct gh_verify_options *opt;
	struct gh_verify_report *r;
	struct gh_oms model; /* as the worker sends it */
	size_t want, want_ignore;
};

/* ---- what the worker says ------------------------------------------------------------------------------------------ */

static const char *on_check(struct run *u, const struct gh_tool_record *rec)
{
	/* Files are compared here: the worker knows nothing of them. */
	if (rec->a[0] >= GH_VC_CHECKS || rec->a[0] == GH_VC_FILES || rec->a[0] == GH_VC_UNSIGNED ||
	    rec->a[0] == GH_VC_IGNORED || rec->a[1] >= GH_VC_OUTCOMES)
		return "an outcome of no check";
	gh_vnote(&u->r->checks, (enum gh_vcheck)rec->a[0], (enum gh_voutcome)rec->a[1], "%s",
		 gh_child_text(&u->r->arena, gh_span_cut(rec->text, 0, GH_VC_DETAIL)));
	return NULL;
}

static const char *on_text(struct run *u, const struct gh_tool_record *rec)
{
	if (rec->a[0] >= GH_VERIFY_TEXTS || u->r->text[rec->a[0]][0] != '\0')
		return "a text that was not asked for";
	u->r->text[rec->a[0]] = gh_child_text(&u->r->arena, rec->text);
	return NULL;
}

static const char *on_number(struct run *u, const struct gh_tool_record *rec)
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

static const char *on_model(struct run *u, const struct gh_tool_record *rec)
{
	struct gh_oms *m = &u->model;
	if (u->r->has_model || u->opt->model == NULL || rec->a[0] > GH_OMS_SHARDS ||
	    (rec->a[1] != GH_MD_SHA256 && rec->a[1] != GH_MD_BLAKE2B) || rec->a[4] > GH_OMS_IGNORES ||
	    rec->a[5] > GH_OMS_RESOURCES || (rec->a[0] == GH_OMS_SHARDS && rec->a[2] == 0))
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
static const char *keep_name(struct run *u, struct gh_span name, struct gh_span *out)
{
	*out = gh_keep(&u->r->arena, name);
	return out->p == NULL ? "a model that is too large" : NULL;
}

static const char *on_ignore(struct run *u, const struct gh_tool_record *rec)
{
	if (u->model.nignore >= u->want_ignore || rec->text.n > GH_OMS_NAME ||
	    memchr(rec->text.p, 0, rec->text.n) != NULL)
		return "more ignored paths than it said";
	return keep_name(u, rec->text, &u->model.ignore[u->model.nignore++]);
}

static const char *on_resource(struct run *u, const struct gh_tool_record *rec)
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

static const char *on_record(void *arg, const struct gh_tool_record *rec)
{
	static const char *(*const on[])(struct run *u, const struct gh_tool_record *rec) = {
		[GH_VERIFY_R_CHECK] = on_check, [GH_VERIFY_R_TEXT] = on_text,	  [GH_VERIFY_R_NUMBER] = on_number,
		[GH_VERIFY_R_MODEL] = on_model, [GH_VERIFY_R_IGNORE] = on_ignore, [GH_VERIFY_R_RESOURCE] = on_resource,
	};
	if (rec->kind == 0 || rec->kind >= sizeof on / sizeof on[0])
		return "a record of unknown kind";
	if (rec->text.p == NULL)
		return "a record without text";
	return on[rec->kind](arg, rec);
}

/* ---- the job ------------------------------------------------------------------------------------------------------- */

static enum gh_rc give(struct gh_tool_input *in, size_t *n, const char *path, const char *name, enum gh_verify_tag tag,
		       struct gh_err *err)
{
	struct stat st;
	if (path == NULL)
		return GH_OK;
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == EINVAL ? gh_fail(err, GH_E_IO, "%s is no regular file", name)
				       : gh_fail_sys(err, errno, "%s cannot be read", name);
	in[(*n)++] = (struct gh_tool_input){ .fd = fd, .name = name, .tag = tag };
	return GH_OK;
}

static enum gh_rc open_all(const struct gh_verify_options *o, struct gh_tool_input *in, size_t *n, struct gh_err *err)
{
	enum gh_rc rc = give(in, n, o->bundle, "the signature", GH_VERIFY_BUNDLE, err);
	rc = rc == GH_OK ? give(in, n, o->key, "the key (--key)", GH_VERIFY_KEY, err) : rc;
	rc = rc == GH_OK ? give(in, n, o->ca, "the certificates (--ca)", GH_VERIFY_CA, err) : rc;
	return rc == GH_OK ? give(in, n, o->root, "the trusted root (--trusted-root)", GH_VERIFY_ROOT, err) : rc;
}

static void put_string(struct gh_buf *b, const char *s)
{
	gh_buf_str(b, s == NULL ? "" : s);
	gh_buf_ch(b, '\0');
}

static enum gh_rc arguments(const struct gh_verify_options *o, struct gh_buf *b, struct gh_err *err)
{
	struct gh_verify_args a = { .now = o->now, .model = o->model != NULL, .has_artifact = o->artifact != NULL };
	uint64_t size = 0;
	if (o->artifact != NULL)
		GH_TRY(gh_mfile_all(o->artifact, a.artifact, &size, err), err, "the artifact");
	a.identity_n = (uint32_t)(o->identity == NULL ? 0 : strlen(o->identity));
	a.issuer_n = (uint32_t)(o->issuer == NULL ? 0 : strlen(o->issuer));
	gh_buf_put(b, &a, sizeof a);
	put_string(b, o->identity);
	put_string(b, o->issuer);
	return b->full ? gh_fail(err, GH_E_LIMIT, "identity or issuer are too long") : GH_OK;
}

static enum gh_rc ask_worker(struct run *u, struct gh_err *err)
{
	struct gh_tool_input in[GH_VERIFY_TAGS];
	size_t n = 0;
	gh_auto_buf args = gh_buf(16 << 10);
	enum gh_rc rc = arguments(u->opt, &args, err);
	rc = rc == GH_OK ? open_all(u->opt, in, &n, err) : rc;
	const struct gh_tool_job job = { .mode = "verify",
					 .worker = u->opt->worker,
					 .input = in,
					 .ninput = n,
					 .output = -1,
					 .args = gh_buf_view(&args),
					 .memory = u->opt->memory != 0 ? u->opt->memory : MEMORY,
					 .seconds = u->opt->seconds != 0 ? u->opt->seconds : SECONDS,
					 .records = RECORDS,
					 .on_record = on_record,
					 .arg = u };
	rc = rc == GH_OK ? gh_tool_run(&job, err) : rc;
	for (size_t i = 0; i < n; i++)
		(void)close(in[i].fd);
	return rc;
}

static enum gh_vmode mode_of(const struct gh_verify_options *o)
{
	if (o->key != NULL)
		return o->root != NULL ? GH_VM_KEY_ROOT : GH_VM_KEY;
	return o->root != NULL ? GH_VM_ROOT : GH_VM_CA;
}

/* The list that came has to be whole before files are held against it. */
static enum gh_rc check_model(struct run *u, struct gh_err *err)
{
	uint8_t root[32];
	if (!u->r->has_model || u->opt->model == NULL)
		return GH_OK;
	if (u->model.n != u->want || u->model.nignore != u->want_ignore || !gh_oms_root(&u->model, root))
		return gh_fail(err, GH_E_BUG, "the worker sent fewer resources than it said");
	gh_b16(u->r->root, (struct gh_span){ root, sizeof root });
	u->r->method = u->model.method;
	u->r->md = u->model.md;
	u->r->shard_size = u->model.shard_size;
	return gh_verify_compare(u->opt, &u->model, u->r, err);
}

static bool logged(const struct gh_vchecks *c)
{
	return c->v[GH_VC_PROMISE].outcome == GH_VC_PASS ||
	       (c->v[GH_VC_INCLUSION].outcome == GH_VC_PASS && c->v[GH_VC_CHECKPOINT].outcome == GH_VC_PASS);
}

enum gh_verify_verdict gh_verify_verdict(const struct gh_vchecks *c, enum gh_vmode mode, bool model, bool artifact)
{
	bool unknown = false;
	if (gh_vfailed(c))
		return GH_VERIFY_INVALID;
	for (unsigned i = 0; i < GH_VC_CHECKS; i++)
		unknown = unknown || c->v[i].outcome == GH_VC_UNKNOWN ||
			  (gh_vrequired(mode, model, artifact, (enum gh_vcheck)i) && c->v[i].outcome != GH_VC_PASS);
	if ((mode == GH_VM_ROOT || mode == GH_VM_KEY_ROOT) && !logged(c))
		unknown = true;
	return unknown ? GH_VERIFY_UNKNOWN : GH_VERIFY_VALID;
}

/* The first reason against VALID. */
static const char *reason(struct gh_verify_report *r, bool model, bool artifact)
{
	char line[300];
	for (unsigned pass = 0; pass < 3; pass++)
		for (unsigned i = 0; i < GH_VC_CHECKS; i++) {
			enum gh_voutcome o = r->checks.v[i].outcome;
			bool it = pass == 0   ? o == GH_VC_FAIL
				  : pass == 1 ? o == GH_VC_UNKNOWN
					      : o != GH_VC_PASS &&
							gh_vrequired(r->mode, model, artifact, (enum gh_vcheck)i);
			if (!it)
				continue;
			(void)snprintf(line, sizeof line, "%s: %s", gh_vcheck_name((enum gh_vcheck)i),
				       r->checks.v[i].detail[0] != '\0' ? r->checks.v[i].detail
									: "could not be checked");
			struct gh_span kept = gh_keep(&r->arena, gh_span_str(line));
			return kept.p == NULL ? "" : (const char *)kept.p;
		}
	return "the entry's place in the log was not shown";
}

enum gh_rc gh_verify_run(const struct gh_verify_options *opt, struct gh_verify_report *out, struct gh_err *err)
{
	struct run u = { .opt = opt, .r = out };
	memset(out, 0, sizeof *out);
	out->arena.max = ARENA;
	out->mode = mode_of(opt);
	out->verdict = GH_VERIFY_UNKNOWN;
	out->why = out->name = "";
	for (unsigned i = 0; i < GH_VERIFY_TEXTS; i++)
		out->text[i] = "";
	enum gh_rc rc = ask_worker(&u, err);
	rc = rc == GH_OK ? check_model(&u, err) : rc;
	if (rc != GH_OK)
		return rc;
	bool model = opt->model != NULL, artifact = opt->artifact != NULL;
	out->verdict = gh_verify_verdict(&out->checks, out->mode, model, artifact);
	if (out->verdict != GH_VERIFY_VALID)
		out->why = reason(out, model, artifact);
	return GH_OK;
}

void gh_verify_free(struct gh_verify_report *r) { gh_arena_free(&r->arena); }
