/* pycodec.c - decoders applied to constants: what an attacker puts between a payload and the eye of a reader. What they
 * make is marked GH_PYF_DECODED. */
#include "wire/digits.h"
#include "wire/expand.h"
#include "wire/pyrun_int.h"

enum { OUT_MAX = PYR_TEXT };

static bool give(struct gh_pyv *out, enum gh_pyv_kind kind, const uint8_t *p, size_t n, uint32_t flags)
{
	*out = pyr_text(kind, (struct gh_span){ p, n }, flags | GH_PYF_DECODED);
	return p != NULL;
}

static bool base64(struct pyr *r, struct gh_pyv in, struct gh_pyv *out)
{
	uint8_t *p = pyr_room(r, in.n);
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	for (uint32_t i = 0; p != NULL && i < in.n && in.p[i] != '='; i++) {
		int v = gh_base64_digit(in.p[i]);
		if (v < 0)
			continue; /* as Python does: what is no digit is passed over */
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			p[n++] = (uint8_t)(bits >> have);
		}
	}
	return give(out, GH_PYV_BYTES, p, n, in.flags);
}

static bool base32(struct pyr *r, struct gh_pyv in, struct gh_pyv *out)
{
	uint8_t *p = pyr_room(r, in.n);
	uint64_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	for (uint32_t i = 0; p != NULL && i < in.n && in.p[i] != '='; i++) {
		uint8_t c = in.p[i] & 0xdf;
		unsigned v = c >= 'A' && c <= 'Z' ? c - 65u : in.p[i] >= '2' && in.p[i] <= '7' ? in.p[i] - 24u : 99;
		if (v > 31)
			return false;
		bits = bits << 5 | v;
		have += 5;
		if (have >= 8) {
			have -= 8;
			p[n++] = (uint8_t)(bits >> have);
		}
	}
	return give(out, GH_PYV_BYTES, p, n, in.flags);
}

