/* Numbers and strings in R's three encodings. Everything that fails stops the walk (r->failed) and then reads as zero. */
#include "base/buf.h"
#include "format/rdata/rdata.h"

enum { WORD_MAX = 100 }; /* as in R */

static void cut(struct rdata *r)
{
	if (r->failed)
		return;
	if (r->w->src->fail != GH_OK) {
		rd_stop(r, r->w->src->fail, "the bytes could not be read");
		return;
	}
	rd_say(r, RD_A_CUT, r->w->src->size, 0, "within an object");
	rd_stop(r, GH_E_MALFORMED, "the data end within an object");
}

static bool space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next word of the text encoding; how many bytes it has, 0 when there is none. */
static size_t word(struct rdata *r, char out[WORD_MAX])
{
	size_t n = 0;
	const uint8_t *p;
	while ((p = gh_cur_peek(&r->c, 1)) != NULL && space(*p))
		r->c.at++;
	while (!r->c.bad && gh_cur_left(&r->c) > 0 && (p = gh_cur_peek(&r->c, 1)) != NULL && !space(*p)) {
		if (n == WORD_MAX - 1) {
			rd_say(r, RD_A_TEXT, gh_cur_off(&r->c), 0, "a number of more than %d characters", WORD_MAX);
			rd_stop(r, GH_E_MALFORMED, "not a number");
			return 0;
		}
		if (*p == '\0')
			break;
		out[n++] = (char)*p;
		r->c.at++;
	}
	out[n] = '\0';
	if (gh_cur_left(&r->c) > 0 && (p = gh_cur_peek(&r->c, 1)) != NULL && *p == '\0') {
		rd_say(r, RD_A_TEXT, gh_cur_off(&r->c), 1, "a zero byte");
		rd_stop(r, GH_E_MALFORMED, "a zero byte in text");
		return 0;
	}
	if (n == 0)
		cut(r);
	return n;
}

static void not_number(struct rdata *r, const char *s)
{
	rd_say(r, RD_A_TEXT, gh_cur_off(&r->c), 0, "\"%s\" is no number", gh_safe(gh_span_str(s)).s);
	rd_stop(r, GH_E_MALFORMED, "text where a number should be");
}

static int32_t word_int(struct rdata *r)
{
	char s[WORD_MAX];
	if (word(r, s) == 0)
		return 0;
	if (strcmp(s, "NA") == 0)
		return INT32_MIN;
	int64_t v = 0;
	size_t i = s[0] == '-' || s[0] == '+';
	for (; s[i] >= '0' && s[i] <= '9' && v <= INT32_MAX; i++)
		v = v * 10 + (s[i] - '0');
	if (s[i] != '\0' || v > INT32_MAX || (i == 1 && (s[0] == '-' || s[0] == '+'))) {
		not_number(r, s);
		return 0;
	}
	return (int32_t)(s[0] == '-' ? -v : v);
}

/* A real as R prints it: decimal, hexadecimal, NA, NaN, Inf, -Inf. */
static void word_real(struct rdata *r)
{
	char s[WORD_MAX];
	if (word(r, s) == 0)
		return;
	if (strspn(s, "0123456789abcdefABCDEFxXpP+-.") == strlen(s) || strcmp(s, "NA") == 0 || strcmp(s, "NaN") == 0 ||
	    strcmp(s, "Inf") == 0 || strcmp(s, "-Inf") == 0)
		return;
	not_number(r, s);
}

static uint8_t hex(char c) { return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); }

static uint8_t word_raw(struct rdata *r)
{
	char s[WORD_MAX];
	if (word(r, s) == 0)
		return 0;
	if (strlen(s) <= 2 && strspn(s, "0123456789abcdefABCDEF") == strlen(s))
		return (uint8_t)(s[1] == '\0' ? hex(s[0]) : hex(s[0]) << 4 | hex(s[1]));
	not_number(r, s);
	return 0;
}

int32_t rd_int(struct rdata *r)
{
	if (r->failed)
		return 0;
	if (r->enc == RD_ASCII)
		return word_int(r);
	const uint8_t *p = gh_cur_take(&r->c, 4);
	if (p == NULL) {
		cut(r);
		return 0;
	}
	return (int32_t)(r->enc == RD_LITTLE ? gh_le32(p) : gh_be32(p));
}

bool rd_fits(struct rdata *r, uint64_t n, unsigned width)
{
	uint64_t left = gh_cur_left(&r->c);
	/* A word of text has a digit and a separator; the last one may go without. */
	if (r->enc == RD_ASCII)
		width = 2, left++;
	if (r->failed)
		return false;
	if (n <= left / width)
		return true;
	rd_say(r, RD_A_LENGTH, gh_cur_off(&r->c), 0, "%llu elements with %llu bytes left", (unsigned long long)n,
	       (unsigned long long)left);
	rd_stop(r, GH_E_MALFORMED, "a length of %llu", (unsigned long long)n);
	return false;
}

