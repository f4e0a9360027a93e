/* `gatehouse audit verify`, `consistency` and `check`. */
#include "audit/check.h"
#include "audit/entry.h"
#include "cli/audit_int.h"
#include "cli/output.h"
#include "format/format.h"
#include "wire/b64.h"
#include "wire/jout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- witness policies ------------------------------------------------------------------------------------------------------------ */
struct witnessed {
	struct gh_quorum *q;
	struct gh_quorum_answer *answer;
};

static void witnessed_free(struct witnessed *w)
{
	free(w->q);
	free(w->answer);
}

/* Read the policy before the long work. */
static enum gh_rc read_policy(const char *path, struct witnessed *w, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_QUORUM_MAX);
	if (path == NULL)
		return GH_OK;
	w->q = calloc(1, sizeof *w->q);
	w->answer = calloc(1, sizeof *w->answer);
	if (w->q == NULL || w->answer == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a witness policy");
	GH_TRY(gh_audit_file(path, GH_QUORUM_MAX, &text, err), err, "witness policy");
	enum gh_rc rc = gh_quorum_read(gh_buf_view(&text), w->q, err);
	return rc == GH_OK ? GH_OK : gh_fail(err, GH_E_IO, "witness policy %.100s", path);
}

static void apply_policy(struct gh_audit_report *r, const struct witnessed *w)
{
	struct gh_err err = { 0 };
	char why[GH_AUDIT_TEXT];
	if (w->q == NULL || !r->head_good)
		return;
	if (gh_quorum_apply(w->q, &r->note, w->answer, &err) != GH_OK)
		gh_audit_problem(r, "%s", gh_err_line(&err, why, sizeof why));
	else if (!w->answer->met)
		gh_audit_problem(
			r,
			"the quorum \"%.80s\" of the witness policy is not met: %zu witness%s cosigned this checkpoint",
			w->q->name[w->q->need - 1].name, w->answer->witnesses, w->answer->witnesses == 1 ? "" : "es");
}

/* ---- verify ---------------------------------------------------------------------------------------------------------------------- */
static void text_report(struct gh_buf *doc, const struct gh_audit_report *r, const struct gh_audit_place *p,
			const struct witnessed *w)
{
	char root[65];
	gh_b16(root, (struct gh_span){ r->head.root.b, sizeof r->head.root.b });
	for (uint64_t i = 0; i < r->problems && i < GH_AUDIT_PROBLEMS; i++)
		gh_buf_fmt(doc, "WRONG  %s\n", gh_safe(gh_span_str(r->problem[i])).s);
	if (r->problems > GH_AUDIT_PROBLEMS)
		gh_buf_fmt(doc, "WRONG  and %" PRIu64 " more\n", r->problems - GH_AUDIT_PROBLEMS);
	for (uint64_t i = 0; i < r->notes && i < GH_AUDIT_PROBLEMS; i++)
		gh_buf_fmt(doc, "note   %s\n", gh_safe(gh_span_str(r->remark[i])).s);
	if (r->head_good)
		gh_buf_fmt(doc, "log    %s, %" PRIu64 " entries%s%s%s%s\nroot   %s\n", p->key.name, r->head.size,
			   r->first_time[0] == '\0' ? "" : ", ", r->first_time, r->first_time[0] == '\0' ? "" : " to ",
			   r->last_time, root);
	gh_buf_fmt(doc, "key    %s+%08x, %s\n", p->key.name, p->key.id,
		   p->own_key ? "read from the log itself: compare it with the one you were given" : "given by --key");
	if (w->q != NULL)
		gh_buf_fmt(doc, "policy %zu of its witnesses cosigned, quorum %s\n", w->answer->witnesses,
			   w->q->need == 0  ? "none"
			   : w->answer->met ? "met"
					    : "NOT met");
	if (r->problems == 0)
		gh_buf_fmt(doc, "verified: %" PRIu64 " entries, %" PRIu64 " tiles, %" PRIu64 " bytes\n", r->entries,
			   r->tiles, r->bytes);
	else
		gh_buf_fmt(doc, "NOT verified: %" PRIu64 " problem%s\n", r->problems, r->problems == 1 ? "" : "s");
}

