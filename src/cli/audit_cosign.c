/* `gatehouse audit cosign`: ask the witnesses of a policy to cosign the checkpoint (C2SP tlog-witness), and keep what they signed. */
#include "audit/log.h"
#include "audit/witness.h"
#include "catalog/http.h"
#include "cli/audit_int.h"
#include "format/format.h"
#include "wire/jout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TOTAL_SECONDS = 30, TRIES = 3 };

struct cosigning {
	struct gh_audit_place *p;
	struct gh_quorum *q;
	struct gh_http *http;
	struct gh_log *log;
	struct gh_buf doc;
	struct gh_jout j;
	bool json;
	size_t asked, added, wrong; /* wrong: a witness knows another history */
};

/* The log is opened to keep cosignatures; nothing is signed here. */
static enum gh_rc refuse(void *arg, const struct gh_log_ask *ask, uint8_t sig[GH_ED25519_SIG], struct gh_err *err)
{
	(void)arg;
	(void)ask;
	(void)sig;
	return gh_fail(err, GH_E_DENIED,
		       "an append was not finished: any command that writes to the catalog finishes it");
}

static enum gh_rc post(struct cosigning *c, const char *prefix, uint64_t old, struct gh_http_answer *answer,
		       struct gh_err *err)
{
	/* "Expect:" without a value: the body is not held back until the witness has asked for it. */
	static const char *const header[] = { "Content-Type: text/plain; charset=utf-8", "Expect:" };
	char url[GH_QUORUM_URL + 32];
	struct gh_merkle_proof proof;
	gh_auto_buf body = gh_buf(GH_WITNESS_BODY);
	if (!gh_merkle_prove_consistency(gh_tiles_read, &c->p->tiles, old, c->p->head.size, &proof))
		return gh_fail(err, GH_E_DENIED, "tiles are missing or cut: 'gatehouse audit verify' names them");
	gh_witness_ask(old, &proof, gh_buf_view(&c->p->checkpoint), &body);
	size_t n = strlen(prefix);
	(void)snprintf(url, sizeof url, "%s%sadd-checkpoint", prefix, n > 0 && prefix[n - 1] == '/' ? "" : "/");
	struct gh_http_request r = { .method = "POST",
				     .url = url,
				     .header = header,
				     .nheader = 2,
				     .body = { .fd = -1, .p = body.p, .n = body.n },
				     .total_s = TOTAL_SECONDS,
				     .max_body = GH_NOTE_MAX };
	return gh_http_do(c->http, &r, answer, err);
}

/* What became of one witness, in words; *added: cosignatures that are new. */
static enum gh_rc ask(struct cosigning *c, const struct gh_quorum_name *w, size_t *added, struct gh_err *err)
{
	uint64_t old = 0;
	struct gh_http_answer answer = { 0 };
	enum gh_rc rc = GH_OK;
	for (unsigned i = 0; i < TRIES && rc == GH_OK; i++) {
		uint64_t has;
		gh_http_answer_free(&answer);
		memset(&answer, 0, sizeof answer);
		rc = post(c, w->url, old, &answer, err);
		/* A witness says which size it has seen: nobody needs to remember it here. */
		if (rc != GH_OK || answer.status != 409 || !gh_witness_conflict(gh_buf_view(&answer.body), &has) ||
		    has == old)
			break;
		if (has > c->p->head.size) {
			c->wrong++;
			rc = gh_fail(err, GH_E_DENIED,
				     "it has cosigned %" PRIu64 " entries of this log, which has %" PRIu64
				     ": the log was set back",
				     has, c->p->head.size);
		}
		old = has;
	}
	if (rc == GH_OK && answer.status == 200)
		rc = gh_log_cosign(c->log, c->p->note.text, gh_buf_view(&answer.body), &w->key, 1, added, err);
	else if (rc == GH_OK)
		rc = gh_fail(err, answer.status == 422 ? GH_E_DENIED : GH_E_IO, "it answered with status %ld: %.80s",
			     answer.status, gh_safe(gh_span_cut(gh_buf_view(&answer.body), 0, 80)).s);
	if (answer.status == 422)
		c->wrong++;
	gh_http_answer_free(&answer);
	return rc;
}

