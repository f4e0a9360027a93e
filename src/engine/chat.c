#include "engine/chat.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

static const char default_template[] = "{% for m in messages %}### {{ m.role }}:\n{{ m.content }}\n\n{% endfor %}"
				       "{% if add_generation_prompt %}### assistant:\n{% endif %}";
enum { STEPS = 4000000, OUTPUT = 8 << 20, HELD = 65535, STAND_IN = 15 };

/* A stand-in is U+FDD0 and four digits U+FDD1 to U+FDE0, characters that are none and that no text holds ("noncharacters"). */
static bool nonchar(const uint8_t *p, size_t n)
{
	return n >= 3 && p[0] == 0xef && p[1] == 0xb7 && p[2] >= 0x90 && p[2] <= 0xaf;
}

struct guard {
	struct gh_arena *a;
	const struct gh_chat_template *t;
	struct gh_span *held; /* texts that stand-ins stand for */
	size_t n, cap;
	bool first[256]; /* bytes that some steering text begins with */
};

enum gh_rc gh_chat_parse(struct gh_arena *a, const char *text, struct gh_chat_template *t, struct gh_err *err)
{
	t->plain = text == NULL;
	struct gh_span s = gh_span_str(text == NULL ? default_template : text);
	if (s.n > GH_JJ_TEXT_MAX)
		return gh_fail(err, GH_E_LIMIT, "the chat template is larger than %d bytes", GH_JJ_TEXT_MAX);
	t->tree = gh_jj_parse(a, s, &gh_jj_chat);
	if (t->tree.root == NULL)
		return gh_fail(err, GH_E_MALFORMED, "the chat template cannot be understood: %s at byte %u",
			       t->tree.why, t->tree.off);
	return GH_OK;
}

/* Length of the longest steering text that s begins with; 0: none. The list is sorted: those with a common beginning stand together. */
static size_t steering_at(const struct gh_chat_template *t, struct gh_span s)
{
	size_t lo = 0, hi = t->nsteering, best = 0;
	for (size_t d = 0; lo < hi; d++) {
		if (t->steering[lo].n == d) { /* the shortest comes first */
			best = d;
			while (lo < hi && t->steering[lo].n == d)
				lo++;
		}
		if (d == s.n || lo == hi)
			break;
		size_t l = lo, h = hi; /* the first whose byte d is not less */
		while (l < h) {
			size_t m = l + (h - l) / 2;
			if (t->steering[m].p[d] < s.p[d])
				l = m + 1;
			else
				h = m;
		}
		size_t from = l;
		h = hi;
		while (l < h) { /* the first whose byte d is greater */
			size_t m = l + (h - l) / 2;
			if (t->steering[m].p[d] <= s.p[d])
				l = m + 1;
			else
				h = m;
		}
		lo = from;
		hi = l;
	}
	return best;
}

static bool hold(struct guard *g, struct gh_span text, struct gh_buf *out)
{
	if (g->n == HELD)
		return false;
	struct gh_span *p = gh_grow(g->a, g->held, &g->cap, g->n + 1, sizeof *p);
	if (p == NULL)
		return false;
	g->held = p;
	g->held[g->n] = text;
	gh_buf_str(out, "\xef\xb7\x90");
	for (unsigned shift = 16; shift > 0; shift -= 4) {
		uint8_t digit[3] = { 0xef, 0xb7, (uint8_t)(0x91 + ((g->n >> (shift - 4)) & 15)) };
		gh_buf_put(out, digit, sizeof digit);
	}
	g->n++;
	return true;
}

/* The text with stand-ins for what steers; the text itself when there is nothing. False: too many, or no memory. */
static bool guarded(struct guard *g, struct gh_span s, struct gh_jv *out)
{
	gh_auto_buf b = gh_buf(OUTPUT);
	size_t from = 0, i = 0;
	while (i < s.n) {
		struct gh_span rest = gh_span_cut(s, i, s.n);
		size_t n = g->first[rest.p[0]] ? steering_at(g->t, rest) : 0;
		bool odd = n == 0 && nonchar(rest.p, rest.n);
		if (n == 0 && !odd) {
			i++;
			continue;
		}
		gh_buf_span(&b, gh_span_cut(s, from, i - from));
		if (odd)
			gh_buf_str(&b, "\xef\xbf\xbd");
		else if (!hold(g, gh_span_cut(rest, 0, n), &b))
			return false;
		i += odd ? 3 : n;
		from = i;
	}
	*out = gh_jv_str(s);
	if (from == 0)
		return true;
	gh_buf_span(&b, gh_span_cut(s, from, s.n));
	struct gh_span kept = gh_keep(g->a, gh_buf_view(&b));
	*out = gh_jv_str(kept);
	return !b.full && kept.p != NULL;
}

