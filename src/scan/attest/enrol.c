#include "scan/attest/enrol.h"

#include "crypto/tpmcred.h"
#include "os/file.h"
#include "scan/attest/enrol_side.h"
#include "scan/child.h"
#include "scan/tool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY = 128 << 20, SECONDS = 20, RECORDS = 4 };

struct hear {
	struct gh_enrol_challenge *out;
	struct gh_arena *a;
};

static const char *on_record(void *arg, const struct gh_tool_record *r)
{
	struct hear *h = arg;
	struct gh_span id, secret;
	switch (r->kind) {
	case GH_ENROL_SAY_NAME: h->out->ak_name = gh_child_text(h->a, r->text); return NULL;
	case GH_ENROL_SAY_ABOUT: h->out->about = gh_child_text(h->a, r->text); return NULL;
	case GH_ENROL_SAY_CHALLENGE:
		if (h->out->bytes.n != 0 || !gh_tpm_credential_open(r->text, &id, &secret))
			return "a challenge that is none";
		h->out->bytes = gh_keep(h->a, r->text);
		return NULL;
	default: return "a record of a kind that does not exist";
	}
}

static enum gh_rc open_file(const char *path, uint64_t tag, struct gh_tool_input *in, struct gh_err *err)
{
	struct stat st;
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == EINVAL ? gh_fail(err, GH_E_IO, "'%.100s' is no regular file", path)
				       : gh_fail_sys(err, errno, "'%.100s'", path);
	*in = (struct gh_tool_input){ .fd = fd, .name = path, .tag = tag };
	return GH_OK;
}

enum gh_rc gh_enrol_challenge(const char *ek, const char *ak, const uint8_t secret[GH_ENROL_SECRET], struct gh_arena *a,
			      struct gh_enrol_challenge *out, struct gh_err *err)
{
	struct gh_tool_input in[2] = { { .fd = -1 }, { .fd = -1 } };
	struct gh_enrol_args args;
	struct hear h = { out, a };
	*out = (struct gh_enrol_challenge){ .ak_name = "", .about = "" };
	memcpy(args.secret, secret, sizeof args.secret);
	enum gh_rc rc = open_file(ek, GH_ENROL_TAG_EK, &in[0], err);
	rc = rc == GH_OK ? open_file(ak, GH_ENROL_TAG_AK, &in[1], err) : rc;
	const struct gh_tool_job run = { .mode = "enrol",
					 .input = in,
					 .ninput = 2,
					 .output = -1,
					 .args = { (const uint8_t *)&args, sizeof args },
					 .memory = MEMORY,
					 .seconds = SECONDS,
					 .records = RECORDS,
					 .on_record = on_record,
					 .arg = &h };
	rc = rc == GH_OK ? gh_tool_run(&run, err) : rc;
	explicit_bzero(&args, sizeof args);
	for (size_t i = 0; i < 2; i++)
		if (in[i].fd >= 0)
			close(in[i].fd);
	if (rc == GH_OK && (out->bytes.n == 0 || out->bytes.p == NULL || out->ak_name[0] == '\0'))
		return gh_fail(err, GH_E_BUG, "the worker did not say everything");
	return rc;
}
