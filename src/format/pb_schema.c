#include "format/pb_schema.h"

#include "base/utf8.h"
#include "format/encoded.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	SAY = 16,	  /* findings of one row */
	TEXTS = 1 << 20,  /* text events */
	MEMBERS = 64,	  /* nested members */
	NAME_LOOK = 4096, /* bytes of a name that are looked at at a time */
	LEAST_BLOB = 16,  /* shorter ones hide nothing */
	FLOW = 64 << 10,  /* payloads from this size on are not asked for again */
};

void gh_ps_say(struct gh_ps *s, unsigned rule, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[400];
	if (s->said[rule]++ >= SAY)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(s->w, &s->rules[rule], off, len, "%s", text);
}

void gh_ps_data(struct gh_ps *s, uint64_t off, uint64_t len, enum gh_claim kind)
{
	if (off > s->claimed)
		gh_claim(s->w, s->claimed, off - s->claimed, GH_CLAIM_STRUCT);
	uint64_t from = off > s->claimed ? off : s->claimed, end = off + len;
	if (end > from)
		gh_claim(s->w, from, end - from, kind);
	s->claimed = end > s->claimed ? end : s->claimed;
}

struct gh_span gh_ps_bytes(struct gh_ps *s, const struct gh_pb_field *f, size_t max)
{
	size_t n = f->len < max ? (size_t)f->len : max;
	const struct gh_pb *p = &s->p;
	bool fresh = p->w.n != 0 && p->seen == *s->w->src->epoch;
	if (fresh && f->off >= p->base && f->off - p->base <= p->w.n && n <= p->w.n - (f->off - p->base))
		return gh_span_cut(p->w, f->off - p->base, n); /* at hand: no need to move the window */
	return gh_src_window(s->w->src, f->off, n);
}