static struct gh_jv number(struct gh_span s)
{
	const char *p = (const char *)s.p; /* followed by a NUL: jdom.h */
	if (strpbrk(p, ".eE") != NULL || s.n > 18)
		return gh_jv_float(strtod(p, NULL));
	return gh_jv_int(strtoll(p, NULL, 10));
}

static bool plain_value(struct guard *g, const struct gh_jval *v, struct gh_jv *out)
{
	switch (v->kind) {
	case GH_J_STRING: return guarded(g, v->text, out);
	case GH_J_NUMBER: *out = number(v->text); return true;
	case GH_J_TRUE:
	case GH_J_FALSE: *out = gh_jv_bool(v->kind == GH_J_TRUE); return true;
	case GH_J_ARRAY: *out = gh_jv_list(g->a); return out->list != NULL;
	case GH_J_OBJECT: *out = gh_jv_dict(g->a); return out->dict != NULL;
	default: *out = gh_jv_none(); return true;
	}
}

/* A JSON value as a value of templates. The tree is at most GH_JDOM_DEPTH deep. */
static bool value(struct guard *g, const struct gh_jval *v, struct gh_jv *out)
{
	struct {
		const struct gh_jval *next;
		struct gh_jv into;
	} up[GH_JDOM_DEPTH + 1];
	if (!plain_value(g, v, out))
		return false;
	size_t depth = 0;
	if (gh_jfirst(v) != NULL) {
		up[depth].next = v->first;
		up[depth++].into = *out;
	}
	while (depth > 0) {
		const struct gh_jval *m = up[depth - 1].next;
		if (m == NULL) {
			depth--;
			continue;
		}
		up[depth - 1].next = m->next;
		struct gh_jv one, key, into = up[depth - 1].into;
		bool ok = plain_value(g, m, &one);
		if (ok && into.kind == JV_DICT)
			ok = guarded(g, m->key, &key) && gh_jv_put(g->a, into.dict, key, one);
		else if (ok)
			ok = gh_jv_push(g->a, into.list, one);
		if (!ok)
			return false;
		if (gh_jfirst(m) != NULL && depth <= GH_JDOM_DEPTH) {
			up[depth].next = m->first;
			up[depth++].into = one;
		}
	}
	return true;
}

/* content may be a list of parts, each with a text: ask.h lets nothing else through. Templates expect one text. */
static bool joined(struct guard *g, const struct gh_jval *parts, struct gh_jv *out)
{
	gh_auto_buf b = gh_buf(OUTPUT);
	for (const struct gh_jval *p = gh_jfirst(parts); p != NULL; p = p->next) {
		const struct gh_jval *text = gh_jget(p, "text");
		if (text != NULL)
			gh_buf_span(&b, text->text);
	}
	struct gh_span s = gh_keep(g->a, gh_buf_view(&b));
	return !b.full && s.p != NULL && guarded(g, s, out);
}

static bool message(struct guard *g, const struct gh_jval *m, struct gh_jv *out)
{
	*out = gh_jv_dict(g->a);
	for (const struct gh_jval *f = gh_jfirst(m); f != NULL; f = f->next) {
		struct gh_jv v, key = gh_jv_str(f->key);
		bool ok;
		if (gh_span_is(f->key, "content") && f->kind == GH_J_ARRAY) {
			ok = joined(g, f, &v);
		} else if (gh_span_is(f->key, "role") && f->kind == GH_J_STRING && gh_span_is(f->text, "developer")) {
			v = gh_jv_str(GH_SPAN("system")); /* the newer word for it, which templates do not know */
			ok = true;
		} else {
			ok = value(g, f, &v);
		}
		if (!ok || out->dict == NULL || !gh_jv_put(g->a, out->dict, key, v))
			return false;
	}
	return out->dict != NULL;
}

