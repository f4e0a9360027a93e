#include "crypto/bundle.h"

#include "wire/b64.h"

void gh_bundle_write(struct gh_buf *out, const struct gh_bundle_out *b)
{
	gh_buf_str(out, "{\"mediaType\":\"" GH_BUNDLE_V03 "\",\"verificationMaterial\":{");
	if (b->hint != NULL) {
		gh_buf_str(out, "\"publicKey\":{\"hint\":");
		gh_buf_json(out, gh_span_str(b->hint));
	} else {
		gh_buf_str(out, "\"x509CertificateChain\":{\"certificates\":[");
		for (size_t i = 0; i < b->ncert; i++) {
			gh_buf_str(out, i == 0 ? "{\"rawBytes\":\"" : ",{\"rawBytes\":\"");
			gh_b64_put(out, b->cert[i]);
			gh_buf_str(out, "\"}");
		}
		gh_buf_ch(out, ']');
	}
	/* Readers of the model signing specification want the list, empty as it is. */
	gh_buf_str(out, "},\"tlogEntries\":[]},\"dsseEnvelope\":");
	gh_dsse_write(out, b->type, b->payload, b->sig, b->nsig);
	gh_buf_str(out, "}\n");
}
