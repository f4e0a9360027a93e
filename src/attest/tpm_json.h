/* tpm_json.h - quotes inside of JSON: { "tpm_quote": { "message", "signature", "pcrs": [24] } }. Binary members come as arrays of
 * numbers, hexadecimal or base64 (both alphabets, padded or not): the same bytes, spelt by different clients. */
#ifndef GH_ATTEST_TPM_JSON_H
#define GH_ATTEST_TPM_JSON_H
#include "attest/tpm_quote.h"
#include "wire/jdom.h"

/* NULL: read; spans lie in the arena. Else what is wrong. */
const char *gh_tpm_json(struct gh_span text, struct gh_arena *a, struct gh_span *quote, struct gh_span *signature,
			const struct gh_jval **pcrs, bool *own_key);
const char *gh_tpm_json_quote(const struct gh_jval *tpm_quote, struct gh_arena *a, struct gh_span *quote,
			      struct gh_span *signature, const struct gh_jval **pcrs);
/* 24 values of one bank, of which the quote's are taken: it must be over that bank alone. */
const char *gh_tpm_json_pcrs(const struct gh_jval *list, const struct gh_tpm_quote *q, struct gh_arena *a,
			     struct gh_tpm_pcrs *out);
/* Has the object no member but these (ends with NULL)? What nobody reads, nobody signs. */
bool gh_json_only(const struct gh_jval *v, const char *const *names);
/* Bytes in any of the spellings. False: none of them, or no memory. */
bool gh_json_bytes(const struct gh_jval *v, struct gh_arena *a, struct gh_span *out);
#endif
