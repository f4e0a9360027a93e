#include "format/encoded.h"

#include "format/signs.h"
#include "wire/digits.h"

void gh_encoded_open(struct gh_encoded *x, struct gh_walk *w, struct gh_span key, uint64_t off, uint64_t len,
		     unsigned *left)
{
	x->w = w;
	x->key = key;
	x->off = off;
	x->len = len;
	x->left = left;
	x->code = x->hex = x->passing = false;
	x->rc = GH_OK;
	x->spool = NULL;
	x->n = 0;
	x->bits = x->nbits = 0;
}

/* Decode what the run's bits allow; returns the number of bytes. */
static size_t decode(struct gh_encoded *x, struct gh_span run, uint8_t *out)
{
	unsigned width = x->hex ? 4 : 6;
	size_t n = 0;
	for (size_t i = 0; i < run.n; i++) {
		int v = x->hex ? gh_hex_digit(run.p[i]) : gh_base64_digit(run.p[i]);
		if (v < 0)
			continue; /* line breaks of MIME */
		x->bits = x->bits << width | (uint32_t)v;
		x->nbits += width;
		if (x->nbits >= 8) {
			x->nbits -= 8;
			out[n++] = (uint8_t)(x->bits >> x->nbits);
		}
	}
	return n;
}

/* An opcode with which real pickles go on after PROTO. One byte more keeps digests and keys out. */
static bool pickle_start(struct gh_span d)
{
	static const char ops[] = "}])(cXKJNCBGUT\x8c\x8e\x8f\x88\x89\x95IFSVpPQ";
	if (d.n < 8)
		return false;
	if (d.p[0] == 0x80 && d.p[1] >= 2 && d.p[1] <= 5)
		return memchr(ops, d.p[2], sizeof ops - 1) != NULL && (d.p[2] != 0x95 || d.n < 11 || d.p[10] == 0);
	size_t i = d.p[0] == '(' ? 1 : 0; /* protocols 0 and 1: a GLOBAL or INST with its two lines */
	if (d.p[i] != 'c' && d.p[i] != 'i')
		return false;
	for (i++; i < d.n && d.p[i] != '\n'; i++)
		if (!(d.p[i] == '_' || d.p[i] == '.' || (d.p[i] >= '0' && d.p[i] <= '9') ||
		      ((d.p[i] | 0x20) >= 'a' && (d.p[i] | 0x20) <= 'z')))
			return false;
	return i < d.n && i > 1;
}

static bool runs(struct gh_span d, size_t chars)
{
	static const struct {
		const char *magic;
		uint8_t n;
		uint16_t least; /* characters that the run must have: short magics need long runs */
	} t[] = {
		{ "\x1f\x8b\x08", 3, 32 },
		{ "PK\x03\x04", 4, 32 },
		{ "\x7f"
		  "ELF",
		  4, 32 },
		{ "MZ\x90\x00", 4, 64 },
		{ "7z\xbc\xaf\x27\x1c", 6, 32 },
		{ "\xfd"
		  "7zXZ\x00",
		  6, 32 },
		{ "BZh91AY&SY", 10, 32 },
		{ "\x28\xb5\x2f\xfd", 4, 32 },
		{ "\x04\x22\x4d\x18", 4, 32 },
		{ "x\x9c", 2, 256 },
		{ "x\xda", 2, 256 },
		{ "x\x01", 2, 256 },
		{ "x\x5e", 2, 256 },
		{ "#!/", 3, 20 },
		{ "<?php", 5, 20 },
		{ "\xca\xfe\xba\xbe", 4, 32 },
		{ "\xcf\xfa\xed\xfe", 4, 32 },
		{ "\x93NUMPY", 6, 32 },
		{ "\xe3\x00\x00\x00\x00", 5, 32 },
		{ "c\x00\x00\x00\x00", 5, 32 }, /* marshalled code objects */
	};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (chars >= t[i].least && d.n >= t[i].n && memcmp(d.p, t[i].magic, t[i].n) == 0)
			return true;
	return pickle_start(d);
}

