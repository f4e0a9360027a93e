#include "catalog/statement_int.h"

#include "catalog/vault.h"
#include "check/stage.h"
#include "crypto/bundle.h"
#include "crypto/statement.h"
#include "wire/datetime.h"

#include <stdio.h>

enum { PREDICATE = GH_VP_SIGN_MAX - (64 << 10) };

/* What URIs may not hold becomes a percent sign and two digits (RFC 3986, 2.1). Names of ours need none, profiles have spaces. */
void statement_uri(const struct statement *m, const char *kind, const char *name, char out[STATEMENT_URI])
{
	int n = snprintf(out, STATEMENT_URI, "urn:gatehouse:%.100s:%s:", m->c->home.origin, kind);
	for (const char *p = name; *p != '\0' && n >= 0 && n < STATEMENT_URI - 4; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
			     strchr("-._~/:", *p) != NULL;
		n += plain ? snprintf(out + n, 2, "%c", *p) : snprintf(out + n, 4, "%%%02X", (unsigned char)*p);
	}
}

static void put_time(struct gh_jout *j, const char *key, int64_t at)
{
	char text[GH_DATETIME_TEXT];
	if (gh_datetime_write(at, text))
		gh_jout_str(j, key, text);
}

void statement_digest(struct gh_jout *j, const char *sha256)
{
	gh_jout_open(j, "digest", '{');
	gh_jout_str(j, "sha256", sha256);
	gh_jout_close(j, '}');
}

/* ---- vsa ------------------------------------------------------------------------------------------------------------------- */

/* The badge, when it holds: what a verifier of this summary may ask for. True: it does. */
static bool put_input(const struct statement *m)
{
	struct gh_badge_row row;
	struct gh_err none = { 0 };
	char name[STATEMENT_URI];
	const struct gh_version *v = &m->b->version;
	bool holds = !gh_id_none(&v->badge) && gh_badge_get(m->c->db, &v->badge, &row, &none) == GH_OK &&
		     row.state == GH_BADGE_ISSUED && row.expires > m->c->now();
	gh_jout_open(m->j, "inputAttestations", '[');
	if (holds) {
		gh_jout_open(m->j, NULL, '{');
		statement_uri(m, "badge", row.id.s, name);
		gh_jout_str(m->j, "uri", name);
		statement_digest(m->j, row.digest);
		gh_jout_close(m->j, '}');
	}
	gh_jout_close(m->j, ']');
	return holds;
}

/* What is not ready is not deployed, whatever a policy says. */
static enum gh_rc vsa(struct statement *m, struct gh_err *err)
{
	struct gh_gate gate;
	char text[STATEMENT_URI], name[GH_NAME_TEXT];
	const struct gh_version *v = &m->b->version;
	GH_TRY(gh_gate_ask(m->c, v, "deploy", m->known_text, m->a, &gate, err), err, "the policy");
	bool pass = v->state == GH_V_READY && (gate.decision == GH_ALLOW || gate.decision == GH_WARN);
	gh_jout_open(m->j, "verifier", '{');
	statement_uri(m, "policy", "gatehouse", text);
	gh_jout_str(m->j, "id", text);
	gh_jout_open(m->j, "version", '{');
	gh_jout_str(m->j, "gatehouse", GH_VERSION);
	gh_jout_close(m->j, '}');
	gh_jout_close(m->j, '}');
	put_time(m->j, "timeVerified", m->c->now());
	statement_uri(m, "model", gh_name_text(&v->name, name), text);
	gh_jout_str(m->j, "resourceUri", text);
	gh_jout_open(m->j, "policy", '{');
	statement_uri(m, "policy", gate.from, text);
	gh_jout_str(m->j, "uri", text);
	statement_digest(m->j, gate.digest);
	gh_jout_close(m->j, '}');
	bool badge = put_input(m);
	gh_jout_str(m->j, "verificationResult", pass ? "PASSED" : "FAILED");
	gh_jout_open(m->j, "verifiedLevels", '[');
	if (!pass)
		gh_jout_str(m->j, NULL, "FAILED");
	else if (badge)
		gh_jout_str(m->j, NULL, "GATEHOUSE_SCAN_COMPLETE");
	gh_jout_close(m->j, ']');
	gh_jout_str(m->j, "slsaVersion", "1.0");
	return GH_OK;
}