/* Base85 in both of Python's alphabets. */
static bool base85(struct pyr *r, struct gh_pyv in, bool ascii, struct gh_pyv *out)
{
	static const char git[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
	uint8_t *p = pyr_room(r, in.n * (ascii ? (size_t)4 : 1) + 4);
	uint64_t acc = 0;
	unsigned have = 0;
	size_t n = 0;
	for (uint32_t i = 0; p != NULL && i <= in.n + 4; i++) {
		unsigned v = 84;
		if (i < in.n) {
			const char *at = memchr(git, in.p[i], 85);
			if (ascii && in.p[i] == 'z' && have == 0) {
				memset(p + n, 0, 4);
				n += 4;
				continue;
			}
			if (ascii ? in.p[i] < '!' || in.p[i] > 'u' : at == NULL)
				continue;
			v = ascii ? in.p[i] - 33u : (unsigned)(at - git);
		} else if (have == 0) {
			break;
		}
		unsigned real = i < in.n ? 0 : 1;
		acc = acc * 85 + v;
		if (++have == 5) {
			unsigned keep = real == 0 ? 4 : 4 - (i - in.n + 1 < 4 ? (unsigned)(i - in.n + 1) : 4);
			for (unsigned k = 0; k < keep; k++)
				p[n++] = (uint8_t)(acc >> (24 - 8 * k));
			acc = 0;
			have = 0;
			if (real != 0)
				break;
		}
	}
	return give(out, GH_PYV_BYTES, p, n, in.flags);
}

static bool hex(struct pyr *r, struct gh_pyv in, struct gh_pyv *out)
{
	uint8_t *p = pyr_room(r, in.n);
	size_t digits = 0;
	unsigned v = 0;
	for (uint32_t i = 0; p != NULL && i < in.n; i++) {
		int d = gh_hex_digit(in.p[i]);
		if (d < 0)
			continue;
		v = v << 4 | (unsigned)d;
		if (++digits % 2 == 0)
			p[digits / 2 - 1] = (uint8_t)v;
	}
	return give(out, GH_PYV_BYTES, p, digits / 2, in.flags);
}

static bool rot13(struct pyr *r, struct gh_pyv in, struct gh_pyv *out)
{
	uint8_t *p = pyr_room(r, in.n);
	for (uint32_t i = 0; p != NULL && i < in.n; i++) {
		uint8_t c = in.p[i], l = (uint8_t)(c | 32);
		p[i] = c;
		if (l >= 'a' && l <= 'z')
			p[i] = (uint8_t)((l - 'a' + 13) % 26 + ((c & 32) != 0 ? 'a' : 'A'));
	}
	return give(out, GH_PYV_STR, p, in.n, in.flags);
}

static bool escapes(struct pyr *r, struct gh_pyv in, struct gh_pyv *out)
{
	uint8_t *p = pyr_room(r, GH_PYSTR_ROOM(in.n));
	return give(out, GH_PYV_STR, p, p == NULL ? 0 : gh_pystr_decode(gh_pyv_text(in), 0, false, p), in.flags);
}

static bool expand(struct pyr *r, enum gh_codec codec, struct gh_pyv in, struct gh_pyv *out)
{
	struct gh_expand *x = gh_expand_open(codec);
	uint8_t *p = x == NULL ? NULL : gh_alloc(r->a, OUT_MAX, 1);
	struct gh_span left = gh_pyv_text(in);
	size_t n = 0, made;
	bool end = false;
	while (p != NULL && !end && n < OUT_MAX) {
		if (gh_expand_step(x, &left, p + n, OUT_MAX - n, &made, &end) != GH_OK || (made == 0 && left.n == 0))
			break;
		n += made;
	}
	if (x != NULL)
		gh_expand_close(x);
	r->folded += OUT_MAX;
	return end && give(out, GH_PYV_BYTES, p, n, in.flags);
}

bool pyr_named_codec(struct pyr *r, struct gh_span codec, bool encode, struct gh_pyv in, struct gh_pyv *out)
{
	char name[24];
	size_t n = 0;
	for (size_t i = 0; i < codec.n && n < sizeof name - 1; i++)
		if (codec.p[i] != '-' && codec.p[i] != '_' && codec.p[i] != ' ')
			name[n++] = (char)(codec.p[i] >= 'A' && codec.p[i] <= 'Z' ? codec.p[i] | 32 : codec.p[i]);
	name[n] = '\0';
	static const char *const same[] = { "utf8",    "ascii", "latin1", "iso88591", "cp1252",
					    "utf8sig", "l1",	"latin",  "u8" };
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		if (strcmp(name, same[i]) == 0) {
			*out = in;
			out->kind = encode ? GH_PYV_BYTES : GH_PYV_STR;
			return true;
		}
	if (strcmp(name, "rot13") == 0 || strcmp(name, "rot") == 0)
		return rot13(r, in, out);
	if (encode)
		return false;
	if (strncmp(name, "hex", 3) == 0)
		return hex(r, in, out);
	if (strncmp(name, "base64", 6) == 0)
		return base64(r, in, out);
	if (strncmp(name, "zlib", 4) == 0 || strcmp(name, "zip") == 0)
		return expand(r, GH_CODEC_ZLIB, in, out);
	if (strncmp(name, "bz2", 3) == 0)
		return expand(r, GH_CODEC_BZIP2, in, out);
	if (strcmp(name, "unicodeescape") == 0 || strcmp(name, "rawunicodeescape") == 0 ||
	    strcmp(name, "stringescape") == 0)
		return escapes(r, in, out);
	return false;
}

static const struct {
	const char *path;
	uint8_t how; /* 64, 32, 85, 'a'scii85, 16, codec + 100 */
} decoders[] = {
	{ "base64.b64decode", 64 },
	{ "base64.urlsafe_b64decode", 64 },
	{ "base64.standard_b64decode", 64 },
	{ "base64.decodebytes", 64 },
	{ "base64.decodestring", 64 },
	{ "binascii.a2b_base64", 64 },
	{ "base64.b32decode", 32 },
	{ "base64.b85decode", 85 },
	{ "base64.a85decode", 'a' },
	{ "base64.b16decode", 16 },
	{ "binascii.unhexlify", 16 },
	{ "binascii.a2b_hex", 16 },
	{ "builtins.bytes.fromhex", 16 },
	{ "builtins.bytearray.fromhex", 16 },
	{ "zlib.decompress", 100 + GH_CODEC_ZLIB },
	{ "gzip.decompress", 100 + GH_CODEC_GZIP },
	{ "bz2.decompress", 100 + GH_CODEC_BZIP2 },
	{ "lzma.decompress", 100 + GH_CODEC_XZ },
};

bool pyr_codec(struct pyr *r, struct gh_span path, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out)
{
	struct gh_pyv in = narg == 0 ? (struct gh_pyv){ 0 } : pyr_one(arg[0]);
	if (narg != 0 && pyr_is_text(in) && in.n > 4096 && !pyr_afford(r, in.n))
		return false;
	if (gh_span_is(path, "codecs.decode") || gh_span_is(path, "codecs.encode")) {
		struct gh_pyv name = narg > 1 ? pyr_one(arg[1]) : (struct gh_pyv){ 0 };
		if (pyr_is_text(in) && name.kind == GH_PYV_STR &&
		    pyr_named_codec(r, gh_pyv_text(name), gh_span_is(path, "codecs.encode"), in, out))
			return true;
		*out = pyr_unknown(r, in.flags | GH_PYF_DECODED);
		return true;
	}
	for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
		if (!gh_span_is(path, decoders[i].path))
			continue;
		uint8_t how = decoders[i].how;
		bool ok = pyr_is_text(in) && (in.flags & GH_PYF_FORMAT) == 0;
		if (ok && how >= 100)
			ok = expand(r, (enum gh_codec)(how - 100), in, out);
		else if (ok)
			ok = how == 64	 ? base64(r, in, out)
			     : how == 32 ? base32(r, in, out)
			     : how == 16 ? hex(r, in, out)
					 : base85(r, in, how == 'a', out);
		if (!ok)
			*out = pyr_unknown(r, in.flags | GH_PYF_DECODED);
		return true;
	}
	return false;
}
