/* import.renew: the process that imports is alive, and says so every few seconds. A name whose import died is free again when it
 * was silent for GH_IMPORT_LEASE seconds. */
#include "api/op_lease.h"
#include "api/ops.h"
#include "catalog/versions.h"

static enum gh_rc renew(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_id version = gh_id(gh_span_str(gh_in_text(r->in, "version", "")));
	struct gh_id owner = gh_id(gh_span_str(gh_in_text(r->in, "owner", "")));
	return gh_version_renew(r->cat->db, &version, &owner, r->now + GH_IMPORT_LEASE, err);
}

static const struct gh_op_field renew_in[] = {
	{ "version", GH_IN_ID, true, "the version" },
	{ "owner", GH_IN_ID, true, "of the lease" },
	{ 0 },
};
/* Who knows the owner's random id is the importer: no other permission is needed, and nothing is logged. */
const struct gh_op gh_op_import_renew = {
	.name = "import.renew",
	.about = "Hold on to the name of a version that is being imported.",
	.in = renew_in,
	.permission = "model.import",
	.scope = GH_AT_HANDLER,
	.asks = true,
	.local = true,
	.internal = true,
	.run = renew,
};
