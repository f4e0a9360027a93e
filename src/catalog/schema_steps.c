/* The schema, step by step. A step that was released never changes: another one follows it.
 *
 * Ids are 32 hexadecimal digits, digests 64, times seconds since 1970, states words (the lists stand beside the store functions).
 * Where a reference may be absent it is NULL, so that the foreign key holds wherever there is one. What a person wrote or a scanner
 * found is never here: it is a blob under the tenant's key. */
#include "catalog/schema_steps.h"

/* ---- 1: the first schema; frozen as tests/fixtures/catalog-1.sql ---- */
static const char first[] =
	"CREATE TABLE tenants ("
	" id {text} PRIMARY KEY, name {text} NOT NULL UNIQUE, state {text} NOT NULL CHECK (state IN ('active', "
	"'removed')),"
	" created {int} NOT NULL, created_by {text}, removed {int}) {strict};\n"

	/* ---- people ---- */
	"CREATE TABLE principals ("
	" id {text} PRIMARY KEY, kind {text} NOT NULL CHECK (kind IN ('person', 'robot')), name {text} NOT NULL UNIQUE,"
	" tenant {text} REFERENCES tenants (id), state {text} NOT NULL CHECK (state IN ('active', 'disabled')),"
	" created {int} NOT NULL, created_by {text}, disabled {int}) {strict};\n"
	"CREATE TABLE principal_keys ("
	" id {text} PRIMARY KEY, principal {text} NOT NULL REFERENCES principals (id), alg {text} NOT NULL,"
	" spki {bytes} NOT NULL, fingerprint {text} NOT NULL UNIQUE, created {int} NOT NULL, revoked {int}) {strict};\n"
	"CREATE INDEX principal_keys_of ON principal_keys (principal);\n"
	"CREATE TABLE grants ("
	" id {text} PRIMARY KEY, principal {text} NOT NULL REFERENCES principals (id), role {text} NOT NULL,"
	" tenant {text} REFERENCES tenants (id), project {text} NOT NULL, created {int} NOT NULL, created_by {text},"
	" CHECK (tenant IS NOT NULL OR project = '')) {strict};\n"
	"CREATE UNIQUE INDEX grants_once ON grants (principal, role, COALESCE(tenant, ''), project);\n"
	"CREATE TABLE api_keys ("
	" id {text} PRIMARY KEY, prefix {text} NOT NULL UNIQUE, hash {text} NOT NULL,"
	" principal {text} NOT NULL REFERENCES principals (id), created {int} NOT NULL, created_by {text}, expires "
	"{int} NOT NULL,"
	" revoked {int}, last_used {int}) {strict};\n"
	"CREATE INDEX api_keys_of ON api_keys (principal);\n"

	/* ---- models ---- */
	"CREATE TABLE blobs ("
	" id {text} PRIMARY KEY, tenant {text} NOT NULL REFERENCES tenants (id), kind {text} NOT NULL, digest {text},"
	" cipher {text}, size {int} NOT NULL, stored {int} NOT NULL, wrapped {bytes} NOT NULL, generation {int} NOT "
	"NULL,"
	" place {text} NOT NULL, state {text} NOT NULL CHECK (state IN ('staged', 'stored', 'lost')), created {int} "
	"NOT NULL,"
	" CHECK (state <> 'stored' OR digest IS NOT NULL)) {strict};\n"
	"CREATE UNIQUE INDEX blobs_content ON blobs (tenant, kind, digest) WHERE state = 'stored';\n"
	"CREATE INDEX blobs_generation ON blobs (tenant, generation);\n"
	"CREATE TABLE models ("
	" id {text} PRIMARY KEY, tenant {text} NOT NULL REFERENCES tenants (id), project {text} NOT NULL, name {text} "
	"NOT NULL,"
	" created {int} NOT NULL, created_by {text} NOT NULL, UNIQUE (tenant, project, name)) {strict};\n"
	"CREATE TABLE versions ("
	" id {text} PRIMARY KEY, model {text} NOT NULL REFERENCES models (id), version {text} NOT NULL, state {text} "
	"NOT NULL,"
	" reason {text} NOT NULL, verdict {text} NOT NULL, root {text} NOT NULL, tier {text} NOT NULL,"
	" created_by {text} NOT NULL, base {text} REFERENCES versions (id) DEFERRABLE INITIALLY DEFERRED, lineage "
	"{text} NOT NULL,"
	" manifest {text} REFERENCES blobs (id), card {text} REFERENCES blobs (id), report {text}, badge {text},"
	" files {int} NOT NULL, bytes {int} NOT NULL, created {int} NOT NULL, imported {int}, quarantine_until {int} "
	"NOT NULL,"
	" lease_owner {text}, lease_until {int}, UNIQUE (model, version)) {strict};\n"
	"CREATE INDEX versions_base ON versions (base) WHERE base IS NOT NULL;\n"
	"CREATE INDEX versions_importing ON versions (lease_until) WHERE state = 'importing';\n"
	"CREATE INDEX versions_root ON versions (root);\n"
	"CREATE TABLE version_blobs ("
	" version {text} NOT NULL REFERENCES versions (id), seq {int} NOT NULL, blob {text} NOT NULL REFERENCES blobs "
	"(id),"
	" PRIMARY KEY (version, seq)) {rows};\n"
	"CREATE INDEX version_blobs_of ON version_blobs (blob);\n"
	"CREATE TABLE shares ("
	" version {text} NOT NULL REFERENCES versions (id), tenant {text} NOT NULL REFERENCES tenants (id),"
	" created {int} NOT NULL, created_by {text} NOT NULL, PRIMARY KEY (version, tenant)) {rows};\n"

	/* ---- what was found, said, decided ---- */
	"CREATE TABLE reports ("
	" id {text} PRIMARY KEY, version {text} NOT NULL REFERENCES versions (id), blob {text} REFERENCES "
	"blobs (id),"
	" digest {text} NOT NULL, scanner {text} NOT NULL, rules {text} NOT NULL, advisories {text} NOT NULL,"
	" verdict {text} NOT NULL, coverage {text} NOT NULL, stages {text} NOT NULL, findings {int} NOT NULL,"
	" created {int} NOT NULL) {strict};\n"
	"CREATE INDEX reports_of ON reports (version, created);\n"
	"CREATE TABLE badges ("
	" id {text} PRIMARY KEY, version {text} NOT NULL REFERENCES versions (id),"
	" report {text} NOT NULL REFERENCES reports (id), state {text} NOT NULL"
	" CHECK (state IN ('issued', 'review-pending', 'rejected', 'expired', 'revoked')), reason {text} NOT NULL,"
	" issued {int}, expires {int}, changed {int} NOT NULL, blob {text} REFERENCES blobs (id), digest {text},"
	" key_id {text}, entry {text}, log_index {int}) {strict};\n"
	"CREATE INDEX badges_of ON badges (version, changed);\n"
	"CREATE INDEX badges_state ON badges (state, expires);\n"
	"CREATE TABLE reviews ("
	" id {text} PRIMARY KEY, version {text} NOT NULL REFERENCES versions (id), root {text} NOT NULL,"
	" report {text} NOT NULL REFERENCES reports (id), report_digest {text} NOT NULL, author {text} NOT NULL,"
	" tier {text} NOT NULL, needed {int} NOT NULL CHECK (needed > 0),"
	" state {text} NOT NULL CHECK (state IN ('open', 'approved', 'rejected', 'void')), reason {text} NOT NULL,"
	" opened {int} NOT NULL, closed {int}) {strict};\n"
	"CREATE UNIQUE INDEX reviews_open ON reviews (version) WHERE state = 'open';\n"
	"CREATE INDEX reviews_of ON reviews (version, opened);\n"
	"CREATE TABLE review_events ("
	" id {text} PRIMARY KEY, review {text} NOT NULL REFERENCES reviews (id), seq {int} NOT NULL,"
	" principal {text} NOT NULL, kind {text} NOT NULL CHECK (kind IN ('approve', 'reject', 'comment', 'void')),"
	" role {text} NOT NULL, root {text} NOT NULL, report_digest {text} NOT NULL, comment {text} REFERENCES blobs "
	"(id),"
	" comment_digest {text} NOT NULL, signer {text} REFERENCES principal_keys (id), signature {bytes},"
	" receipt_key {text}, receipt {bytes}, at {int} NOT NULL, UNIQUE (review, seq)) {strict};\n"
	"CREATE TABLE policies ("
	" id {text} PRIMARY KEY, tenant {text} REFERENCES tenants (id), name {text} NOT NULL, number {int} NOT NULL,"
	" digest {text} NOT NULL, blob {text} REFERENCES blobs (id), body {bytes}, signature {bytes}, key_id {text},"
	" state {text} NOT NULL CHECK (state IN ('current', 'past')), created {int} NOT NULL, created_by {text} NOT "
	"NULL)"
	" {strict};\n"
	"CREATE UNIQUE INDEX policies_number ON policies (COALESCE(tenant, ''), name, number);\n"
	"CREATE UNIQUE INDEX policies_current ON policies (COALESCE(tenant, ''), name) WHERE state = 'current';\n"
	"CREATE TABLE exceptions ("
	" id {text} PRIMARY KEY, tenant {text} REFERENCES tenants (id), rule {text} NOT NULL, subject {text} NOT NULL,"
	" digest {text} NOT NULL, blob {text} REFERENCES blobs (id), body {bytes}, signature {bytes}, key_id {text},"
	" owner {text} NOT NULL, created {int} NOT NULL, expires {int} NOT NULL, revoked {int}) {strict};\n"
	"CREATE TABLE evidence ("
	" id {text} PRIMARY KEY, version {text} NOT NULL REFERENCES versions (id), kind {text} NOT NULL, signer {text} "
	"NOT NULL,"
	" trusted {int} NOT NULL, digest {text} NOT NULL, blob {text} REFERENCES blobs (id), created {int} "
	"NOT NULL,"
	" created_by {text} NOT NULL) {strict};\n"
	"CREATE INDEX evidence_of ON evidence (version);\n"

	/* ---- what is on its way ---- */
	"CREATE TABLE outbox ("
	" seq {seq}, id {text} NOT NULL UNIQUE, at {int} NOT NULL, kind {text} NOT NULL, entry {bytes} NOT NULL,"
	" log_index {int} UNIQUE) {strict};\n"
	"CREATE INDEX outbox_pending ON outbox (seq) WHERE log_index IS NULL;\n"
	"CREATE TABLE jobs ("
	" id {text} PRIMARY KEY, kind {text} NOT NULL, tenant {text} REFERENCES tenants (id), subject {text} NOT NULL,"
	" body {bytes}, state {text} NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')), reason {text} "
	"NOT NULL,"
	" owner {text}, lease_until {int}, fence {int} NOT NULL, attempts {int} NOT NULL, due {int} NOT NULL,"
	" created {int} NOT NULL, ended {int}) {strict};\n"
	"CREATE INDEX jobs_due ON jobs (state, due);\n"
	"CREATE TABLE status_lists ("
	" number {int} PRIMARY KEY, digest {text} NOT NULL, body {bytes} NOT NULL, issued {int} NOT NULL,"
	" expires {int} NOT NULL) {strict};\n";

