/* sigv4.c - the canonical request, the string to sign, the derived key. */
#include "crypto/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

enum { HASH = 32, SCOPE = 160 };

static void encode(struct gh_span s, const char *keep, struct gh_buf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			     c == '.' || c == '_' || c == '~' || (c != 0 && strchr(keep, c) != NULL);
		if (plain) {
			gh_buf_ch(out, (char)c);
		} else {
			gh_buf_ch(out, '%');
			gh_buf_ch(out, hex[c >> 4]);
			gh_buf_ch(out, hex[c & 15]);
		}
	}
}

void gh_sigv4_path(struct gh_span path, struct gh_buf *out)
{
	if (path.n == 0)
		gh_buf_ch(out, '/');
	encode(path, "/", out);
}

/* Indices in the order of the names; parameters of one name in the order of their values. What is sorted is the encoded form,
 * as the specification asks: encoding keeps the order of unreserved characters only. */
static bool order(const struct gh_sigv4_pair *p, size_t n, bool values, uint8_t at[GH_SIGV4_PAIRS])
{
	if (n > GH_SIGV4_PAIRS)
		return false;
	struct gh_buf made[GH_SIGV4_PAIRS];
	bool good = true;
	for (size_t i = 0; i < n; i++) {
		made[i] = gh_buf(GH_SIGV4_TEXT);
		encode(gh_span_str(p[i].name), "", &made[i]);
		if (values) {
			gh_buf_ch(
				&made[i],
				1); /* below every encoded character: a name that is another one's beginning sorts first */
			encode(p[i].value, "", &made[i]);
		}
		good = good && !made[i].full;
		size_t k = i;
		for (; k > 0 && strcmp(gh_buf_cstr(&made[at[k - 1]]), gh_buf_cstr(&made[i])) > 0; k--)
			at[k] = at[k - 1];
		at[k] = (uint8_t)i;
	}
	for (size_t i = 0; i < n; i++)
		gh_buf_free(&made[i]);
	return good;
}

bool gh_sigv4_query(const struct gh_sigv4_pair *query, size_t n, struct gh_buf *out)
{
	uint8_t at[GH_SIGV4_PAIRS];
	if (!order(query, n, true, at))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			gh_buf_ch(out, '&');
		encode(gh_span_str(query[at[i]].name), "", out);
		gh_buf_ch(out, '=');
		encode(query[at[i]].value, "", out);
	}
	return !out->full;
}

/* A header's value without blanks at its ends, and with one blank where several were. */
static bool put_value(struct gh_span v, struct gh_buf *out)
{
	while (v.n > 0 && v.p[0] == ' ')
		v = gh_span_cut(v, 1, v.n);
	while (v.n > 0 && v.p[v.n - 1] == ' ')
		v.n--;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < ' ' || v.p[i] > '~')
			return false;
		if (v.p[i] != ' ' || v.p[i - 1] != ' ')
			gh_buf_ch(out, (char)v.p[i]);
	}
	return true;
}

static bool put_headers(const struct gh_sigv4_request *r, struct gh_buf *canon, struct gh_buf *names)
{
	uint8_t at[GH_SIGV4_PAIRS];
	bool host = false;
	if (!order(r->header, r->nheader, false, at))
		return false;
	for (size_t i = 0; i < r->nheader; i++) {
		const struct gh_sigv4_pair *h = &r->header[at[i]];
		if (i > 0 && strcmp(r->header[at[i - 1]].name, h->name) == 0)
			return false;
		host = host || strcmp(h->name, "host") == 0;
		gh_buf_str(canon, h->name);
		gh_buf_ch(canon, ':');
		if (!put_value(h->value, canon))
			return false;
		gh_buf_ch(canon, '\n');
		if (i > 0)
			gh_buf_ch(names, ';');
		gh_buf_str(names, h->name);
	}
	return host;
}

