/* nested.c - pickles and archives inside strings: as bytes, as text that a codec turns into bytes (latin1, base64,
 * hexadecimal). Found ones are emitted as members and read like any other file.
 *
 * A first look at a few bytes throws out nearly everything; only what could begin a pickle with an import in it is
 * run, silently. */
#include "format/pickle/glance.h"
#include "format/pickle/machine.h"
#include "format/pickle/text.h"
#include "wire/digits.h"

enum {
	LEAST = 16,	     /* bytes of a value that is worth a look */
	LOOK = 96,	     /* bytes of the value that the first look decodes */
	NAMES_WITHIN = 4096, /* a pickle without PROTO names something this early */
	RUN_BYTES = GH_PROBE_BYTES,
	RUN_MEMORY = 1 << 20,
	DECODE_MAX = 1 << 20,
};

struct codec {
	const char *name;
	/* Decode all of in to out (room for in.n bytes); 0 when it is not such text. whole: in is the complete value. */
	size_t (*decode)(struct gh_span in, uint8_t *out, bool whole);
};

static size_t as_is(struct gh_span in, uint8_t *out, bool whole)
{
	(void)whole;
	memcpy(out, in.p, in.n);
	return in.n;
}

/* Characters U+0000..U+00FF: how protocols below 3 write bytes (_codecs.encode(text, 'latin1')). */
static size_t latin1(struct gh_span in, uint8_t *out, bool whole)
{
	size_t n = 0;
	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];
		if (c >= 0x80) {
			if ((c != 0xc2 && c != 0xc3) || i + 1 == in.n)
				return whole || i + 1 != in.n ? 0 : n;
			c = (uint8_t)(c << 6 | (in.p[++i] & 0x3f));
		}
		out[n++] = c;
	}
	return n;
}

