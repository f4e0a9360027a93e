/* Private keys: not the words of an armour but what stands in it. The body is decoded, and its DER, OpenSSH or OpenPGP
 * structure must hold as many bytes as it says. RFC 7468, RFC 5208/5958, RFC 8017 A.1.2, RFC 5915, PROTOCOL.key of OpenSSH,
 * RFC 9580 5.5.3, RFC 7517. */
#include "check/secrets_int.h"

#include "wire/digits.h"
#include "wire/recs.h"

enum { BODY_TEXT = 8192, BODY = 6144 };

/* Base64 as files carry it: lines, spaces, escaped line ends, quotes and plus signs of sources. Stops at '-' or at what is
 * none of these. */
static size_t body_of(struct gh_span s, size_t i, uint8_t *out, size_t max, size_t *end)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0, stop = s.n - i < BODY_TEXT ? s.n : i + BODY_TEXT;
	for (; i < stop && n < max; i++) {
		uint8_t c = s.p[i];
		if (c == '\\' && i + 1 < stop && memchr("nrt\\", s.p[i + 1], 4) != NULL) {
			i += s.p[i + 1] != '\\';
			continue;
		}
		if (gh_c_space(c) || memchr("\"',+\\=|>", c, 8) != NULL) {
			if (c != '+')
				continue;
			if (i > 0 && (gh_c_space(s.p[i - 1]) || memchr("\"'", s.p[i - 1], 2) != NULL))
				if (s.p[i - 1] != '\n' || (i + 1 < stop && s.p[i + 1] == ' '))
					continue; /* joins two strings */
		}
		int v = c == '-' || c == '_' ? -1 : gh_base64_digit(c);
		if (v < 0)
			break;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	*end = i;
	return n;
}

struct der {
	uint8_t tag;
	struct gh_span body;
};

/* One DER element; false when its length does not fit what is there. */
static bool der(struct gh_rd *r, struct der *d)
{
	d->tag = gh_rd_u8(r);
	uint64_t n = gh_rd_u8(r);
	if (n > 0x80 && n <= 0x84)
		n = gh_rd_be(r, (unsigned)n & 7);
	else if (n >= 0x80)
		return false;
	d->body = gh_rd_take(r, n);
	return !r->bad;
}

static bool key_in_der(struct gh_span s, bool *locked)
{
	struct gh_rd r = gh_rd(s);
	struct der all, first, second;
	if (!der(&r, &all) || all.tag != 0x30 || all.body.n < 20)
		return false;
	r = gh_rd(all.body);
	if (!der(&r, &first) || !der(&r, &second))
		return false;
	if (first.tag == 0x30) { /* EncryptedPrivateKeyInfo: algorithm, octets */
		*locked = true;
		return second.tag == 0x04 && second.body.n >= 16 && first.body.n > 2 && first.body.p[0] == 0x06;
	}
	if (first.tag != 0x02 || first.body.n != 1 || first.body.p[0] > 1)
		return false;
	struct gh_mix m = gh_mix_of(second.body);
	if (second.tag == 0x02) /* RSA, DSA: the modulus */
		return second.body.n >= 32 && m.distinct >= 16;
	return second.tag == 0x30 || (second.tag == 0x04 && second.body.n >= 16 && m.distinct >= 8); /* PKCS 8, EC */
}

/* The header, the version and the start of the first number, as they stand in front of every RSA key and of every PKCS 8 one:
 * the rest was cut or painted over. */
static bool start_of_key(struct gh_span s)
{
	return s.n >= 12 && s.p[0] == 0x30 && s.p[1] >= 0x81 && s.p[1] <= 0x82 &&
	       memcmp(s.p + s.p[1] - 0x81 + 3, "\x02\x01\x00", 3) == 0 &&
	       (s.p[s.p[1] - 0x81 + 6] == 0x02 || s.p[s.p[1] - 0x81 + 6] == 0x30);
}

static bool key_in_openssh(struct gh_span s, bool *locked)
{
	struct gh_rd r = gh_rd(s);
	struct gh_span magic = gh_rd_take(&r, 15), cipher = gh_rd_take(&r, gh_rd_u32be(&r));
	*locked = !gh_span_is(cipher, "none");
	for (unsigned i = 0; i < 2; i++) /* key derivation and its options */
		(void)gh_rd_take(&r, gh_rd_u32be(&r));
	uint32_t keys = gh_rd_u32be(&r);
	(void)gh_rd_take(&r, gh_rd_u32be(&r));
	struct gh_span secret = gh_rd_take(&r, gh_rd_u32be(&r));
	return !r.bad && magic.n == 15 && memcmp(magic.p, "openssh-key-v1", 15) == 0 && keys >= 1 && secret.n >= 32;
}

/* A secret key packet, old or new form; what follows it is more packets. */
static bool key_in_pgp(struct gh_span s)
{
	struct gh_rd r = gh_rd(s);
	uint8_t tag = gh_rd_u8(&r);
	bool fresh = (tag & 0xc0) == 0xc0;
	if ((tag & 0x80) == 0 || (fresh ? tag & 0x3fu : tag >> 2 & 15u) != 5)
		return false;
	uint64_t n;
	if (fresh) {
		uint8_t a = gh_rd_u8(&r);
		n = a < 192 ? a : a < 224 ? ((uint64_t)(a - 192) << 8) + gh_rd_u8(&r) + 192 : gh_rd_u32be(&r);
	} else {
		n = gh_rd_be(&r, (tag & 3) == 3 ? 1 : 1u << (tag & 3));
	}
	struct gh_span body = gh_rd_take(&r, n);
	return !r.bad && body.n >= 32 && body.p[0] >= 3 && body.p[0] <= 6;
}

