#include "attest/nitro_doc.h"

#include "wire/cbor.h"

enum { MODULE_ID = 256 };
enum field { F_MODULE, F_DIGEST, F_TIME, F_PCRS, F_CERT, F_BUNDLE, F_KEY, F_DATA, F_NONCE, FIELDS };
static const char *const names[FIELDS] = { "module_id", "digest",     "timestamp", "pcrs", "certificate",
					   "cabundle",	"public_key", "user_data", "nonce" };
enum { NEEDED = 1 << F_MODULE | 1 << F_DIGEST | 1 << F_TIME | 1 << F_PCRS | 1 << F_CERT | 1 << F_BUNDLE };

/* null, or bytes up to a size. */
static bool optional(struct gh_rd *r, struct gh_span *out, size_t max)
{
	if (gh_cbor_null(r))
		return true;
	*out = gh_cbor_string(r, GH_CBOR_BYTES);
	return !r->bad && out->n <= max;
}

static bool pcrs(struct gh_rd *r, struct gh_nitro_doc *d)
{
	uint64_t n = gh_cbor_count(r, GH_CBOR_MAP);
	if (r->bad || n == 0 || n > GH_NITRO_PCRS)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = gh_cbor_count(r, GH_CBOR_UINT);
		struct gh_span v = gh_cbor_string(r, GH_CBOR_BYTES);
		if (r->bad || at >= GH_NITRO_PCRS || d->pcr[at].n != 0 || (v.n != 32 && v.n != 48 && v.n != 64))
			return false;
		d->pcr[at] = v;
	}
	return true;
}

static bool bundle(struct gh_rd *r, struct gh_nitro_doc *d)
{
	uint64_t n = gh_cbor_count(r, GH_CBOR_ARRAY);
	if (r->bad || n == 0 || n > GH_NITRO_BUNDLE)
		return false;
	for (; d->nbundle < n; d->nbundle++) {
		struct gh_span c = gh_cbor_string(r, GH_CBOR_BYTES);
		if (r->bad || c.n == 0 || c.n > GH_NITRO_CERT)
			return false;
		d->bundle[d->nbundle] = c;
	}
	return true;
}

static bool field(struct gh_rd *r, enum field f, struct gh_nitro_doc *d)
{
	switch (f) {
	case F_MODULE:
		d->module_id = gh_cbor_string(r, GH_CBOR_TEXT);
		return !r->bad && d->module_id.n != 0 && d->module_id.n <= MODULE_ID;
	case F_DIGEST: return gh_span_is(gh_cbor_string(r, GH_CBOR_TEXT), "SHA384");
	case F_TIME: d->timestamp = gh_cbor_count(r, GH_CBOR_UINT); return !r->bad && d->timestamp != 0;
	case F_PCRS: return pcrs(r, d);
	case F_CERT:
		d->certificate = gh_cbor_string(r, GH_CBOR_BYTES);
		return !r->bad && d->certificate.n != 0 && d->certificate.n <= GH_NITRO_CERT;
	case F_BUNDLE: return bundle(r, d);
	case F_KEY: return optional(r, &d->public_key, GH_NITRO_KEY);
	case F_DATA: return optional(r, &d->user_data, GH_NITRO_DATA);
	case F_NONCE: return optional(r, &d->nonce, GH_NITRO_DATA);
	case FIELDS: break;
	}
	return false;
}

enum gh_rc gh_nitro_doc_read(struct gh_span payload, struct gh_nitro_doc *d, struct gh_err *err)
{
	struct gh_rd r = gh_rd(payload);
	uint64_t n = gh_cbor_count(&r, GH_CBOR_MAP);
	unsigned seen = 0;
	*d = (struct gh_nitro_doc){ 0 };
	if (r.bad || n > FIELDS)
		return gh_fail(err, GH_E_MALFORMED, "the payload is no map, or one of more than %d entries", FIELDS);
	for (uint64_t i = 0; i < n; i++) {
		struct gh_span key = gh_cbor_string(&r, GH_CBOR_TEXT);
		unsigned f = 0;
		while (f < FIELDS && !gh_span_is(key, names[f]))
			f++;
		if (r.bad || f == FIELDS)
			return gh_fail(err, GH_E_MALFORMED, "entry %u of the payload has a key that is not known",
				       (unsigned)i);
		if ((seen & 1U << f) != 0)
			return gh_fail(err, GH_E_MALFORMED, "%s comes twice", names[f]);
		seen |= 1U << f;
		if (!field(&r, (enum field)f, d))
			return gh_fail(err, GH_E_MALFORMED, "%s is malformed", names[f]);
	}
	if (!gh_rd_done(&r))
		return gh_fail(err, GH_E_MALFORMED, "bytes stand behind the payload's map");
	for (unsigned f = 0; f < FIELDS; f++)
		if ((NEEDED & 1 << f) != 0 && (seen & 1U << f) == 0)
			return gh_fail(err, GH_E_MALFORMED, "%s is missing", names[f]);
	return GH_OK;
}
