/* CBOR, COSE_Sign1 and the payload of a Nitro document: any bytes are read or refused; what is signed is made from any of it. */
#include "attest/cose.h"
#include "attest/nitro_doc.h"
#include "wire/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gh_span s = { data, size };
	struct gh_rd r = gh_rd(s);
	struct gh_cose_sign1 c;
	struct gh_nitro_doc d;
	while (gh_rd_left(&r) != 0)
		gh_cbor_skip(&r);
	if (gh_cose_sign1_read(s, &c, NULL) == GH_OK) {
		gh_auto_buf b = gh_buf(1 << 20);
		gh_cose_sign1_message(&c, &b);
		(void)gh_nitro_doc_read(c.payload, &d, NULL);
	}
	(void)gh_nitro_doc_read(s, &d, NULL);
	return 0;
}