static void put_lines(struct gh_jout *j, const char *key, uint64_t n, const char (*line)[GH_AUDIT_TEXT])
{
	gh_jout_open(j, key, '[');
	for (uint64_t i = 0; i < n && i < GH_AUDIT_PROBLEMS; i++)
		gh_jout_str(j, NULL, line[i]);
	gh_jout_close(j, ']');
}

static void json_witnesses(struct gh_jout *j, const struct witnessed *w)
{
	if (w->q == NULL)
		return;
	gh_jout_open(j, "witness_policy", '{');
	gh_jout_bool(j, "met", w->answer->met);
	gh_jout_open(j, "witnesses", '[');
	for (size_t i = 0; i < w->q->nname; i++) {
		if (w->q->name[i].group)
			continue;
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", w->q->name[i].name);
		gh_jout_str(j, "key", w->q->name[i].key.name);
		gh_jout_bool(j, "cosigned", w->answer->good[i]);
		if (w->answer->good[i]) {
			char time[GH_ENTRY_TIME + 1] = "";
			uint64_t t = w->answer->time[i];
			gh_jout_str(j, "time", t <= INT64_MAX && gh_entry_time((int64_t)t, time) ? time : NULL);
		}
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

static void json_report(struct gh_buf *doc, const struct gh_audit_report *r, const struct gh_audit_place *p,
			const struct witnessed *w)
{
	char root[65], id[9];
	struct gh_jout j = gh_jout(doc);
	gh_b16(root, (struct gh_span){ r->head.root.b, sizeof r->head.root.b });
	(void)snprintf(id, sizeof id, "%08x", p->key.id);
	gh_jout_open(&j, NULL, '{');
	gh_jout_bool(&j, "verified", r->problems == 0);
	gh_jout_str(&j, "origin", p->key.name);
	gh_jout_str(&j, "key_id", id);
	gh_jout_bool(&j, "key_from_log", p->own_key);
	gh_jout_bool(&j, "checkpoint_signed", r->head_good);
	gh_jout_number(&j, "size", r->head.size);
	gh_jout_str(&j, "root", r->head_good ? root : NULL);
	gh_jout_number(&j, "entries", r->entries);
	gh_jout_number(&j, "tiles", r->tiles);
	gh_jout_number(&j, "bytes", r->bytes);
	gh_jout_bool(&j, "ids_checked", r->ids_checked);
	gh_jout_number(&j, "clock_went_back", r->time_back);
	gh_jout_open(&j, "kinds", '{');
	for (size_t i = 0; i < gh_entry_kinds_n; i++)
		if (r->kind[i] > 0)
			gh_jout_number(&j, gh_entry_kinds[i].name, r->kind[i]);
	gh_jout_close(&j, '}');
	gh_jout_number(&j, "unknown_kinds", r->unknown_kind);
	json_witnesses(&j, w);
	gh_jout_number(&j, "problem_count", r->problems);
	put_lines(&j, "problems", r->problems, r->problem);
	put_lines(&j, "notes", r->notes, r->remark);
	gh_jout_close(&j, '}');
}

static int verify(struct gh_cli *cli, const struct gh_audit_args *a, struct gh_audit_place *p,
		  struct gh_audit_report *r, struct witnessed *w)
{
	struct gh_err err = { 0 };
	gh_auto_buf since = gh_buf(GH_NOTE_MAX), doc = gh_buf(1 << 20);
	if (read_policy(a->policy, w, &err) != GH_OK || gh_audit_place(a, p, &err) != GH_OK ||
	    (a->since != NULL && gh_audit_file(a->since, GH_NOTE_MAX, &since, &err) != GH_OK)) {
		(void)gh_audit_complain(cli, &err);
		return GH_EXIT_UNFINISHED; /* nothing was said about the log */
	}
	if (a->since != NULL && since.n == 0)
		return gh_cli_wrong(cli, "--since: the file is empty");
	if (gh_audit_check(p->dir, &p->key, gh_buf_view(&since), r, &err) != GH_OK)
		return gh_audit_complain(cli, &err);
	apply_policy(r, w);
	if (r->problems == 0 && a->save != NULL &&
	    gh_output_write(a->save, gh_buf_view(&r->checkpoint), &err) != GH_OK) {
		gh_cli_error(cli, "%s: %s", a->save, err.text[0]);
		return GH_EXIT_UNFINISHED;
	}
	(a->format == GH_FORMAT_JSON ? json_report : text_report)(&doc, r, p, w);
	int status = gh_cli_print(cli, &doc);
	return r->problems > 0 ? GH_EXIT_FOUND : status;
}

int gh_audit_verify(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv)
{
	struct gh_audit_place p = { .dir = -1 };
	struct witnessed w = { 0 };
	struct gh_audit_report *r = calloc(1, sizeof *r);
	(void)n;
	(void)argv;
	if (r == NULL) {
		gh_cli_error(cli, "no memory");
		return GH_EXIT_UNFINISHED;
	}
	int status = verify(cli, a, &p, r, &w);
	witnessed_free(&w);
	gh_audit_report_free(r);
	free(r);
	gh_audit_place_free(&p);
	return status;
}

/* ---- consistency ------------------------------------------------------------------------------------------------------------------ */
static int consistency_answer(struct gh_cli *cli, const struct gh_audit_args *a, const struct gh_audit_place *p,
			      const struct gh_checkpoint *old, const struct gh_merkle_proof *proof, const char *why)
{
	gh_auto_buf doc = gh_buf(1 << 16);
	struct gh_jout j = gh_jout(&doc);
	if (a->format == GH_FORMAT_TEXT && why != NULL)
		gh_buf_fmt(&doc, "NOT consistent: %s\n", why);
	else if (a->format == GH_FORMAT_TEXT)
		gh_buf_fmt(&doc, "consistent: the log of %" PRIu64 " entries begins with the one of %" PRIu64 "\n",
			   p->head.size, old->size);
	if (a->format == GH_FORMAT_JSON) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_bool(&j, "consistent", why == NULL);
		gh_jout_str(&j, "reason", why);
		gh_jout_number(&j, "old_size", old->size);
		gh_jout_number(&j, "size", p->head.size);
		gh_jout_open(&j, "proof", '[');
	}
	for (unsigned i = 0; why == NULL && i < proof->n; i++) {
		gh_auto_buf b64 = gh_buf(64);
		gh_b64_put(&b64, (struct gh_span){ proof->h[i].b, sizeof proof->h[i].b });
		if (a->format == GH_FORMAT_JSON)
			gh_jout_span(&j, NULL, gh_buf_view(&b64));
		else
			gh_buf_fmt(&doc, "%s\n", gh_buf_cstr(&b64));
	}
	if (a->format == GH_FORMAT_JSON) {
		gh_jout_close(&j, ']');
		gh_jout_close(&j, '}');
	}
	int status = gh_cli_print(cli, &doc);
	return why != NULL ? GH_EXIT_FOUND : status;
}

int gh_audit_consistency(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv)
{
	struct gh_audit_place p = { .dir = -1 };
	struct gh_err err = { 0 };
	struct gh_note note;
	struct gh_checkpoint old;
	struct gh_merkle_proof proof = { .n = 0 };
	gh_auto_buf bytes = gh_buf(GH_NOTE_MAX);
	int status;
	(void)n;
	if (gh_audit_file(argv[0], GH_NOTE_MAX, &bytes, &err) != GH_OK || gh_audit_place(a, &p, &err) != GH_OK ||
	    gh_audit_place_head(&p, &err) != GH_OK ||
	    gh_checkpoint_open(gh_buf_view(&bytes), &p.key, &note, &old, &err) != GH_OK) {
		status = gh_audit_complain(cli, &err);
	} else {
		const char *why = "its tiles are missing or cut";
		if (old.size > p.head.size)
			why = "the log is shorter than it was";
		else if (gh_merkle_prove_consistency(gh_tiles_read, &p.tiles, old.size, p.head.size, &proof))
			why = gh_merkle_may_sign(old.size, &old.root, p.head.size, &p.head.root, proof.h, proof.n) ==
					      NULL
				      ? NULL
				      : "history was rewritten, or tiles were altered";
		status = consistency_answer(cli, a, &p, &old, &proof, why);
	}
	gh_audit_place_free(&p);
	return status;
}