/* ---- vulns ----------------------------------------------------------------------------------------------------------------- */

static void put_result(const struct statement *m, const struct gh_jval *f)
{
	gh_jout_open(m->j, NULL, '{');
	gh_jout_str(m->j, "id", gh_jstr(f, "advisory"));
	gh_jout_open(m->j, "severity", '[');
	gh_jout_open(m->j, NULL, '{');
	gh_jout_str(m->j, "method", "gatehouse");
	gh_jout_str(m->j, "score", gh_jstr(f, "severity"));
	gh_jout_close(m->j, '}');
	gh_jout_close(m->j, ']');
	gh_jout_open(m->j, "annotations", '[');
	gh_jout_open(m->j, NULL, '{');
	gh_jout_str(m->j, "file", gh_jstr(f, "file"));
	gh_jout_str(m->j, "rule", gh_jstr(f, "id"));
	gh_jout_close(m->j, '}');
	gh_jout_close(m->j, ']');
	gh_jout_close(m->j, '}');
}

static bool same(const struct gh_jval *a, const struct gh_jval *b, const char *key)
{
	const char *x = gh_jstr(a, key), *y = gh_jstr(b, key);
	return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* A finding that names an advisory; each pair of advisory and file once. */
static bool counts(const struct gh_jval *list, const struct gh_jval *f)
{
	const char *id = gh_jstr(f, "advisory");
	if (id == NULL || id[0] == '\0')
		return false;
	for (const struct gh_jval *g = gh_jfirst(list); g != f; g = g->next)
		if (same(f, g, "advisory") && same(f, g, "file"))
			return false;
	return true;
}

/* "No vulnerabilities" is only said by a stage that ran to its end, of a list that is whole. */
static enum gh_rc may_list(const struct statement *m, struct gh_err *err)
{
	const char *state = NULL;
	uint64_t dropped = 1;
	for (const struct gh_jval *s = gh_jfirst(gh_jget(m->known, "stages")); s != NULL; s = s->next)
		if (gh_jstr(s, "name") != NULL &&
		    strcmp(gh_jstr(s, "name"), gh_stage_rows[GH_STAGE_VULNERABILITIES].name) == 0)
			state = gh_jstr(s, "state");
	if (state == NULL || strcmp(state, "run") != 0)
		return gh_fail(err, GH_E_DENIED,
			       "the stage %s of its last scan is %s: what is vulnerable in it is not known in full",
			       gh_stage_rows[GH_STAGE_VULNERABILITIES].name, state == NULL ? "not recorded" : state);
	(void)gh_ju64(gh_jget(gh_jget(m->known, "scan"), "dropped"), &dropped);
	if (dropped != 0)
		return gh_fail(err, GH_E_DENIED,
			       "its last scan had more findings than were kept: the list would not be whole");
	const struct gh_jval *scan = gh_jget(m->known, "scan");
	if (gh_jstr(scan, "started") == NULL || gh_jstr(gh_jget(m->known, "advisories"), "date") == NULL)
		return gh_fail(err, GH_E_DENIED,
			       "its last scan recorded no time or no date of advisories: run `gatehouse rescan` first");
	return GH_OK;
}

static enum gh_rc vulns(struct statement *m, struct gh_err *err)
{
	char text[STATEMENT_URI];
	const struct gh_jval *list = gh_jget(m->known, "findings");
	GH_TRY(may_list(m, err), err, "vulns");
	gh_jout_open(m->j, "scanner", '{');
	statement_uri(m, "scanner", m->b->report.scanner, text);
	gh_jout_str(m->j, "uri", text);
	gh_jout_str(m->j, "version", m->b->report.scanner);
	gh_jout_open(m->j, "db", '{');
	statement_uri(m, "advisories", "osv", text);
	gh_jout_str(m->j, "uri", text);
	gh_jout_str(m->j, "version", m->b->report.advisories);
	gh_jout_str(m->j, "lastUpdate", gh_jstr(gh_jget(m->known, "advisories"), "date"));
	gh_jout_close(m->j, '}');
	gh_jout_open(m->j, "result", '[');
	for (const struct gh_jval *f = gh_jfirst(list); f != NULL; f = f->next)
		if (counts(list, f))
			put_result(m, f);
	gh_jout_close(m->j, ']');
	gh_jout_close(m->j, '}');
	gh_jout_open(m->j, "metadata", '{');
	gh_jout_str(m->j, "scanStartedOn", gh_jstr(gh_jget(m->known, "scan"), "started"));
	put_time(m->j, "scanFinishedOn", m->b->report.created);
	gh_jout_close(m->j, '}');
	return GH_OK;
}

/* ---- the list --------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *predicate;
	enum gh_rc (*make)(struct statement *m, struct gh_err *err);
} rows[] = {
	{ "vsa", "https://slsa.dev/verification_summary/v1", vsa },
	{ "vulns", "https://in-toto.io/attestation/vulns/v0.2", vulns },
	{ "test-result", "https://in-toto.io/attestation/test-result/v0.1", statement_tests },
};
enum { ROWS = sizeof rows / sizeof *rows };

static size_t row_named(const char *name)
{
	size_t i = 0;
	while (i < ROWS && strcmp(rows[i].name, name) != 0)
		i++;
	return i;
}

bool gh_statement_known(const char *name) { return row_named(name) < ROWS; }

static enum gh_rc seal(const struct statement *m, const struct gh_buf *predicate, const char *type, struct gh_buf *out,
		       struct gh_err *err)
{
	char name[GH_NAME_TEXT], hint[65];
	struct gh_vp_signature sig;
	struct gh_vp_public pub;
	struct gh_key *k = NULL;
	gh_auto_buf statement = gh_buf(GH_VP_SIGN_MAX);
	const struct gh_subject subject[] = {
		{ gh_span_str(gh_name_text(&m->b->version.name, name)), m->b->version.root },
		{ GH_SPAN("manifest"), m->b->manifest },
	};
	GH_TRY(gh_statement_write(&statement, subject, 2, type, gh_buf_view(predicate), err), err, "the statement");
	GH_TRY(gh_vault_sign(m->c->vault, GH_SIGN_STATEMENT, gh_buf_view(&statement), &sig, err), err, "the statement");
	GH_TRY(gh_vault_public_of(m->c->vault, GH_VAULT_BADGE, &pub, err), err, "the badge key");
	GH_TRY(gh_key_public((struct gh_span){ pub.spki, pub.spki_n }, &k, err), err, "the badge key");
	bool named = gh_key_hint(k, hint);
	gh_key_free(k);
	if (!named)
		return gh_fail(err, GH_E_BUG, "the badge key cannot be named");
	const struct gh_dsse_sig one = { .sig = { sig.sig, sig.sig_n } };
	const struct gh_bundle_out bundle = { .hint = hint,
					      .type = GH_SPAN(GH_DSSE_INTOTO),
					      .payload = gh_buf_view(&statement),
					      .sig = &one,
					      .nsig = 1 };
	gh_bundle_write(out, &bundle);
	return out->full ? gh_fail(err, GH_E_LIMIT, "the statement is too large") : GH_OK;
}

enum gh_rc gh_statement_make(struct gh_catalog *c, const char *name, const struct gh_badge_case *b,
			     struct gh_span known, struct gh_arena *a, struct gh_buf *out, struct gh_err *err)
{
	gh_auto_buf predicate = gh_buf(PREDICATE);
	struct gh_jout j = gh_jout(&predicate);
	struct statement m = { .c = c, .b = b, .known_text = known, .a = a, .j = &j };
	size_t i = row_named(name);
	if (i == ROWS)
		return gh_fail(err, GH_E_ABSENT, "there is no statement '%.40s'", name);
	if (known.n == 0)
		return gh_fail(err, GH_E_ABSENT, "nothing is known of a scan");
	GH_TRY(gh_jdom_parse(a, known, &m.known, err), err, "the facts of the scan");
	gh_jout_open(&j, NULL, '{');
	GH_TRY(rows[i].make(&m, err), err, "%s", name);
	gh_jout_close(&j, '}');
	if (predicate.full)
		return gh_fail(err, GH_E_LIMIT, "%s would be larger than %d KiB", name, PREDICATE >> 10);
	return seal(&m, &predicate, rows[i].predicate, out, err);
}
