#include "wire/tar.h"

bool gh_tar_number(struct gh_span f, uint64_t *out)
{
	uint64_t v = 0;
	*out = 0;
	if (f.n != 0 && (f.p[0] & 0x80) != 0) { /* base-256: big-endian; 0xff… would be negative */
		if (f.p[0] != 0x80)
			return false;
		for (size_t i = 1; i < f.n; i++) {
			if (v >> 56 != 0)
				return false;
			v = v << 8 | f.p[i];
		}
		*out = v;
		return true;
	}
	size_t i = 0, end = f.n;
	while (i < end && f.p[i] == ' ')
		i++;
	while (end > i && (f.p[end - 1] == ' ' || f.p[end - 1] == 0))
		end--;
	for (; i < end; i++) {
		if (f.p[i] < '0' || f.p[i] > '7' || v >> 61 != 0)
			return false;
		v = v << 3 | (uint64_t)(f.p[i] - '0');
	}
	*out = v;
	return true;
}

/* The field up to its first NUL; *after: what stands behind that NUL. */
static struct gh_span text(struct gh_span block, size_t off, size_t n, struct gh_span *after)
{
	struct gh_span f = gh_span_cut(block, off, n);
	const uint8_t *nul = memchr(f.p, 0, f.n);
	size_t len = nul == NULL ? f.n : (size_t)(nul - f.p);
	if (after != NULL)
		*after = gh_span_cut(f, len + 1, f.n);
	return gh_span_cut(f, 0, len);
}

static bool sum_fits(struct gh_span b, bool *as_signed)
{
	uint64_t want, plain = 0;
	int64_t with_sign = 0;
	bool zero = true;
	for (size_t i = 0; i < GH_TAR_BLOCK; i++) {
		uint8_t c = i >= 148 && i < 156 ? ' ' : b.p[i];
		plain += c;
		with_sign += (int8_t)c;
		zero = zero && b.p[i] == 0;
	}
	if (zero || !gh_tar_number(gh_span_cut(b, 148, 8), &want))
		return false;
	*as_signed = want != plain;
	return want == plain || (with_sign >= 0 && want == (uint64_t)with_sign);
}

bool gh_tar_header(struct gh_span in, struct gh_tar_header *out)
{
	struct gh_span b = gh_span_cut(in, 0, GH_TAR_BLOCK);
	uint64_t unused;
	*out = (struct gh_tar_header){ 0 };
	if (b.n < GH_TAR_BLOCK || !sum_fits(b, &out->signed_sum))
		return false;
	if (memcmp(b.p + 257, "ustar\0", 6) == 0)
		out->dialect = GH_TAR_USTAR;
	else if (memcmp(b.p + 257, "ustar ", 6) == 0)
		out->dialect = GH_TAR_GNU;
	out->name = text(b, 0, 100, &out->after_name);
	out->link = text(b, 157, 100, &out->after_link);
	out->type = b.p[156] == 0 ? '0' : b.p[156];
	out->bad_size = !gh_tar_number(gh_span_cut(b, 124, 12), &out->size);
	out->odd_number = !gh_tar_number(gh_span_cut(b, 100, 8), &out->mode) ||
			  !gh_tar_number(gh_span_cut(b, 108, 8), &unused) ||
			  !gh_tar_number(gh_span_cut(b, 116, 8), &unused);
	if (out->dialect == GH_TAR_V7)
		return true;
	(void)gh_tar_number(gh_span_cut(b, 329, 8), &out->devmajor);
	(void)gh_tar_number(gh_span_cut(b, 337, 8), &out->devminor);
	if (out->dialect == GH_TAR_USTAR)
		out->prefix = text(b, 345, 155, NULL);
	return true;
}

bool gh_tar_probe(struct gh_span head)
{
	struct gh_tar_header h;
	return gh_tar_header(head, &h);
}

bool gh_tar_decimal(struct gh_span *in, uint8_t stop, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;
	for (; i < in->n && in->p[i] != stop; i++) {
		uint8_t c = in->p[i];
		if (c < '0' || c > '9' || v > (UINT64_MAX - (uint64_t)(c - '0')) / 10)
			return false;
		v = v * 10 + (uint64_t)(c - '0');
	}
	if (i == 0)
		return false;
	size_t eat = i < in->n ? i + 1 : i;
	*in = gh_span_cut(*in, eat, in->n);
	*out = v;
	return true;
}

int gh_tar_pax_next(struct gh_span *in, struct gh_span *key, struct gh_span *value)
{
	if (in->n == 0)
		return 0;
	struct gh_span rest = *in;
	uint64_t len;
	const uint8_t *blank = memchr(rest.p, ' ', rest.n < 21 ? rest.n : 21);
	if (blank == NULL || !gh_tar_decimal(&rest, ' ', &len))
		return -1;
	size_t digits = in->n - rest.n;
	if (len > in->n || len < digits + 2)
		return -1;
	struct gh_span rec = { rest.p, (size_t)len - digits };
	const uint8_t *eq = memchr(rec.p, '=', rec.n);
	if (eq == NULL || rec.p[rec.n - 1] != '\n')
		return -1;
	*key = (struct gh_span){ rec.p, (size_t)(eq - rec.p) };
	*value = (struct gh_span){ eq + 1, rec.n - key->n - 2 };
	*in = gh_span_cut(*in, len, in->n);
	return 1;
}
