/* `card`: everything a person should know of a version before using it: what the publisher says, what the scan found, the badge, the
 * reviews, the policy, where it comes from. */
#include "catalog/evidence.h"
#include "daemon/known.h"
#include "daemon/task.h"
#include "format/format.h"
#include "scan/card_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct card {
	struct gh_task_run *r;
	const char *model;
	const struct gh_jval *shown;
	struct gh_docs_owner owner;
	struct gh_docs docs;
};

/* ---- what the publisher says ------------------------------------------------------------------------------------------------- */

static enum gh_rc find_readme(struct card *c, const struct gh_jval *manifest, struct gh_id *blob, const char **sha256,
			      bool *found, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *files;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "version", c->owner.version.s);
	gh_jout_str(&j, "for", "model.read");
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(c->r->service, c->r->key, "version.files", gh_buf_view(&in), -1, c->r->arena, &files,
			       NULL, err),
	       err, "its files");
	const struct gh_jval *b = gh_jfirst(gh_jget(files, "blobs"));
	*found = false;
	for (const struct gh_jval *f = gh_jfirst(gh_jget(manifest, "files")); f != NULL && b != NULL;
	     f = f->next, b = b->next)
		if (gh_jstr(f, "path") != NULL && strcmp(gh_jstr(f, "path"), "README.md") == 0) {
			*blob = gh_id(b->text);
			*sha256 = gh_jstr(f, "sha256");
			*found = true;
		}
	return GH_OK;
}

static void put_card(struct gh_jout *j, const struct gh_card *card)
{
	gh_jout_open(j, "card", '{');
	gh_jout_open(j, "fields", '[');
	for (size_t i = 0; i < card->nfield; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", card->field[i].name);
		gh_jout_str(j, "value", card->field[i].value);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	if (card->wrong != NULL)
		gh_jout_str(j, "wrong", card->wrong);
	gh_jout_bool(j, "cut", card->cut);
	gh_jout_str(j, "text", card->text);
	gh_jout_close(j, '}');
}

/* A card that cannot be read is no reason to show nothing: it is said. */
static enum gh_rc readme(struct card *c, const struct gh_id *blob, const char *sha256, struct gh_err *err)
{
	struct gh_card card;
	struct gh_err why = { 0 };
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	int mem = memfd_create("gatehouse-card", MFD_CLOEXEC);
	if (mem < 0)
		return gh_fail_sys(err, errno, "memory for the card");
	char link[64];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", mem);
	enum gh_rc rc = gh_docs_get_to(&c->docs, blob, mem, true, sha256, NULL, err);
	int fd = rc == GH_OK ? open(link, O_RDONLY | O_CLOEXEC) : -1; /* the worker gets it for reading only */
	if (rc == GH_OK && fd < 0)
		rc = gh_fail_sys(err, errno, "memory for the card");
	if (rc == GH_OK) {
		if (gh_card_read(fd, NULL, c->r->arena, &card, &why) != GH_OK)
			card.wrong = gh_err_line(&why, line, sizeof line);
		put_card(c->r->out, &card);
	}
	if (fd >= 0)
		(void)close(fd);
	(void)close(mem);
	return rc;
}

/* ---- what we say --------------------------------------------------------------------------------------------------------------- */

static void copy(struct gh_jout *j, const struct gh_jval *v, const char *key);

static void copy_members(struct gh_jout *j, const struct gh_jval *v)
{
	for (const struct gh_jval *m = gh_jfirst(v); m != NULL; m = m->next) {
		const char *key = m->key.n > 0 ? (const char *)m->key.p : NULL;
		if (m->kind == GH_J_OBJECT || m->kind == GH_J_ARRAY) {
			gh_jout_open(j, key, m->kind == GH_J_OBJECT ? '{' : '[');
			for (const struct gh_jval *x = m->first; x != NULL; x = x->next)
				copy(j, x, m->kind == GH_J_OBJECT ? (const char *)x->key.p : NULL);
			gh_jout_close(j, m->kind == GH_J_OBJECT ? '}' : ']');
		} else
			copy(j, m, key);
	}
}

/* A scalar, or an object of scalars: what answers and facts hold. */
static void copy(struct gh_jout *j, const struct gh_jval *v, const char *key)
{
	switch (v->kind) {
	case GH_J_NULL: gh_jout_null(j, key); return;
	case GH_J_TRUE: gh_jout_bool(j, key, true); return;
	case GH_J_FALSE: gh_jout_bool(j, key, false); return;
	case GH_J_NUMBER: gh_jout_raw(j, key, (const char *)v->text.p); return;
	case GH_J_STRING: gh_jout_span(j, key, v->text); return;
	default: break;
	}
	gh_jout_open(j, key, v->kind == GH_J_OBJECT ? '{' : '[');
	for (const struct gh_jval *m = v->first; m != NULL; m = m->next)
		if (m->kind != GH_J_OBJECT && m->kind != GH_J_ARRAY)
			copy(j, m, v->kind == GH_J_OBJECT ? (const char *)m->key.p : NULL);
	gh_jout_close(j, v->kind == GH_J_OBJECT ? '}' : ']');
}

/* What stands in statements of others: evaluations, VEX, findings. A list that is not known is not there. */
static void of_others(struct card *c, const struct gh_jval *evidence)
{
	static const char *const lists[][2] = { { "evaluations", "tests" },
						{ "vex", "vex" },
						{ "others_found", "findings" } };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const struct gh_jval *list = gh_jget(evidence, lists[i][1]);
		if (list == NULL)
			continue;
		gh_jout_open(c->r->out, lists[i][0], '[');
		for (const struct gh_jval *v = gh_jfirst(list); v != NULL; v = v->next)
			copy(c->r->out, v, NULL);
		gh_jout_close(c->r->out, ']');
	}
}