uint64_t rd_len(struct rdata *r)
{
	int32_t n = rd_int(r);
	if (n >= 0 || r->failed)
		return (uint64_t)n;
	uint64_t off = gh_cur_off(&r->c);
	uint32_t hi = n == -1 ? (uint32_t)rd_int(r) : UINT32_MAX, lo = n == -1 ? (uint32_t)rd_int(r) : 0;
	if (!r->failed && (n < -1 || hi > 65536)) { /* R's own limit is 2^48 elements */
		rd_say(r, RD_A_LENGTH, off, 0, "a length of %d", n);
		rd_stop(r, GH_E_MALFORMED, "a negative length");
	}
	return r->failed ? 0 : (uint64_t)hi << 32 | lo;
}

/* One character of a string in the text encoding, escapes resolved. */
static int text_char(struct rdata *r)
{
	static const char from[] = "ntvbrfa\\?'\"", to[] = "\n\t\v\b\r\f\a\\?'\"";
	const uint8_t *p = gh_cur_take(&r->c, 1);
	if (p == NULL || *p != '\\')
		return p == NULL ? -1 : *p;
	p = gh_cur_take(&r->c, 1);
	if (p == NULL)
		return -1;
	const char *e = *p == '\0' ? NULL : strchr(from, *p);
	if (e != NULL)
		return (uint8_t)to[e - from];
	if (*p < '0' || *p > '7')
		return *p;
	unsigned v = *p - (unsigned)'0';
	for (unsigned i = 0;
	     i < 2 && gh_cur_left(&r->c) > 0 && (p = gh_cur_peek(&r->c, 1)) != NULL && *p >= '0' && *p <= '7'; i++) {
		v = v * 8 + (*p - (unsigned)'0');
		r->c.at++;
	}
	return (int)(v & 0xff);
}

struct gh_span rd_chars(struct rdata *r, uint64_t n)
{
	size_t kept = 0;
	if (r->failed || !rd_fits(r, r->enc == RD_ASCII ? n / 2 : n, 1))
		return (struct gh_span){ 0 };
	if (r->enc == RD_ASCII) {
		const uint8_t *p;
		while (n > 0 && (p = gh_cur_peek(&r->c, 1)) != NULL && space(*p))
			r->c.at++;
		for (uint64_t i = 0; i < n; i++) {
			int c = text_char(r);
			if (c < 0) {
				cut(r);
				return (struct gh_span){ 0 };
			}
			if (kept < RD_TEXT)
				r->text[kept++] = (uint8_t)c;
		}
		return (struct gh_span){ r->text, kept };
	}
	kept = n < RD_TEXT ? (size_t)n : RD_TEXT;
	const uint8_t *p = gh_cur_peek(&r->c, kept);
	if (p == NULL) {
		cut(r);
		return (struct gh_span){ 0 };
	}
	memcpy(r->text, p, kept);
	gh_cur_skip(&r->c, n);
	return (struct gh_span){ r->text, kept };
}

bool rd_elements(struct rdata *r, uint64_t n, unsigned width)
{
	if (!rd_fits(r, n, width))
		return false;
	if (r->enc != RD_ASCII) {
		gh_cur_skip(&r->c, n * width);
		return true;
	}
	for (uint64_t i = 0; i < n && !r->failed; i++)
		switch (width) {
		case 4: (void)word_int(r); break;
		case 16: word_real(r); /* fall through */
		default: word_real(r); break;
		}
	return !r->failed;
}

void rd_text_raw(struct rdata *r, uint64_t n, struct gh_member m)
{
	uint8_t part[256];
	uint64_t off = gh_cur_off(&r->c);
	if (!rd_fits(r, n, 1))
		return;
	const struct gh_sink_ops *ops = r->w->sink->ops;
	struct gh_spool *sp = ops->spool_open(r->w->sink, n);
	enum gh_rc rc = sp == NULL ? GH_E_NOMEM : GH_OK;
	while (n > 0 && rc == GH_OK && !r->failed) {
		size_t k = 0;
		for (; n > 0 && k < sizeof part; n--)
			part[k++] = word_raw(r);
		rc = ops->spool_put(sp, (struct gh_span){ part, k });
	}
	if (rc == GH_OK && !r->failed) {
		m.src = ops->spool_src(sp);
		rc = gh_emit(r->w, GH_EV_MEMBER, off, gh_cur_off(&r->c) - off, &m);
	}
	if (sp != NULL)
		ops->spool_close(sp);
	if (rc != GH_OK)
		rd_stop(r, rc, "a raw vector");
}