static bool put_hash(struct gh_span s, struct gh_buf *out)
{
	uint8_t d[HASH];
	if (EVP_Digest(s.p == NULL ? (const void *)"" : s.p, s.n, d, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (size_t i = 0; i < HASH; i++)
		gh_buf_fmt(out, "%02x", d[i]);
	return true;
}

static bool mac(const uint8_t *key, size_t nkey, const char *text, uint8_t out[HASH])
{
	unsigned n = 0;
	return HMAC(EVP_sha256(), key, (int)nkey, (const uint8_t *)text, strlen(text), out, &n) != NULL && n == HASH;
}

/* HMAC over date, region, service and "aws4_request" in turn, starting with "AWS4" + secret. */
static bool sign(const struct gh_sigv4_request *r, const char *day, const char *text, uint8_t out[HASH])
{
	uint8_t first[4 + 256] = "AWS4", a[HASH], b[HASH];
	size_t n = strlen(r->secret);
	if (n > sizeof first - 4)
		return false;
	memcpy(first + 4, r->secret, n);
	bool good = mac(first, n + 4, day, a) && mac(a, HASH, r->region, b) && mac(b, HASH, r->service, a) &&
		    mac(a, HASH, "aws4_request", b) && mac(b, HASH, text, out);
	OPENSSL_cleanse(first, sizeof first);
	OPENSSL_cleanse(a, sizeof a);
	OPENSSL_cleanse(b, sizeof b);
	return good;
}

bool gh_sigv4_authorize(const struct gh_sigv4_request *r, struct gh_buf *out)
{
	gh_auto_buf canon = gh_buf(GH_SIGV4_TEXT * 4);
	gh_auto_buf names = gh_buf(GH_SIGV4_TEXT);
	gh_auto_buf text = gh_buf(GH_SIGV4_TEXT);
	char scope[SCOPE], day[9];
	uint8_t tag[HASH];
	if (strlen(r->stamp) != GH_SIGV4_STAMP)
		return false;
	memcpy(day, r->stamp, 8);
	day[8] = '\0';
	int n = snprintf(scope, sizeof scope, "%s/%s/%s/aws4_request", day, r->region, r->service);
	if (n < 0 || (size_t)n >= sizeof scope)
		return false;

	gh_buf_str(&canon, r->method);
	gh_buf_ch(&canon, '\n');
	gh_sigv4_path(r->path, &canon);
	gh_buf_ch(&canon, '\n');
	if (!gh_sigv4_query(r->query, r->nquery, &canon))
		return false;
	gh_buf_ch(&canon, '\n');
	if (!put_headers(r, &canon, &names))
		return false;
	gh_buf_fmt(&canon, "\n%s\n%s", gh_buf_cstr(&names), r->payload);

	gh_buf_fmt(&text, "AWS4-HMAC-SHA256\n%s\n%s\n", r->stamp, scope);
	if (canon.full || names.full || !put_hash(gh_buf_view(&canon), &text) || text.full)
		return false;
	if (!sign(r, day, gh_buf_cstr(&text), tag))
		return false;
	gh_buf_fmt(out, "AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=", r->access, scope,
		   gh_buf_cstr(&names));
	for (size_t i = 0; i < HASH; i++)
		gh_buf_fmt(out, "%02x", tag[i]);
	return !out->full;
}

bool gh_sigv4_stamp(int64_t seconds, char out[GH_SIGV4_STAMP + 1])
{
	if (seconds < 0 || seconds >= 253402300800)
		return false;
	/* Days to a date: era of 400 years, years that begin in March. */
	int64_t days = seconds / 86400, rest = seconds % 86400;
	int64_t z = days + 719468, era = z / 146097, doe = z % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	unsigned day = (unsigned)(doy - (153 * mp + 2) / 5 + 1), month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	unsigned year = (unsigned)(yoe + era * 400 + (month <= 2));
	char text[64];
	int n = snprintf(text, sizeof text, "%04u%02u%02uT%02u%02u%02uZ", year, month, day, (unsigned)(rest / 3600),
			 (unsigned)(rest / 60 % 60), (unsigned)(rest % 60));
	if (n != GH_SIGV4_STAMP)
		return false;
	memcpy(out, text, GH_SIGV4_STAMP + 1);
	return true;
}
