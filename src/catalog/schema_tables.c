/* The tables of the newest schema, in an order in which their rows can be written. A test compares them with the database. */
#include "catalog/schema.h"

static const struct gh_schema_table tables[] = {
	{ "meta", "key, value", "key" },
	{ "tenants", "id, name, state, created, created_by, removed", "id" },
	{ "principals", "id, kind, name, tenant, state, created, created_by, disabled", "id" },
	{ "principal_keys", "id, principal, alg, spki, fingerprint, created, revoked", "id" },
	{ "grants", "id, principal, role, tenant, project, created, created_by", "id" },
	{ "api_keys", "id, prefix, hash, principal, created, created_by, expires, revoked, last_used", "id" },
	{ "blobs", "id, tenant, kind, digest, cipher, size, stored, wrapped, generation, place, state, created", "id" },
	{ "models", "id, tenant, project, name, created, created_by", "id" },
	/* A version may derive from another, in whatever order they come: that key is checked at the end of a transaction. */
	{ "versions",
	  "id, model, version, state, reason, verdict, root, tier, created_by, base, lineage, manifest, card, report, "
	  "badge, files,"
	  " bytes, created, imported, quarantine_until, lease_owner, lease_until, publisher, source",
	  "id" },
	{ "version_blobs", "version, seq, blob", "version, seq" },
	{ "shares", "version, tenant, created, created_by", "version, tenant" },
	{ "reports",
	  "id, version, blob, digest, scanner, rules, advisories, verdict, coverage, stages, findings, created", "id" },
	{ "badges",
	  "id, version, report, state, reason, issued, expires, changed, blob, digest, key_id, entry, log_index",
	  "id" },
	{ "reviews", "id, version, root, report, report_digest, author, tier, needed, state, reason, opened, closed",
	  "id" },
	{ "review_events",
	  "id, review, seq, principal, kind, role, root, report_digest, comment, comment_digest, signer, signature, "
	  "receipt_key,"
	  " receipt, at",
	  "id" },
	{ "policies", "id, tenant, name, number, digest, blob, body, signature, key_id, state, created, created_by",
	  "id" },
	{ "evidence", "id, version, kind, signer, trusted, digest, blob, created, created_by", "id" },
	{ "outbox", "seq, id, at, kind, entry, log_index", "seq" },
	{ "deployments",
	  "id, tenant, name, version, state, reason, engine, isolation, least, class, kind, measurement, policy, "
	  "restart, restarts, tolerated, attempts, created, created_by, changed, cleared_by, engine_dir",
	  "id" },
	{ "status_lists", "number, digest, body, issued, expires", "number" },
};

const struct gh_schema_table *gh_schema_table(size_t i)
{
	return i < sizeof tables / sizeof tables[0] ? &tables[i] : NULL;
}