static bool put(struct gh_encoded *x, struct gh_span s)
{
	enum gh_rc rc = x->w->sink->ops->spool_put(x->spool, s);
	if (rc == GH_OK)
		return true;
	x->rc = rc;
	return false;
}

/* The head of a run is complete: what is it? */
static void judge(struct gh_encoded *x)
{
	uint8_t out[GH_ENCODED_HEAD];
	struct gh_span run = { x->head, x->n };
	size_t hexes = 0, chars = 0;
	for (size_t i = 0; i < run.n; i++) {
		chars += gh_base64_digit(run.p[i]) >= 0;
		hexes += gh_hex_digit(run.p[i]) >= 0;
	}
	x->passing = true;
	for (int as_hex = hexes == chars ? 1 : 0; as_hex >= 0; as_hex--) {
		x->hex = as_hex != 0;
		x->bits = x->nbits = 0;
		struct gh_span d = { out, decode(x, run, out) };
		size_t at[GH_SIGNS];
		if (runs(d, chars) && *x->left > 0 && x->rc == GH_OK) {
			x->spool = x->w->sink->ops->spool_open(x->w->sink, x->len);
			if (x->spool == NULL)
				x->rc = GH_E_LIMIT;
			else if (put(x, d))
				(*x->left)--;
			x->passing = false;
			return;
		}
		if (d.n >= 12 &&
		    (gh_signs((struct gh_span){ 0 }, d, at) & (1u << GH_SIGN_CODE | 1u << GH_SIGN_SHELL)) != 0)
			x->code = true;
	}
}

static void end_run(struct gh_encoded *x)
{
	if (x->spool == NULL && !x->passing && x->n >= GH_ENCODED_LEAST)
		judge(x);
	if (x->spool != NULL) {
		const struct gh_sink_ops *ops = x->w->sink->ops;
		struct gh_member m = { .how = GH_MEMBER_NESTED,
				       .name = x->key,
				       .role = x->hex ? "hex text" : "base64 text",
				       .src = ops->spool_src(x->spool) };
		if (m.src != NULL) {
			enum gh_rc rc = gh_emit(x->w, GH_EV_MEMBER, x->off, x->len, &m);
			x->rc = x->rc == GH_OK ? rc : x->rc;
		}
		ops->spool_close(x->spool);
		x->spool = NULL;
	}
	x->passing = false;
	x->n = 0;
}

void gh_encoded_put(struct gh_encoded *x, struct gh_span text)
{
	size_t i = 0;
	while (i < text.n) {
		size_t from = i;
		while (i < text.n && (gh_base64_digit(text.p[i]) >= 0 ||
				      (x->n + (i - from) != 0 && (text.p[i] == '\n' || text.p[i] == '\r'))))
			i++;
		struct gh_span run = { text.p + from, i - from };
		while (run.n != 0) {
			if (x->passing) {
				x->n += run.n;
				break;
			}
			struct gh_span part = gh_span_cut(run, 0, GH_ENCODED_HEAD);
			if (x->spool != NULL) {
				uint8_t out[GH_ENCODED_HEAD];
				struct gh_span d = { out, decode(x, part, out) };
				if (x->rc == GH_OK)
					(void)put(x, d);
			} else {
				part.n = part.n < GH_ENCODED_HEAD - x->n ? part.n : GH_ENCODED_HEAD - x->n;
				memcpy(x->head + x->n, part.p, part.n);
				x->n += part.n;
				if (x->n == GH_ENCODED_HEAD)
					judge(x);
			}
			run = gh_span_cut(run, part.n, run.n);
		}
		if (i < text.n) { /* a character of no run */
			end_run(x);
			i++;
		}
	}
}

enum gh_rc gh_encoded_close(struct gh_encoded *x)
{
	end_run(x);
	return x->rc;
}
