#include "format/held.h"

#include "base/utf8.h"
#include "format/encoded.h"

enum { BLOB_MIN = 16 };

struct gh_held gh_held(struct gh_walk *w, const struct gh_rule *rules, size_t first_sign)
{
	return (struct gh_held){ .w = w,
				 .rules = rules,
				 .first_sign = first_sign,
				 .role = "value",
				 .texts_left = 4096,
				 .signs_left = 16,
				 .found_left = 32,
				 .blobs_left = 1024 };
}

void gh_held_claim(struct gh_held *h, uint64_t off)
{
	if (off > h->claimed) {
		gh_claim(h->w, h->claimed, off - h->claimed, GH_CLAIM_STRUCT);
		h->claimed = off;
	}
}

static enum gh_rc as_member(struct gh_held *h, struct gh_span key, uint64_t off, uint64_t len, bool raw)
{
	gh_held_claim(h, off);
	h->claimed = off + len;
	if (h->blobs_left == 0) {
		gh_claim(h->w, off, len, GH_CLAIM_FREE);
		return GH_OK;
	}
	h->blobs_left--;
	struct gh_member m = { .how = GH_MEMBER_NESTED, .name = key, .role = h->role, .raw = raw };
	return gh_member_range(h->w, m, off, len);
}

static enum gh_rc encoded(struct gh_held *h, struct gh_span key, uint64_t off, uint64_t len)
{
	struct gh_encoded e;
	gh_encoded_open(&e, h->w, key, off, len, &h->found_left);
	for (uint64_t at = 0; at < len;) {
		struct gh_span s = gh_src_window(h->w->src, off + at,
						 len - at < GH_CUR_WINDOW ? (size_t)(len - at) : GH_CUR_WINDOW);
		if (s.n == 0)
			break;
		gh_encoded_put(&e, s);
		at += s.n;
	}
	enum gh_rc rc = gh_encoded_close(&e);
	if (e.code && h->signs_left > 0) {
		h->signs_left--;
		gh_anomaly(h->w, &h->rules[h->first_sign + GH_SIGN_ENCODED], off, len,
			   "in \"%s\": program text in base64 or hex", gh_safe(key).s);
	}
	return rc;
}

enum gh_rc gh_held_text(struct gh_held *h, struct gh_span key, uint64_t off, uint64_t len)
{
	if (len == 0)
		return GH_OK;
	enum gh_rc rc = len >= GH_ENCODED_LEAST ? encoded(h, key, off, len) : GH_OK;
	if (rc != GH_OK)
		return rc;
	size_t n = len < GH_WINDOW_MAX ? (size_t)len : GH_WINDOW_MAX;
	struct gh_span text = gh_src_window(h->w->src, off, n);
	if (text.n != n)
		return gh_fail(h->w->err, h->w->src->fail != GH_OK ? h->w->src->fail : GH_E_IO, "a text");
	bool utf8 = gh_utf8_valid(gh_span_cut(text, 0, n == len ? n : n - 4));
	if (h->signs_left > 0 && gh_signs_report(h->w, h->rules, h->first_sign, key, text, off, len) != 0)
		h->signs_left--;
	if (len > GH_WINDOW_MAX || (!utf8 && len >= BLOB_MIN))
		return as_member(h, key, off, len, !utf8);
	if (h->texts_left == 0)
		return GH_OK;
	h->texts_left--;
	struct gh_text t = { .role = "metadata", .key = key, .text = text };
	return gh_emit(h->w, GH_EV_TEXT, off, len, &t);
}

enum gh_rc gh_held_bytes(struct gh_held *h, struct gh_span key, uint64_t off, uint64_t len)
{
	return len < BLOB_MIN ? GH_OK : as_member(h, key, off, len, true);
}

enum gh_rc gh_held_tensor(struct gh_held *h, const struct gh_tensor *t, uint64_t off, uint64_t len)
{
	gh_held_claim(h, off);
	h->claimed = off + len;
	if (len == 0)
		return GH_OK;
	gh_claim(h->w, off, len, GH_CLAIM_DATA);
	return gh_emit(h->w, GH_EV_TENSOR, off, len, t);
}
