/* Mode "badge", inside the worker. */
#include "crypto/badge.h"
#include "scan/badge_side.h"
#include "scan/tool_side.h"

#include <stdio.h>
#include <string.h>

static enum gh_rc whole(struct gh_tool *t, size_t i, struct gh_span *out, struct gh_err *err)
{
	if (t->file[i].size > GH_BADGE_FILE_MAX)
		return gh_fail(err, GH_E_LIMIT, "'%.80s' is larger than %d MiB", t->file[i].name,
			       GH_BADGE_FILE_MAX >> 20);
	size_t n = (size_t)t->file[i].size;
	uint8_t *p = gh_alloc(&t->arena, n + 1, 1);
	struct gh_src_fd s;
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	GH_TRY(gh_tool_open(t, i, &s, err), err, "input %zu", i + 1);
	size_t at = 0;
	while (at < n) {
		struct gh_span w = gh_src_window(&s.src, at, n - at);
		if (w.n == 0)
			break;
		memcpy(p + at, w.p, w.n);
		at += w.n;
	}
	gh_src_fd_close(&s);
	*out = (struct gh_span){ p, at };
	return at == n ? GH_OK : gh_fail(err, GH_E_IO, "'%.80s' cannot be read", t->file[i].name);
}

static void claim(struct gh_tool *t, const char *name, struct gh_span value)
{
	char text[1024];
	size_t k = strlen(name) + 1;
	if (value.n == 0)
		return;
	if (value.n > sizeof text - k)
		value.n = sizeof text - k;
	memcpy(text, name, k);
	memcpy(text + k, value.p, value.n);
	gh_tool_say(t, GH_BADGE_SAY_CLAIM, NULL, 0, (struct gh_span){ (const uint8_t *)text, k + value.n });
}

static void say(struct gh_tool *t, const struct gh_badge_result *r)
{
	char name[200];
	for (unsigned i = 0; i < GH_BC_CHECKS; i++)
		gh_tool_say(t, GH_BADGE_SAY_CHECK, (const uint64_t[]){ i, r->check[i].outcome }, 2,
			    gh_span_str(r->check[i].detail));
	claim(t, "model", r->model);
	claim(t, "root", r->root);
	claim(t, "manifest", r->manifest);
	claim(t, "badge", r->id);
	claim(t, "issued", r->issued);
	claim(t, "expires", r->expires);
	claim(t, "verifier", r->verifier);
	claim(t, "key", gh_span_str(r->key_id));
	claim(t, "status_issued", r->status_issued);
	(void)snprintf(name, sizeof name, "%llu", (unsigned long long)r->status_number);
	claim(t, "status_number", r->status_number > 0 ? gh_span_str(name) : (struct gh_span){ 0 });
	claim(t, "revoked", r->revoked_reason);
	for (size_t i = 0; i < r->nproperty; i++) {
		size_t n = r->property[i].name.n < sizeof name - 1 ? r->property[i].name.n : sizeof name - 1;
		memcpy(name, r->property[i].name.p, n);
		name[n] = '\0';
		claim(t, name, r->property[i].value.n > 0 ? r->property[i].value : GH_SPAN("yes"));
	}
	gh_tool_say(t, GH_BADGE_SAY_LOG, (const uint64_t[]){ r->log_index, r->log_size }, 2, (struct gh_span){ 0 });
}

enum gh_rc gh_badge_main(struct gh_tool *t, struct gh_err *err)
{
	struct gh_badge_question q = { 0 };
	struct gh_badge_args args;
	char root[65];
	if (t->args.n != sizeof args)
		return gh_fail(err, GH_E_BUG, "arguments of the wrong length");
	memcpy(&args, t->args.p, sizeof args);
	for (size_t i = 0; i < t->nfile; i++) {
		struct gh_span *to = t->file[i].tag == GH_BADGE_TAG_FILE   ? &q.file
				     : t->file[i].tag == GH_BADGE_TAG_KEYS ? &q.keys
									   : &q.status;
		GH_TRY(whole(t, i, to, err), err, "the badge");
		q.status_given = q.status_given || t->file[i].tag == GH_BADGE_TAG_STATUS;
	}
	memcpy(root, args.root, 64);
	root[64] = '\0';
	q.at = args.at;
	q.status_min = args.status_min;
	q.root = args.has_root == 1 ? root : NULL;
	struct gh_badge_result *r = GH_NEW(&t->arena, struct gh_badge_result, 1);
	if (r == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	gh_badge_verify(&q, &t->arena, r);
	say(t, r);
	return GH_OK;
}