static void ask_all(struct cosigning *c)
{
	for (size_t i = 0; i < c->q->nname; i++) {
		const struct gh_quorum_name *w = &c->q->name[i];
		struct gh_err err = { 0 };
		char why[600] = "";
		size_t added = 0;
		if (w->group || w->url[0] == '\0')
			continue;
		c->asked++;
		enum gh_rc rc = ask(c, w, &added, &err);
		bool good = rc == GH_OK && (added > 0 || gh_note_check(&c->p->note, &w->key, NULL) == GH_NOTE_GOOD);
		c->added += good;
		if (rc != GH_OK)
			(void)gh_err_line(&err, why, sizeof why);
		else if (!good)
			(void)snprintf(why, sizeof why,
				       "its answer holds no valid cosignature by the key of the policy");
		if (c->json) {
			gh_jout_open(&c->j, NULL, '{');
			gh_jout_str(&c->j, "name", w->name);
			gh_jout_bool(&c->j, "cosigned", good);
			gh_jout_str(&c->j, "reason", good ? NULL : why);
			gh_jout_close(&c->j, '}');
		} else {
			gh_buf_fmt(&c->doc, "%-10s %s%s%s\n", good ? "cosigned" : "NOT",
				   gh_safe(gh_span_str(w->name)).s, good ? "" : ": ", gh_safe(gh_span_str(why)).s);
		}
	}
}

static enum gh_rc begin(const struct gh_audit_args *a, struct cosigning *c, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_QUORUM_MAX);
	struct gh_http_config http = { 0 };
	GH_TRY(gh_audit_file(a->policy, GH_QUORUM_MAX, &text, err), err, "witness policy");
	if (gh_quorum_read(gh_buf_view(&text), c->q, err) != GH_OK)
		return gh_fail(err, GH_E_IO, "witness policy %.100s", a->policy);
	GH_TRY(gh_audit_place(a, c->p, err), err, "cosign");
	struct gh_log_setup setup = { .dir = c->p->path, .key = &c->p->key, .sign = refuse };
	GH_TRY(gh_log_open(&setup, &c->log, err), err, "cosign");
	GH_TRY(gh_audit_place_head(c->p, err), err, "cosign");
	return gh_http_open(&http, &c->http, err);
}

/* The checkpoint as it is now against the quorum. */
static bool quorum_met(struct cosigning *c, struct gh_err *err)
{
	struct gh_quorum_answer *answer = calloc(1, sizeof *answer);
	bool met = answer != NULL && gh_audit_place_head(c->p, err) == GH_OK &&
		   gh_quorum_apply(c->q, &c->p->note, answer, err) == GH_OK && answer->met;
	free(answer);
	return met;
}

static int cosign(struct gh_cli *cli, const struct gh_audit_args *a, struct cosigning *c)
{
	struct gh_err err = { 0 };
	if (begin(a, c, &err) != GH_OK)
		return gh_audit_complain(cli, &err);
	c->json = a->format == GH_FORMAT_JSON;
	c->j = gh_jout(&c->doc);
	if (c->json) {
		gh_jout_open(&c->j, NULL, '{');
		gh_jout_number(&c->j, "size", c->p->head.size);
		gh_jout_open(&c->j, "witnesses", '[');
	}
	ask_all(c);
	bool met = quorum_met(c, &err);
	if (c->json) {
		gh_jout_close(&c->j, ']');
		gh_jout_bool(&c->j, "met", met);
		gh_jout_close(&c->j, '}');
	} else {
		gh_buf_fmt(&c->doc, "%zu of %zu witnesses cosigned %" PRIu64 " entries; the quorum is %s\n", c->added,
			   c->asked, c->p->head.size, met ? "met" : "NOT met");
	}
	int status = gh_cli_print(cli, &c->doc);
	return c->wrong > 0 ? GH_EXIT_FOUND : met ? status : GH_EXIT_UNFINISHED;
}

int gh_audit_cosign(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv)
{
	struct gh_audit_place p = { .dir = -1 };
	struct cosigning c = { .p = &p, .doc = gh_buf(1 << 20) };
	(void)n;
	(void)argv;
	if (a->policy == NULL)
		return gh_cli_wrong(cli, "cosign needs --witness-policy FILE, with the URLs of witnesses");
	c.q = calloc(1, sizeof *c.q);
	int status = GH_EXIT_UNFINISHED;
	if (c.q == NULL)
		gh_cli_error(cli, "no memory");
	else
		status = cosign(cli, a, &c);
	gh_log_close(c.log);
	gh_http_close(c.http);
	gh_audit_place_free(&p);
	gh_buf_free(&c.doc);
	free(c.q);
	return status;
}