/* ---- 2: two tables that no version of the program ever wrote to. Exceptions stand in the policy that they are from, and are signed and
 * logged with it; a second place would be a second truth. Leased jobs come with what needs them. And who publishes a version and where it was
 * taken from, by the word of whoever imported it: "" for those that were imported before anybody was asked. ---- */
static const char second[] = "DROP TABLE exceptions;\n"
			     "DROP TABLE jobs;\n"
			     "ALTER TABLE versions ADD COLUMN publisher {text} NOT NULL DEFAULT '';\n"
			     "ALTER TABLE versions ADD COLUMN source {text} NOT NULL DEFAULT '';\n";

/* ---- 3: running models ---- */
static const char deployments[] =
	"CREATE TABLE deployments ("
	" id {text} PRIMARY KEY, tenant {text} NOT NULL REFERENCES tenants (id), name {text} NOT NULL,"
	" version {text} NOT NULL REFERENCES versions (id), state {text} NOT NULL CHECK (state IN ('starting', "
	"'running', 'failed',"
	" 'stopped', 'refused', 'quarantined', 'rejected')), reason {text} NOT NULL, engine {text} NOT NULL,"
	" isolation {text} NOT NULL, least {text} NOT NULL, class {text} NOT NULL, kind {text} NOT NULL, measurement "
	"{text} NOT NULL,"
	" policy {text} NOT NULL, restart {text} NOT NULL, restarts {int} NOT NULL, tolerated {int} NOT NULL,"
	" attempts {int} NOT NULL, created {int} NOT NULL, created_by {text} NOT NULL, changed {int} NOT NULL,"
	" cleared_by {text} NOT NULL) {strict};\n"
	"CREATE UNIQUE INDEX deployments_live ON deployments (tenant, name) WHERE state IN ('starting', 'running', "
	"'failed', 'quarantined', 'rejected');\n"
	"CREATE INDEX deployments_of ON deployments (version, state);\n";

/* ---- 4: an engine's own directory, where a person named one ("": where the profile says). A deployment that is started again needs it. ---- */
static const char engine_dir[] = "ALTER TABLE deployments ADD COLUMN engine_dir {text} NOT NULL DEFAULT '';\n";

const struct gh_schema_step gh_schema_steps[] = {
	{ "the first schema", first },
	{ "publisher and source of a version; without tables that nothing uses", second },
	{ "deployments", deployments },
	{ "the directory of a deployment's engine", engine_dir },
};
const size_t gh_schema_steps_n = sizeof gh_schema_steps / sizeof gh_schema_steps[0];