size_t gh_ps_ints(struct gh_ps *s, const struct gh_pb_field *f, uint64_t *v, size_t max)
{
	if (f->wire != GH_PB_LEN) {
		if (max != 0)
			v[0] = f->v;
		return max != 0;
	}
	struct gh_pb in = gh_pb_src(s->w->src, f->off, f->len);
	size_t n = 0;
	while (n < max && gh_pb_packed(&in, GH_PB_VARINT, &v[n], NULL) == GH_PB_FIELD)
		n++;
	return n;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* The text's bytes up to where a character begins that is cut by the end of the window. */
static struct gh_span whole_chars(struct gh_span s, bool all)
{
	if (all || s.n < 4)
		return s;
	size_t n = s.n;
	while (n > s.n - 4 && (s.p[n - 1] & 0xc0) == 0x80)
		n--;
	return gh_span_cut(s, 0, n > s.n - 4 && s.p[n - 1] >= 0xc0 ? n - 1 : s.n);
}

static bool clean_text(struct gh_span t)
{
	for (size_t i = 0; i < t.n;) {
		uint8_t b = t.p[i];
		if (b >= 0x20 && b < 0x7f) {
			i++;
			continue;
		}
		uint32_t cp = 0;
		unsigned n = gh_utf8_next(gh_span_cut(t, i, 4), &cp);
		if (n == 0)
			return false;
		if (b < 0x80 ? b != '\n' && b != '\t' && b != '\r'
			     : (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
				       (cp >= 0xe0000 && cp <= 0xe007f))
			return false;
		i += n;
	}
	return true;
}

bool gh_ps_is_text(struct gh_ps *s, const struct gh_pb_field *f)
{
	for (uint64_t at = 0; at < f->len;) {
		struct gh_pb_field part = { .off = f->off + at, .len = f->len - at };
		struct gh_span t = gh_ps_bytes(s, &part,
					       f->len <= NAME_LOOK ? (size_t)NAME_LOOK : (size_t)GH_CUR_WINDOW);
		t = whole_chars(t, t.n == f->len - at);
		if (t.n == 0 || !clean_text(t))
			return false;
		at += t.n;
	}
	return true;
}

static enum gh_rc encoded(struct gh_ps *s, struct gh_span key, const struct gh_pb_field *f, bool *code)
{
	if (s->encoded == NULL && (s->encoded = GH_NEW(s->w->arena, struct gh_encoded, 1)) == NULL)
		return gh_fail(s->w->err, GH_E_LIMIT, "no memory");
	struct gh_encoded *e = s->encoded;
	gh_encoded_open(e, s->w, key, f->off, f->len, &s->members_left);
	for (uint64_t at = 0; at < f->len;) {
		struct gh_span t = gh_src_window(s->w->src, f->off + at,
						 f->len - at < GH_CUR_WINDOW ? (size_t)(f->len - at) : GH_CUR_WINDOW);
		if (t.n == 0)
			break;
		gh_encoded_put(e, t);
		at += t.n;
	}
	enum gh_rc rc = gh_encoded_close(e);
	*code = e->code;
	return rc;
}

static void report_signs(struct gh_ps *s, struct gh_span key, struct gh_span text, const struct gh_pb_field *f,
			 unsigned which)
{
	size_t at[GH_SIGNS];
	unsigned found = gh_signs(key, text, at) & which;
	for (unsigned k = 0; k < GH_SIGNS; k++)
		if ((found & 1u << k) != 0)
			gh_ps_say(s, GH_PS_SIGN + k, f->off, f->len, "in \"%s\": %s", gh_safe(key).s,
				  gh_safe(gh_span_cut(text, at[k], 60)).s);
}

static enum gh_rc as_member(struct gh_ps *s, const char *role, struct gh_span key, const struct gh_pb_field *f,
			    const char *expect)
{
	if (s->members_left == 0 && expect == NULL) {
		gh_ps_data(s, f->off, f->len, GH_CLAIM_FREE); /* searched as a whole instead */
		return GH_OK;
	}
	if (f->off > s->claimed)
		gh_claim(s->w, s->claimed, f->off - s->claimed, GH_CLAIM_STRUCT);
	s->claimed = f->off + f->len;
	if (expect == NULL)
		s->members_left--;
	struct gh_member m = { .how = expect != NULL ? GH_MEMBER_FILE : GH_MEMBER_NESTED,
			       .name = key,
			       .role = role,
			       .raw = expect == NULL,
			       .expect = expect };
	return gh_member_range(s->w, m, f->off, f->len);
}

enum gh_rc gh_ps_describe(struct gh_ps *s, const char *role, struct gh_span key, const struct gh_pb_field *f,
			  unsigned signs)
{
	bool code = false;
	if (f->len == 0)
		return GH_OK;
	if (s->texts_left-- == 0)
		return gh_fail(s->w->err, GH_E_LIMIT, "more texts than can be looked at");
	if (f->len >= GH_ENCODED_LEAST)
		GH_TRY(encoded(s, key, f, &code), s->w->err, "a text at byte %llu", (unsigned long long)f->off);
	if (code)
		gh_ps_say(s, GH_PS_SIGN + GH_SIGN_ENCODED, f->off, f->len, "in \"%s\": program text in base64 or hex",
			  gh_safe(key).s);
	if (f->len > GH_WINDOW_MAX)
		return as_member(s, role, key, f, NULL);
	struct gh_span text = gh_src_window(s->w->src, f->off, (size_t)f->len);
	if (text.n != f->len)
		return gh_fail(s->w->err, GH_E_MALFORMED, "a text could not be read");
	report_signs(s, key, text, f, signs);
	struct gh_text ev = { .role = role, .key = key, .text = text };
	return gh_emit(s->w, GH_EV_TEXT, f->off, f->len, &ev);
}

enum gh_rc gh_ps_blob(struct gh_ps *s, const char *role, struct gh_span key, const struct gh_pb_field *f,
		      const char *expect)
{
	if (f->len < LEAST_BLOB && expect == NULL)
		return GH_OK;
	if (expect == NULL && gh_ps_is_text(s, f))
		return gh_ps_describe(s, role, key, f, GH_PS_ALL_SIGNS);
	return as_member(s, role, key, f, expect);
}

/* ---- numbers ------------------------------------------------------------------------------------------------------ */

/* Packed varints: how many, and none of them too long. False: said. */
static bool count_ints(struct gh_ps *s, const struct gh_pb_field *f)
{
	unsigned run = 0;
	bool overlong = false;
	s->count = 0;
	for (uint64_t at = 0; at < f->len;) {
		struct gh_span t = gh_src_window(s->w->src, f->off + at,
						 f->len - at < GH_CUR_WINDOW ? (size_t)(f->len - at) : GH_CUR_WINDOW);
		if (t.n == 0)
			return false;
		for (size_t i = 0; i < t.n; i++) {
			uint8_t b = t.p[i];
			if (b >= 0x80) {
				if (++run == 10)
					return false;
				continue;
			}
			overlong |= run != 0 && (b == 0 || (run == 9 && b > 1));
			run = 0;
			s->count++;
		}
		at += t.n;
	}
	if (overlong)
		gh_ps_say(s, GH_PS_OVERLONG, f->tag, f->end - f->tag, "in a list of numbers, field %u of %s",
			  (unsigned)f->number, s->frame[s->p.depth].msg->name);
	return run == 0;
}

static enum gh_rc packed(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	unsigned width = row->kind == GH_PS_F32 ? 4 : row->kind == GH_PS_F64 ? 8 : 0;
	bool ok = width == 0 ? count_ints(s, f) : f->len % width == 0;
	if (width != 0)
		s->count = f->len / width;
	if (ok)
		return GH_OK;
	return gh_fail(s->w->err, GH_E_MALFORMED, "a list of numbers is cut short at byte %llu",
		       (unsigned long long)f->off);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------ */

static const uint8_t wire_of[] = {
	[GH_PS_INT] = GH_PB_VARINT, [GH_PS_F32] = GH_PB_I32,   [GH_PS_F64] = GH_PB_I64, [GH_PS_NAME] = GH_PB_LEN,
	[GH_PS_TEXT] = GH_PB_LEN,   [GH_PS_BYTES] = GH_PB_LEN, [GH_PS_MSG] = GH_PB_LEN, [GH_PS_ANY] = GH_PB_LEN,
};

static const struct gh_ps_field *row_of(const struct gh_ps_msg *m, uint32_t number)
{
	for (const struct gh_ps_field *r = m->field; r->number != 0; r++)
		if (r->number == number || r->number == GH_PS_OTHER)
			return r;
	return NULL;
}

static void pass_over(struct gh_ps *s, const struct gh_pb_field *f)
{
	if (f->wire == GH_PB_LEN || f->wire == GH_PB_GROUP)
		gh_ps_data(s, f->off, f->len, GH_CLAIM_FREE);
	if (f->len >= FLOW)
		gh_src_advance(s->w->src, f->end);
}

static void check_once(struct gh_ps *s, struct gh_ps_frame *top, const struct gh_ps_field *row,
		       const struct gh_pb_field *f)
{
	size_t place = row->number == GH_PS_OTHER ? 64 : (size_t)(row - top->msg->field);
	uint64_t bit = place < 64 ? (uint64_t)1 << place : 0;
	unsigned oneof = row->is >> 4, group = oneof != 0 ? 1u << oneof : 0;
	if ((row->is & GH_PS_REPEATED) == 0 && ((top->seen & bit) != 0 || (top->oneof & group) != 0))
		gh_ps_say(s, GH_PS_TWICE, f->tag, f->end - f->tag, "field %u of %s", (unsigned)f->number,
			  top->msg->name);
	top->seen |= bit;
	top->oneof |= group;
}

static enum gh_rc enter(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	if (row->msg == NULL) {
		pass_over(s, f);
		return GH_OK;
	}
	if (!gh_pb_enter(&s->p, f))
		return GH_OK; /* the next step tells */
	s->frame[s->p.depth] = (struct gh_ps_frame){ .msg = row->msg, .row = row, .off = f->off, .end = f->end };
	return s->ops->enter != NULL ? s->ops->enter(s, row, f) : GH_OK;
}

static enum gh_rc one_field(struct gh_ps *s, const struct gh_pb_field *f)
{
	struct gh_ps_frame *top = &s->frame[s->p.depth];
	const struct gh_ps_field *row = row_of(top->msg, f->number);
	if (f->odd & (GH_PB_OVERLONG | GH_PB_DROPPED))
		gh_ps_say(s, GH_PS_OVERLONG, f->tag, f->off - f->tag, "field %u of %s", (unsigned)f->number,
			  top->msg->name);
	if (row == NULL) {
		gh_ps_say(s, GH_PS_UNKNOWN, f->tag, f->end - f->tag, "field %u of %s, %llu bytes", (unsigned)f->number,
			  top->msg->name, (unsigned long long)f->len);
		pass_over(s, f);
		return GH_OK;
	}
	bool list = f->wire == GH_PB_LEN && row->kind <= GH_PS_F64 && (row->is & GH_PS_REPEATED) != 0;
	if (!list && (unsigned)f->wire != wire_of[row->kind]) {
		gh_ps_say(s, GH_PS_WIRE, f->tag, f->end - f->tag, "field %u of %s has wire type %d",
			  (unsigned)f->number, top->msg->name, f->wire);
		pass_over(s, f);
		return GH_OK;
	}
	check_once(s, top, row, f);
	if (row->kind == GH_PS_MSG)
		return enter(s, row, f);
	if (row->kind == GH_PS_ANY && s->ops->field == NULL)
		return gh_ps_any(s, (struct gh_span){ 0 }, f);
	s->count = 1;
	if (list)
		GH_TRY(packed(s, row, f), s->w->err, "field %u of %s", (unsigned)f->number, top->msg->name);
	if (row->kind == GH_PS_NAME || row->kind == GH_PS_TEXT) {
		s->text_bad = !gh_ps_is_text(s, f);
		if (s->text_bad)
			gh_ps_say(s, GH_PS_CHARS, f->tag, f->end - f->tag, "field %u of %s: \"%s\"",
				  (unsigned)f->number, top->msg->name, gh_safe(gh_ps_bytes(s, f, 60)).s);
	}
	return s->ops->field != NULL ? s->ops->field(s, row, f) : GH_OK;
}

static enum gh_rc broken(struct gh_ps *s)
{
	gh_ps_data(s, s->p.off < s->w->src->size ? s->p.off : s->w->src->size, 0, GH_CLAIM_STRUCT);
	if (s->w->src->fail != GH_OK)
		return gh_fail(s->w->err, s->w->src->fail, "the bytes could not be had");
	if (s->p.limit) {
		gh_ps_say(s, GH_PS_DEEP, s->p.off, 0, "%s", s->p.why);
		return gh_fail(s->w->err, GH_E_LIMIT, "%s at byte %llu", s->p.why, (unsigned long long)s->p.off);
	}
	return gh_fail(s->w->err, GH_E_MALFORMED, "%s at byte %llu, in %s", s->p.why, (unsigned long long)s->p.off,
		       s->frame[s->p.depth].msg->name);
}

enum gh_rc gh_ps_walk(struct gh_ps *s, const struct gh_ps_msg *msg)
{
	struct gh_pb_field f;
	s->p = gh_pb_src(s->w->src, 0, s->w->src->size);
	s->frame[0] = (struct gh_ps_frame){ .msg = msg, .end = s->w->src->size };
	s->texts_left = TEXTS;
	s->members_left = MEMBERS;
	for (;;) {
		enum gh_pb_got got = gh_pb_next(&s->p, &f);
		enum gh_rc rc = GH_OK;
		if (got == GH_PB_BAD)
			return broken(s);
		if (got == GH_PB_FIELD) {
			if (++s->fields > s->w->lim->steps)
				return gh_fail(s->w->err, GH_E_LIMIT, "too many fields");
			rc = one_field(s, &f);
		} else {
			if (s->ops->leave != NULL)
				rc = s->ops->leave(s, s->frame[s->p.depth].row);
			if (s->p.depth == 0) {
				gh_ps_data(s, s->w->src->size, 0, GH_CLAIM_STRUCT);
				return rc;
			}
			gh_pb_leave(&s->p);
		}
		if (rc != GH_OK)
			return rc;
	}
}