static enum gh_rc findings(struct card *c, struct gh_err *err)
{
	struct gh_span text;
	const struct gh_jval *facts;
	GH_TRY(gh_known_facts(&c->docs, c->shown, c->r->arena, &text, err), err, "what was found");
	if (text.n == 0)
		return GH_OK;
	GH_TRY(gh_jdom_parse(c->r->arena, text, &facts, err), err, "what was found");
	static const char *const lists[] = { "findings", "stages", "formats" };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		gh_jout_open(c->r->out, lists[i], '[');
		for (const struct gh_jval *v = gh_jfirst(gh_jget(facts, lists[i])); v != NULL; v = v->next)
			copy(c->r->out, v, NULL);
		gh_jout_close(c->r->out, ']');
	}
	of_others(c, gh_jget(facts, "evidence"));
	gh_auto_buf in = gh_buf(32 << 20);
	const struct gh_jval *policy;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", c->model);
	gh_jout_span(&j, "known", text);
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(c->r->service, c->r->key, "policy.decide", gh_buf_view(&in), -1, c->r->arena, &policy,
			       NULL, err),
	       err, "the policy");
	gh_jout_open(c->r->out, "policy", '{');
	gh_jout_str(c->r->out, "decision", gh_in_text(policy, "decision", ""));
	gh_jout_str(c->r->out, "from", gh_in_text(policy, "from", ""));
	gh_jout_str(c->r->out, "digest", gh_in_text(policy, "digest", ""));
	gh_jout_str(c->r->out, "text", gh_in_text(policy, "text", ""));
	gh_jout_close(c->r->out, '}');
	gh_jout_open(c->r->out, "exceptions", '[');
	for (const struct gh_jval *x = gh_jfirst(gh_jget(policy, "exceptions")); x != NULL; x = x->next)
		copy(c->r->out, x, NULL);
	gh_jout_close(c->r->out, ']');
	return GH_OK;
}

/* The newest bill of materials of ours, as it was made. */
static enum gh_rc bom(struct card *c, struct gh_err *err)
{
	for (const struct gh_jval *e = gh_jfirst(gh_jget(c->shown, "evidence")); e != NULL; e = e->next) {
		struct gh_span text;
		if (strcmp(gh_in_text(e, "kind", ""), "sbom") != 0 ||
		    strcmp(gh_in_text(e, "signer", ""), GH_EVIDENCE_SELF) != 0)
			continue;
		GH_TRY(gh_known_document(&c->docs, gh_in_text(e, "blob", ""), gh_jstr(e, "digest"), c->r->arena, &text,
					 err),
		       err, "its bill of materials");
		gh_jout_span(c->r->out, "file", text);
		return GH_OK;
	}
	return gh_fail(err, GH_E_ABSENT, "it has no bill of materials yet: run `gatehouse rescan`");
}

static enum gh_rc card(struct card *c, struct gh_err *err)
{
	const struct gh_jval *manifest;
	struct gh_id blob;
	const char *sha256 = NULL;
	bool found;
	copy_members(c->r->out, c->shown);
	GH_TRY(gh_known_manifest(&c->docs, gh_in_text(c->shown, "manifest", ""), gh_in_text(c->shown, "root", ""),
				 c->r->arena, NULL, &manifest, err),
	       err, "the card");
	gh_jout_open(c->r->out, "content", '[');
	for (const struct gh_jval *f = gh_jfirst(gh_jget(manifest, "files")); f != NULL; f = f->next)
		copy(c->r->out, f, NULL);
	gh_jout_close(c->r->out, ']');
	GH_TRY(findings(c, err), err, "the card");
	GH_TRY(find_readme(c, manifest, &blob, &sha256, &found, err), err, "the card");
	return found ? readme(c, &blob, sha256, err) : GH_OK;
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	struct card c = { .r = r, .model = gh_in_text(r->in, "model", "") };
	GH_TRY(gh_known_version(r, c.model, &c.shown, &c.owner, err), err, "%s", c.model);
	enum gh_rc rc = gh_docs_open(&c.docs, r->service, r->key, &c.owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = gh_in_flag(r->in, "bom") ? bom(&c, err) : card(&c, err);
	gh_docs_close(&c.docs);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", c.model);
}

static const struct gh_op_field in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "bom", GH_IN_BOOL, false, "its bill of materials alone, CycloneDX" },
	{ 0 },
};
const struct gh_task gh_task_card = {
	.name = "card",
	.about = "Everything that is known of a version, with the card its publisher wrote.",
	.in = in,
	.run = run,
};