static bool label_is(struct gh_span label, const char *word)
{
	return memmem(label.p, label.n, word, strlen(word)) != NULL;
}

/* Are the base64 digits in [from, end) such as chance makes, rather than words or a filling? */
static bool drawn(struct gh_span s, size_t from, size_t end)
{
	uint8_t text[GH_MIX_MAX];
	size_t n = 0;
	for (size_t i = from; i < end && n < sizeof text; i++)
		if (gh_c_alnum(s.p[i]) && !(i > from && s.p[i - 1] == '\\'))
			text[n++] = s.p[i];
	struct gh_span all = { text, n };
	return gh_mix_random(all, 64) && !gh_mix_filler(all, false);
}

bool gh_secret_pem(struct gh_span s, size_t at, struct gh_secret *out)
{
	uint8_t body[BODY];
	struct gh_span rest = gh_span_cut(s, at + 11, 64);
	const uint8_t *dash = rest.n == 0 ? NULL : memmem(rest.p, rest.n, "-----", 5);
	if (dash == NULL)
		return false;
	struct gh_span label = { rest.p, (size_t)(dash - rest.p) };
	if (!label_is(label, "PRIVATE KEY"))
		return false;
	size_t i = at + 11 + label.n + 5, end = i;
	struct gh_span head = gh_span_cut(s, i, 300);
	bool locked = head.n != 0 && memmem(head.p, head.n, "4,ENCRYPTED", 11) != NULL, legacy = locked;
	/* Headers end at an empty line; a version line of OpenPGP as well. */
	if (legacy || label_is(label, "PGP")) {
		static const char *const empty[] = { "\n\n", "\n\r\n", "\\n\\n" };
		size_t skip = 0;
		for (unsigned k = 0; k < 3 && skip == 0; k++) {
			const uint8_t *e = head.n == 0 ? NULL : memmem(head.p, head.n, empty[k], strlen(empty[k]));
			skip = e == NULL ? 0 : (size_t)(e - head.p) + strlen(empty[k]);
		}
		i += skip;
	}
	struct gh_span key = { body, body_of(s, i, body, BODY, &end) };
	bool pgp = label_is(label, "PGP"), is;
	if (legacy)
		is = key.n >= 48 && gh_mix_of(key).distinct >= 24;
	else if (pgp)
		is = key_in_pgp(key);
	else if (label_is(label, "OPENSSH"))
		is = key_in_openssh(key, &locked);
	else
		is = key_in_der(key, &locked);
	*out = (struct gh_secret){
		locked ? GH_SECRET_KEY_LOCKED : GH_SECRET_KEY, "private key (PEM)", { s.p + at, end - at }, NULL, 0
	};
	out->kind = pgp				 ? "OpenPGP private key"
		    : label_is(label, "OPENSSH") ? "OpenSSH private key"
		    : label_is(label, "RSA")	 ? "RSA private key"
		    : label_is(label, "EC ")	 ? "EC private key"
						 : out->kind;
	struct gh_span close = gh_span_cut(s, end, 8);
	/* Between both lines of the armour stands what chance made: cut, changed, or in a form that is not known here. */
	bool random = key.n >= 64 && drawn(s, i, end);
	if (!is && gh_span_starts(close, "-----END") && ((!legacy && !pgp && start_of_key(key)) || random)) {
		out->rule = GH_SECRET_PART;
		return true;
	}
	return is;
}

bool gh_secret_pem64(struct gh_span s, size_t at, struct gh_secret *out)
{
	uint8_t body[BODY];
	size_t end;
	struct gh_span text = { body, body_of(s, at, body, BODY, &end) };
	if (text.n < 64 || memcmp(text.p, "-----BEGIN ", 11) != 0 || !gh_secret_pem(text, 0, out))
		return false;
	out->value = (struct gh_span){ s.p + at, end - at };
	out->note = "in base64";
	return true;
}

bool gh_secret_putty(struct gh_span s, size_t at, struct gh_secret *out)
{
	struct gh_span t = gh_span_cut(s, at, 4096);
	const uint8_t *lines = memmem(t.p, t.n, "Private-Lines: ", 15);
	if (lines == NULL)
		return false;
	uint8_t body[BODY];
	size_t from = (size_t)(lines - t.p) + 15, end;
	while (from < t.n && gh_c_digit(t.p[from]))
		from++;
	if (body_of(t, from, body, BODY, &end) < 32) /* a key that is cut before its MAC is one all the same */
		return false;
	bool open = memmem(t.p, t.n, "Encryption: none", 16) != NULL;
	*out = (struct gh_secret){ open ? GH_SECRET_KEY : GH_SECRET_KEY_LOCKED,
				   "PuTTY private key",
				   { t.p, (size_t)(lines - t.p) + 15 },
				   NULL,
				   0 };
	return true;
}

bool gh_secret_jwk(struct gh_span s, size_t at, struct gh_secret *out)
{
	size_t from = at < 2048 ? 0 : at - 2048;
	struct gh_span t = gh_span_cut(s, from, at - from + 2048);
	const uint8_t *d = memmem(t.p, t.n, "\"d\"", 3);
	if (d == NULL)
		return false;
	size_t i = (size_t)(d - t.p) + 3, n = 0;
	while (i < t.n && (gh_c_space(t.p[i]) || t.p[i] == ':'))
		i++;
	if (i >= t.n || t.p[i++] != '"')
		return false;
	while (i + n < t.n && (gh_c_word(t.p[i + n]) || t.p[i + n] == '-'))
		n++;
	*out = (struct gh_secret){ GH_SECRET_KEY, "JSON Web Key with its private part", { t.p + i, n }, NULL, 0 };
	return n >= 32 && gh_mix_random(out->value, 32);
}
