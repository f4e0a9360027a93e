#include "format/json_text.h"

#include "format/encoded.h"
#include "format/signs.h"

void gh_json_name_set(struct gh_json_name *k, struct gh_span s)
{
	k->n = s.n < sizeof k->p ? s.n : sizeof k->p;
	if (k->n != 0)
		memcpy(k->p, s.p, k->n);
	if (k->n < s.n) /* cut between characters */
		while (k->n > 0 && (s.p[k->n] & 0xc0) == 0x80)
			k->n--;
}

/* A string that did not fit: its pieces once more, from a reader of their own. */
static struct gh_json_src *reopen(struct gh_json_src *x, struct gh_walk *w)
{
	struct gh_json_src *again = GH_NEW(w->arena, struct gh_json_src, 1);
	if (again == NULL)
		return NULL;
	gh_json_src(again, x->src, x->j.off, x->end, NULL);
	again->keep_behind = true;
	again->j.lenient = x->j.lenient;
	gh_json_string_open(&again->j);
	return again;
}

static enum gh_rc long_member(struct gh_json_texts *t, struct gh_json_src *x, struct gh_span key)
{
	const struct gh_sink_ops *ops = t->w->sink->ops;
	struct gh_json_src *again = reopen(x, t->w);
	struct gh_spool *sp = again == NULL ? NULL : ops->spool_open(t->w->sink, x->j.len);
	if (sp == NULL)
		return GH_E_LIMIT;
	enum gh_rc rc = GH_OK;
	for (struct gh_span s; rc == GH_OK && gh_json_string_piece(&again->j, &s);)
		rc = ops->spool_put(sp, s);
	struct gh_member m = { .how = GH_MEMBER_NESTED, .name = key, .role = t->role, .src = ops->spool_src(sp) };
	if (m.src != NULL) {
		enum gh_rc sent = gh_emit(t->w, GH_EV_MEMBER, x->j.off, x->j.len, &m);
		rc = rc == GH_OK ? sent : rc;
	}
	ops->spool_close(sp);
	return rc;
}

static enum gh_rc encoded(struct gh_json_texts *t, struct gh_json_src *x, struct gh_span key, bool *code)
{
	struct gh_encoded e;
	gh_encoded_open(&e, t->w, key, x->j.off, x->j.len, &t->members_left);
	if (x->j.text.n == x->j.full) {
		gh_encoded_put(&e, x->j.text);
	} else {
		struct gh_json_src *again = reopen(x, t->w);
		if (again == NULL)
			return GH_E_LIMIT;
		for (struct gh_span s; gh_json_string_piece(&again->j, &s);)
			gh_encoded_put(&e, s);
	}
	enum gh_rc rc = gh_encoded_close(&e);
	*code = e.code;
	return rc;
}

enum gh_rc gh_json_text(struct gh_json_texts *t, struct gh_json_src *x, struct gh_span key, unsigned what)
{
	struct gh_span text = x->j.text;
	enum gh_rc rc = GH_OK;
	unsigned signs = 0;
	if ((what & GH_JT_SIGNS) != 0 && t->signs_left > 0)
		signs = gh_signs_report(t->w, t->rules, t->first_sign, key, text, x->j.off, x->j.len);
	if ((what & GH_JT_ENCODED) != 0 && x->j.full >= GH_ENCODED_LEAST) {
		bool code = false;
		rc = encoded(t, x, key, &code);
		if (code && t->signs_left > 0 && (signs & 1u << GH_SIGN_ENCODED) == 0) {
			gh_anomaly(t->w, &t->rules[t->first_sign + GH_SIGN_ENCODED], x->j.off, x->j.len,
				   "in \"%s\": program text in base64 or hex", gh_safe(key).s);
			signs |= 1u << GH_SIGN_ENCODED;
		}
	}
	t->signs_left -= signs != 0;
	if (rc != GH_OK || (what & GH_JT_EMIT) == 0 || t->texts_left == 0)
		return rc;
	t->texts_left--;
	if (x->j.full > text.n)
		return long_member(t, x, key);
	struct gh_text ev = { .role = t->role, .key = key, .text = text };
	return gh_emit(t->w, GH_EV_TEXT, x->j.off, x->j.len, &ev);
}