static bool blank(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static size_t base64(struct gh_span in, uint8_t *out, bool whole)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0, i = 0;
	(void)whole;
	for (; i < in.n; i++) {
		int v = gh_base64_digit(in.p[i]);
		if (v < 0) {
			if (blank(in.p[i]))
				continue;
			break;
		}
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	while (i < in.n && (in.p[i] == '=' || blank(in.p[i])))
		i++;
	return i == in.n ? n : 0;
}

static size_t hexadecimal(struct gh_span in, uint8_t *out, bool whole)
{
	size_t n = 0, digits = 0;
	uint8_t b = 0;
	for (size_t i = 0; i < in.n; i++) {
		int v = gh_hex_digit(in.p[i]);
		if (v < 0 && blank(in.p[i]))
			continue;
		if (v < 0)
			return 0;
		b = (uint8_t)(b << 4 | v);
		if (++digits % 2 == 0)
			out[n++] = b;
	}
	return whole && digits % 2 != 0 ? 0 : n;
}

static const struct codec codecs[] = {
	/* in the order of the bits of pkl_glance_text() */
	{ "", as_is },
	{ "latin1", latin1 },
	{ "base64", base64 },
	{ "hexadecimal", hexadecimal },
};

/* ---- what to look for ---------------------------------------------------------------------------------------- */

static bool archive(struct gh_span s)
{
	static const struct {
		uint8_t n, b[8];
	} magic[] = {
		{ 4, "PK\3\4" },
		{ 6, "\xfd"
		     "7zXZ" },
		{ 4, "\x28\xb5\x2f\xfd" },
		{ 6, "7z\xbc\xaf\x27\x1c" },
		{ 4, "\x04\x22\x4d\x18" },
		{ 4, "\x7f"
		     "ELF" },
	};
	for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
		if (s.n >= 16 && memcmp(s.p, magic[i].b, magic[i].n) == 0)
			return true;
	if (s.n >= 16 && s.p[0] == 0x1f && s.p[1] == 0x8b && s.p[2] == 8 && (s.p[3] & 0xe0) == 0)
		return true;
	return s.n >= 16 && memcmp(s.p, "BZh", 3) == 0 && memcmp(s.p + 4, "1AY&SY", 6) == 0;
}

/* Could these decoded bytes begin a pickle? `all`: they are all there is. */
static bool promising(struct gh_span s, bool all)
{
	if (s.n < 2)
		return false;
	if (s.p[0] == 0x80)
		return s.p[1] <= 5;
	if (pkl_ops[s.p[0]].run == NULL)
		return false;
	/* Without PROTO: two lines of a GLOBAL or INST, or STACK_GLOBAL. */
	if (memchr(s.p, 0x93, s.n) != NULL)
		return true;
	return (memchr(s.p, 'c', s.n) != NULL || memchr(s.p, 'i', s.n) != NULL) &&
	       (!all || memchr(s.p, '\n', s.n) != NULL);
}

static bool is_pickle(struct pkl *m, struct gh_src *src)
{
	if (m->sh->nested == 0) {
		m->sh->nested_spent = true;
		return false;
	}
	m->sh->nested--;
	struct gh_span head = gh_src_window(src, 0, RUN_BYTES);
	struct gh_src_mem mem;
	struct pkl_peek p = pkl_peek(gh_src_mem(&mem, head), 0, 2 * RUN_BYTES, RUN_MEMORY);
	if (head.n != 0 && head.p[0] == 0x80)
		return p.stop || p.imports != 0 || p.calls != 0 || (p.truncated && src->size > head.n);
	return p.calls != 0 || (p.imports != 0 && p.stop);
}

static void member(struct pkl *m, struct gh_src *src, const char *codec)
{
	uint64_t off = m->op_off, size = m->src->size;
	struct gh_member e = { .how = GH_MEMBER_NESTED, .src = src, .role = codec[0] == '\0' ? "string" : codec };
	enum gh_rc rc = gh_emit(m->w, GH_EV_MEMBER, off, pkl_off(m) <= size ? pkl_off(m) - off : 0, &e);
	if (rc != GH_OK) {
		m->rc = rc;
		m->sink_stop = true;
	}
}

/* The value's own bytes, without a codec, when they stand in the source as they are. */
static bool in_place(struct pkl *m, gh_val v)
{
	uint64_t off, len;
	struct gh_src_sub sub;
	if (!gh_val_place(v, &off, &len))
		return false;
	struct gh_src *src = gh_src_sub(&sub, m->src, off, len);
	struct gh_span head = gh_src_window(src, 0, LOOK);
	if (archive(head) || is_pickle(m, src))
		member(m, src, "");
	return true;
}

static void decoded(struct pkl *m, gh_val v, const struct codec *c, struct gh_span head)
{
	gh_auto_arena scratch = { .max = 4 * (size_t)DECODE_MAX };
	uint64_t off, len;
	struct gh_span raw = head;
	if (gh_val_place(v, &off, &len)) {
		if (len > DECODE_MAX && c->decode != as_is)
			len = DECODE_MAX;
		raw = gh_src_window(m->src, off, (size_t)len);
	} else {
		const struct gh_node *n = gh_val_node(v);
		uint64_t want = n->u.at.len < DECODE_MAX ? n->u.at.len : DECODE_MAX;
		uint8_t *text = gh_alloc(&scratch, (size_t)want * 3 + 16, 1);
		if (text == NULL)
			return;
		struct gh_span in = gh_src_window(m->src, n->u.at.off, (size_t)want);
		raw = (struct gh_span){ text, pkl_text_decode(in, (n->flags & GH_NF_RAWUNI) != 0, text, in.n * 3) };
	}
	uint8_t *out = gh_alloc(&scratch, raw.n + 16, 1);
	size_t n = out == NULL ? 0 : c->decode(raw, out, raw.n < DECODE_MAX);
	struct gh_src_mem mem;
	struct gh_src *src = gh_src_mem(&mem, (struct gh_span){ out, n });
	if (n == 0 || (!archive((struct gh_span){ out, n }) && !is_pickle(m, src)))
		return;
	struct gh_spool *spool = m->w->sink->ops->spool_open(m->w->sink, raw.n);
	if (spool == NULL) {
		m->rc = GH_E_NOMEM;
		m->sink_stop = true;
		return;
	}
	enum gh_rc rc = m->w->sink->ops->spool_put(spool, (struct gh_span){ out, n });
	member(m, m->w->sink->ops->spool_src(spool), c->name);
	m->w->sink->ops->spool_close(spool);
	if (rc != GH_OK) {
		m->rc = rc;
		m->sink_stop = true;
	}
}

/* A closer look with the codecs that the glance found possible. Apart from the glance, which every string gets: these
 * buffers are cleared at every call. */
__attribute__((noinline)) static void look_closer(struct pkl *m, gh_val v, struct gh_span head, unsigned hint)
{
	uint8_t copy[LOOK], out[LOOK];
	uint64_t off, len;
	bool place = gh_val_place(v, &off, &len), whole = head.n == gh_val_len(m->h, v);
	memcpy(copy, head.p, head.n); /* what follows asks for other windows */
	head.p = copy;
	for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
		if ((hint & 1u << i) == 0)
			continue;
		size_t made = codecs[i].decode(head, out, whole);
		struct gh_span s = { out, made };
		if (made == 0 || (!archive(s) && !promising(s, made >= NAMES_WITHIN || whole)))
			continue;
		if (i != 0 || !place || !in_place(m, v))
			decoded(m, v, &codecs[i], head);
	}
}

static void glance_at(struct pkl *m, gh_val v, struct gh_span head)
{
	unsigned hint = head.n < LEAST ? 0 : pkl_glance_text(head, head.n == gh_val_len(m->h, v));
	if (hint != 0)
		look_closer(m, v, head, hint);
}

/* A string with escapes, as text. */
__attribute__((noinline)) static void glance_at_escaped(struct pkl *m, gh_val v)
{
	uint8_t text[LOOK];
	const struct gh_node *d = gh_val_node(v);
	if (d == NULL || (d->flags & (GH_NF_ESCAPED | GH_NF_RAWUNI)) == 0)
		return;
	struct gh_span raw = gh_src_window(m->src, d->u.at.off, d->u.at.len < 512 ? (size_t)d->u.at.len : 512);
	glance_at(m, v, (struct gh_span){ text, pkl_text_decode(raw, (d->flags & GH_NF_RAWUNI) != 0, text, LOOK) });
}

void pkl_nested(struct pkl *m, gh_val v)
{
	uint64_t off, len;
	if (m->mute || m->nop < m->sh->from_op || m->sink_stop)
		return;
	if (!gh_val_place(v, &off, &len))
		glance_at_escaped(m, v);
	else {
		uint64_t want = len < LOOK ? len : LOOK;
		bool here = off >= m->base && off - m->base + want <= (uint64_t)(m->end - m->win) &&
			    m->epoch == *m->src->epoch;
		glance_at(m, v,
			  here ? (struct gh_span){ m->win + (off - m->base), (size_t)want }
			       : gh_src_window(m->src, off, (size_t)want));
	}
	pkl_sync(m);
}