static bool set(struct guard *g, struct gh_jv into, const char *key, struct gh_jv v)
{
	return gh_jv_put(g->a, into.dict, gh_jv_str(gh_span_str(key)), v);
}

static bool context(struct guard *g, const struct gh_jval *messages, const struct gh_jval *extra, struct gh_jv *out)
{
	struct gh_jv list = gh_jv_list(g->a);
	*out = gh_jv_dict(g->a);
	if (list.list == NULL || out->dict == NULL)
		return false;
	for (const struct gh_jval *f = gh_jfirst(extra); f != NULL; f = f->next) {
		struct gh_jv v;
		if (!value(g, f, &v) || !gh_jv_put(g->a, out->dict, gh_jv_str(f->key), v))
			return false;
	}
	for (const struct gh_jval *m = gh_jfirst(messages); m != NULL; m = m->next) {
		struct gh_jv v;
		if (!message(g, m, &v) || !gh_jv_push(g->a, list.list, v))
			return false;
	}
	return set(g, *out, "messages", list) && set(g, *out, "add_generation_prompt", gh_jv_bool(true)) &&
	       set(g, *out, "bos_token", gh_jv_str(gh_span_str(g->t->bos))) &&
	       set(g, *out, "eos_token", gh_jv_str(gh_span_str(g->t->eos)));
}

static bool piece(struct gh_arena *a, struct gh_chat_prompt *p, size_t *cap, struct gh_span text, bool plain)
{
	if (text.n == 0)
		return true;
	struct gh_chat_piece *all = gh_grow(a, p->piece, cap, p->n + 1, sizeof *all);
	if (all == NULL)
		return false;
	p->piece = all;
	p->piece[p->n++] = (struct gh_chat_piece){ text, plain };
	return true;
}

/* Number of the stand-in that s begins with; -1: it is none, or a template has cut it up. */
static int stand_in(struct gh_span s)
{
	if (s.n < STAND_IN || s.p[2] != 0x90)
		return -1;
	int v = 0;
	for (size_t i = 3; i < STAND_IN; i += 3) {
		if (!nonchar(s.p + i, 3) || s.p[i + 2] < 0x91 || s.p[i + 2] > 0xa0)
			return -1;
		v = v << 4 | (s.p[i + 2] - 0x91);
	}
	return v;
}

static bool divide(const struct guard *g, struct gh_span s, struct gh_chat_prompt *out)
{
	size_t cap = 0, from = 0, i = 0;
	while (i + 3 <= s.n) {
		if (!nonchar(s.p + i, s.n - i)) {
			i++;
			continue;
		}
		int k = stand_in(gh_span_cut(s, i, s.n));
		bool known = k >= 0 && (size_t)k < g->n;
		if (!piece(g->a, out, &cap, gh_span_cut(s, from, i - from), false) ||
		    !piece(g->a, out, &cap, known ? g->held[k] : GH_SPAN("\xef\xbf\xbd"), true))
			return false;
		i += known ? STAND_IN : 3;
		from = i;
	}
	return piece(g->a, out, &cap, gh_span_cut(s, from, s.n), false);
}

enum gh_rc gh_chat_render(struct gh_arena *a, const struct gh_chat_template *t, const struct gh_jval *messages,
			  const struct gh_jval *extra, struct gh_span now, struct gh_chat_prompt *out,
			  struct gh_err *err)
{
	struct guard g = { .a = a, .t = t };
	for (size_t i = 0; i < t->nsteering; i++)
		g.first[t->steering[i].p[0]] = true;
	struct gh_jv ctx;
	*out = (struct gh_chat_prompt){ 0 };
	if (!context(&g, messages, extra, &ctx))
		return gh_fail(err, GH_E_LIMIT, "the conversation is too long");
	struct gh_jj_run run = { .arena = a, .context = ctx.dict, .max_steps = STEPS, .max_out = OUTPUT, .now = now };
	if (!gh_jj_run(&run, t->tree.root))
		return gh_fail(err, run.limit ? GH_E_LIMIT : GH_E_MALFORMED,
			       "the model's chat template refuses this conversation: %s",
			       run.err == NULL ? "no reason given" : run.err);
	if (!divide(&g, run.out, out))
		return gh_fail(err, GH_E_LIMIT, "the conversation is too long");
	return GH_OK;
}
