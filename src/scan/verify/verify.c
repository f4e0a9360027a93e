#include "scan/verify/verify.h"

#include "os/file.h"
#include "scan/tool.h"
#include "scan/verify/files.h"
#include "scan/verify/hear.h"
#include "wire/b64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEMORY = 768 << 20, SECONDS = 60, ARENA = 512 << 20, RECORDS = GH_OMS_RESOURCES + GH_OMS_IGNORES + 4096 };

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

static bool about_model(const struct gh_verify_options *o) { return o->model != NULL || o->known != NULL; }
static bool about_artifact(const struct gh_verify_options *o) { return o->artifact != NULL || o->digest != NULL; }

static void put_string(struct gh_buf *b, const char *s)
{
	gh_buf_str(b, s == NULL ? "" : s);
	gh_buf_ch(b, '\0');
}

static enum gh_rc arguments(const struct gh_verify_options *o, struct gh_buf *b, struct gh_err *err)
{
	struct gh_verify_args a = { .now = o->now, .model = about_model(o), .has_artifact = about_artifact(o) };
	uint64_t size = 0;
	if (o->artifact != NULL)
		GH_TRY(gh_mfile_all(o->artifact, a.artifact, &size, err), err, "the artifact");
	if (o->digest != NULL && !gh_b16_take(gh_span_str(o->digest), a.artifact[GH_MD_SHA256], 32))
		return gh_fail(err, GH_E_BUG, "the digest is no SHA-256");
	a.identity_n = (uint32_t)(o->identity == NULL ? 0 : strlen(o->identity));
	a.issuer_n = (uint32_t)(o->issuer == NULL ? 0 : strlen(o->issuer));
	gh_buf_put(b, &a, sizeof a);
	put_string(b, o->identity);
	put_string(b, o->issuer);
	return b->full ? gh_fail(err, GH_E_LIMIT, "identity or issuer are too long") : GH_OK;
}

static enum gh_rc ask_worker(struct gh_verify_hear *u, struct gh_err *err)
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
					 .on_record = gh_verify_on_record,
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
	struct gh_verify_hear u = { .opt = opt, .r = out };
	memset(out, 0, sizeof *out);
	out->arena.max = ARENA;
	out->mode = mode_of(opt);
	out->verdict = GH_VERIFY_UNKNOWN;
	out->why = out->name = "";
	for (unsigned i = 0; i < GH_VERIFY_TEXTS; i++)
		out->text[i] = "";
	enum gh_rc rc = ask_worker(&u, err);
	rc = rc == GH_OK ? gh_verify_heard(&u, err) : rc;
	if (rc != GH_OK)
		return rc;
	bool model = about_model(opt), artifact = about_artifact(opt);
	out->verdict = gh_verify_verdict(&out->checks, out->mode, model, artifact);
	if (out->verdict != GH_VERIFY_VALID)
		out->why = reason(out, model, artifact);
	return GH_OK;
}

void gh_verify_free(struct gh_verify_report *r) { gh_arena_free(&r->arena); }
