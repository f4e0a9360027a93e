/* `evidence.add`, `evidence.show`: statements of others about a version. A document is read once, into a memory of our own: what a
 * worker looked at and verified is what is stored. Workers parse it and whatever it is to be verified with; here it is only copied. */
#include "catalog/evidence.h"
#include "crypto/oms/model.h"
#include "daemon/found.h"
#include "daemon/known.h"
#include "daemon/task.h"
#include "format/format.h"
#include "scan/evidence_tool.h"
#include "scan/report.h"
#include "scan/verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINK = 64, TRUSTED = 3 };

struct adding {
	struct gh_task_run *r;
	const char *model, *root;
	struct gh_docs docs;
	const char *manifest_blob;
	struct gh_buf bytes; /* the document */
	struct gh_docs_made made, found;
	int doc;		     /* it, in a memory */
	int trust[TRUSTED], wrapped; /* key, ca, root; the document as a bundle */
	struct gh_evidence_seen seen;
	struct gh_verify_file *file; /* of the version */
	size_t nfile;
	const char *kind, *signer, *issuer, *key, *why;
	enum gh_verify_verdict verdict;
	bool asked; /* to verify */
};

/* ---- memories -------------------------------------------------------------------------------------------------------------- */

static enum gh_rc memory(struct gh_span a, struct gh_span b, struct gh_span c, int *out, struct gh_err *err)
{
	const struct gh_span part[] = { a, b, c };
	*out = memfd_create("gatehouse-evidence", MFD_CLOEXEC);
	for (size_t i = 0; *out >= 0 && i < 3; i++)
		for (size_t at = 0; at < part[i].n;) {
			ssize_t n = write(*out, part[i].p + at, part[i].n - at);
			if (n <= 0)
				return gh_fail_sys(err, errno, "memory for the document");
			at += (size_t)n;
		}
	return *out >= 0 ? GH_OK : gh_fail_sys(err, errno, "memory for the document");
}

static const char *link_of(int fd, char out[LINK])
{
	(void)snprintf(out, LINK, "/proc/self/fd/%d", fd);
	return fd < 0 ? NULL : out;
}

static enum gh_rc read_document(struct adding *d, struct gh_err *err)
{
	struct stat st;
	char block[16384];
	if (d->r->fd < 0 || fstat(d->r->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return gh_fail(err, GH_E_MALFORMED, "the document must be an open regular file");
	for (off_t at = 0;;) {
		ssize_t n = pread(d->r->fd, block, sizeof block, at);
		if (n < 0)
			return gh_fail_sys(err, errno, "the document cannot be read");
		if (n == 0)
			break;
		gh_buf_put(&d->bytes, block, (size_t)n);
		at += n;
		if (at > GH_EVIDENCE_FILE)
			return gh_fail(err, GH_E_LIMIT, "the document is larger than %d MiB", GH_EVIDENCE_FILE >> 20);
	}
	if (d->bytes.full || d->bytes.n == 0)
		return gh_fail(err, d->bytes.full ? GH_E_NOMEM : GH_E_MALFORMED,
			       d->bytes.full ? "no memory for the document" : "the document is empty");
	return memory(gh_buf_view(&d->bytes), (struct gh_span){ 0 }, (struct gh_span){ 0 }, &d->doc, err);
}

static enum gh_rc look(struct adding *d, struct gh_err *err)
{
	char link[LINK];
	int fd = open(link_of(d->doc, link), O_RDONLY | O_CLOEXEC); /* a worker gets it for reading only */
	if (fd < 0)
		return gh_fail_sys(err, errno, "memory for the document");
	enum gh_rc rc = gh_evidence_see(fd, NULL, d->r->arena, &d->seen, err);
	(void)close(fd);
	return rc;
}

/* ---- which kind ------------------------------------------------------------------------------------------------------------ */

static const char *kind_of(const struct gh_evidence_seen *s)
{
	static const struct {
		const char *prefix, *kind;
	} rows[] = {
		{ GH_OMS_PREDICATE, "signature" },
		{ "https://slsa.dev/provenance/", "provenance" },
		{ "https://cyclonedx.org/bom", "sbom" },
		{ "https://spdx.dev/Document", "sbom" },
		{ "https://openvex.dev/", "vex" },
		{ "https://in-toto.io/attestation/test-result/", "test-result" },
		{ "", "attestation" },
	};
	static const char *const forms[GH_EF_FORMS] = {
		[GH_EF_OTHER] = "other",     [GH_EF_BUNDLE] = "signature", [GH_EF_ENVELOPE] = "other",
		[GH_EF_STATEMENT] = "other", [GH_EF_SARIF] = "sarif",	   [GH_EF_CYCLONEDX] = "sbom",
		[GH_EF_SPDX] = "sbom",	     [GH_EF_VEX] = "vex",
	};
	for (size_t i = 0; s->predicate[0] != '\0' && i < sizeof rows / sizeof *rows; i++)
		if (strncmp(s->predicate, rows[i].prefix, strlen(rows[i].prefix)) == 0)
			return rows[i].kind;
	return forms[s->form];
}

/* What a document is decides what it is kept as; a word of the user only where it says nothing of itself. */
static enum gh_rc decide_kind(struct adding *d, struct gh_err *err)
{
	const char *said = gh_in_text(d->r->in, "kind", "");
	d->kind = kind_of(&d->seen);
	if (said[0] == '\0' || strcmp(said, d->kind) == 0)
		return GH_OK;
	if (!gh_evidence_foreign(said))
		return gh_fail(err, GH_E_MALFORMED,
			       "there is no kind '%.40s': signature, attestation, provenance, sbom, vex, sarif, "
			       "test-result or other",
			       said);
	if (strcmp(d->kind, "other") != 0 || strcmp(said, "sarif") == 0)
		return gh_fail(err, GH_E_MALFORMED, "the document is of kind %s (%s), not %s", d->kind,
			       gh_evidence_form_name(d->seen.form), said);
	d->kind = said;
	return GH_OK;
}

/* ---- verifying ------------------------------------------------------------------------------------------------------------- */

static enum gh_rc read_files(struct adding *d, struct gh_err *err)
{
	const struct gh_jval *manifest;
	GH_TRY(gh_known_manifest(&d->docs, d->manifest_blob, d->root, d->r->arena, NULL, &manifest, err), err,
	       "its files");
	const struct gh_jval *list = gh_jget(manifest, "files");
	d->file = GH_NEW(d->r->arena, struct gh_verify_file, list == NULL ? 1 : list->n + 1);
	if (d->file == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a list of files");
	for (const struct gh_jval *f = gh_jfirst(list); f != NULL; f = f->next) {
		struct gh_verify_file *v = &d->file[d->nfile++];
		v->name = gh_jstr(f, "path");
		v->sha256 = gh_jstr(f, "sha256");
		if (v->name == NULL || v->sha256 == NULL || !gh_ju64(gh_jget(f, "size"), &v->size))
			return gh_fail(err, GH_E_UNREAD, "its manifest is malformed");
	}
	return GH_OK;
}

/* As `gatehouse verify`: no verdict without somebody to trust, who is named. */
static enum gh_rc whom_to_trust(struct adding *d, struct gh_err *err)
{
	static const char *const names[TRUSTED] = { "key", "ca", "trusted_root" };
	const struct gh_jval *in = d->r->in;
	bool key = gh_jget(in, "key") != NULL, ca = gh_jget(in, "ca") != NULL, root = gh_jget(in, names[2]) != NULL;
	bool who = gh_jget(in, "identity") != NULL, issuer = gh_jget(in, "issuer") != NULL;
	d->asked = key || ca || root;
	if (!d->asked && (who || issuer))
		return gh_fail(err, GH_E_MALFORMED, "an identity says nothing without a trusted root or an authority");
	if (ca && (key || root))
		return gh_fail(err, GH_E_MALFORMED,
			       "an authority stands alone: it goes with no key and no trusted root");
	if (root && !key && (!who || !issuer))
		return gh_fail(err, GH_E_MALFORMED,
			       "with a trusted root, say who must have signed: identity and issuer");
	if ((key && (who || issuer)) || (ca && issuer))
		return gh_fail(err, GH_E_MALFORMED, "a key has no identity, and an authority of your own no issuer");
	for (size_t i = 0; i < TRUSTED; i++)
		if (gh_jget(in, names[i]) != NULL)
			GH_TRY(memory(gh_jget(in, names[i])->text, (struct gh_span){ 0 }, (struct gh_span){ 0 },
				      &d->trust[i], err),
			       err, "%s", names[i]);
	return GH_OK;
}

static const char *kept(const struct adding *d, const char *text)
{
	struct gh_span s = gh_keep(d->r->arena, gh_span_str(text));
	return s.p == NULL ? "" : (const char *)s.p;
}

/* Who it was: the identity that a certificate names and somebody vouches for, else the key. */
static void note(struct adding *d, const struct gh_verify_report *r)
{
	char text[GH_EVIDENCE_SIGNER];
	const char *identity = r->text[GH_VERIFY_T_IDENTITY], *key = r->text[GH_VERIFY_T_KEY];
	d->verdict = r->verdict;
	d->why = kept(d, r->why);
	if (r->verdict != GH_VERIFY_VALID)
		return;
	if (identity[0] != '\0')
		(void)snprintf(text, sizeof text, "%s", identity);
	else
		(void)snprintf(text, sizeof text, "sha256:%.64s", key);
	d->signer = kept(d, text);
	d->issuer = identity[0] != '\0' ? kept(d, r->text[GH_VERIFY_T_ISSUER]) : "";
	d->key = gh_digest_ok(gh_span_str(key)) ? kept(d, key) : NULL;
	if (strlen(identity) >= sizeof text || (identity[0] == '\0' && d->key == NULL)) {
		d->verdict = GH_VERIFY_UNKNOWN;
		d->signer = "";
		d->why = "its signer cannot be named";
	}
}

static enum gh_rc verify_once(struct adding *d, const char *digest, struct gh_err *err)
{
	char doc[LINK], key[LINK], ca[LINK], root[LINK];
	struct gh_verify_report report;
	bool model = strcmp(d->seen.predicate, GH_OMS_PREDICATE) == 0;
	const struct gh_verify_options opt = { .bundle = link_of(d->wrapped >= 0 ? d->wrapped : d->doc, doc),
					       .key = link_of(d->trust[0], key),
					       .ca = link_of(d->trust[1], ca),
					       .root = link_of(d->trust[2], root),
					       .identity = gh_in_text(d->r->in, "identity", NULL),
					       .issuer = gh_in_text(d->r->in, "issuer", NULL),
					       .known = model ? d->file : NULL,
					       .nknown = model ? d->nfile : 0,
					       .own = model ? d->made.sha256 : NULL,
					       .digest = model ? NULL : digest,
					       .now = (int64_t)time(NULL) };
	enum gh_rc rc = gh_verify_run(&opt, &report, err);
	if (rc == GH_OK)
		note(d, &report);
	gh_verify_free(&report);
	return rc;
}

/* An envelope becomes a bundle of which nothing is known: the worker's reader sees its bytes and nobody else. */
static enum gh_rc verify(struct adding *d, struct gh_err *err)
{
	if (d->seen.form != GH_EF_BUNDLE && d->seen.form != GH_EF_ENVELOPE) {
		d->verdict = GH_VERIFY_INVALID;
		d->why = "it carries no signature";
		return GH_OK;
	}
	if (d->seen.form == GH_EF_ENVELOPE)
		GH_TRY(memory(GH_SPAN("{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
				      "\"verificationMaterial\":{\"publicKey\":{},\"tlogEntries\":[]},"
				      "\"dsseEnvelope\":"),
			      gh_buf_view(&d->bytes), GH_SPAN("}"), &d->wrapped, err),
		       err, "the envelope");
	GH_TRY(read_files(d, err), err, "the version");
	GH_TRY(verify_once(d, d->root, err), err, "the signature");
	/* A model that is one file: who has only the file names its own digest. */
	if (d->verdict != GH_VERIFY_VALID && d->nfile == 1)
		GH_TRY(verify_once(d, d->file[0].sha256, err), err, "the signature");
	return GH_OK;
}

/* ---- storing --------------------------------------------------------------------------------------------------------------- */

static enum gh_rc store(struct adding *d, const struct gh_jval **out, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(64 << 10), found = gh_buf(64 << 20);
	gh_found_write(&d->seen, d->made.sha256, d->issuer, d->why, &found);
	if (found.full)
		return gh_fail(err, GH_E_NOMEM, "no memory for what it says");
	GH_TRY(gh_docs_put(&d->docs, "found", gh_buf_view(&found), &d->found, err), err, "what it says");
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", d->model);
	gh_jout_str(&j, "root", d->root);
	gh_jout_str(&j, "kind", d->kind);
	gh_jout_str(&j, "form", gh_evidence_form_name(d->seen.form));
	gh_jout_str(&j, "signer", d->signer);
	if (d->key != NULL)
		gh_jout_str(&j, "key", d->key);
	gh_jout_bool(&j, "verified", d->asked && d->verdict == GH_VERIFY_VALID);
	gh_jout_str(&j, "blob", d->made.id.s);
	gh_jout_str(&j, "digest", d->made.sha256);
	gh_jout_str(&j, "findings", d->found.id.s);
	gh_jout_str(&j, "findings_digest", d->found.sha256);
	gh_jout_close(&j, '}');
	return gh_service_step(d->r->service, d->r->key, "evidence.store", gh_buf_view(&in), -1, d->r->arena, out, NULL,
			       err);
}

static void answer(const struct adding *d, const struct gh_jval *stored)
{
	static const char *const verdicts[] = { "valid", "not-valid", "unknown" };
	struct gh_jout *j = d->r->out;
	gh_jout_str(j, "model", d->model);
	gh_jout_str(j, "id", gh_in_text(stored, "id", ""));
	gh_jout_str(j, "kind", d->kind);
	gh_jout_str(j, "form", gh_evidence_form_name(d->seen.form));
	gh_jout_str(j, "predicate", d->seen.predicate);
	gh_jout_bool(j, "verified", d->asked && d->verdict == GH_VERIFY_VALID);
	gh_jout_str(j, "signature", d->asked ? verdicts[d->verdict] : "not-asked");
	gh_jout_str(j, "signer", d->signer);
	gh_jout_str(j, "why", d->why);
	gh_jout_str(j, "digest", d->made.sha256);
	gh_jout_bool(j, "read", d->seen.read);
	gh_jout_str(j, "result", gh_evidence_result_name(d->seen.result));
	gh_jout_number(j, "findings", d->seen.found);
	gh_jout_number(j, "claims", d->seen.nclaim);
}

static enum gh_rc add(struct adding *d, struct gh_err *err)
{
	const struct gh_jval *stored;
	GH_TRY(whom_to_trust(d, err), err, "nothing was stored");
	GH_TRY(read_document(d, err), err, "nothing was stored");
	GH_TRY(look(d, err), err, "nothing was stored");
	GH_TRY(decide_kind(d, err), err, "nothing was stored");
	GH_TRY(gh_docs_put(&d->docs, "evidence", gh_buf_view(&d->bytes), &d->made, err), err, "nothing was stored");
	if (d->asked)
		GH_TRY(verify(d, err), err, "nothing was stored");
	GH_TRY(store(d, &stored, err), err, "nothing was stored");
	answer(d, stored);
	return GH_OK;
}

static enum gh_rc run_add(struct gh_task_run *r, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *out;
	struct adding d = { .r = r,
			    .model = gh_in_text(r->in, "model", ""),
			    .bytes = gh_buf(GH_EVIDENCE_FILE + (64 << 10)),
			    .doc = -1,
			    .trust = { -1, -1, -1 },
			    .wrapped = -1,
			    .signer = "",
			    .issuer = "",
			    .why = "" };
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", d.model);
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(r->service, r->key, "evidence.begin", gh_buf_view(&in), -1, r->arena, &out, NULL, err),
	       err, "%s", d.model);
	const struct gh_docs_owner owner = { .tenant = gh_id(gh_jget(out, "tenant")->text),
					     .version = gh_id(gh_jget(out, "version")->text) };
	d.root = gh_in_text(out, "root", "");
	d.manifest_blob = gh_in_text(out, "manifest", "");
	enum gh_rc rc = gh_docs_open(&d.docs, r->service, r->key, &owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = add(&d, err);
	gh_docs_close(&d.docs);
	gh_buf_free(&d.bytes);
	const int fds[] = { d.doc, d.trust[0], d.trust[1], d.trust[2], d.wrapped };
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", d.model);
}

static const struct gh_op_field add_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "kind", GH_IN_WORD, false, "what it is, when it does not say so itself" },
	{ "key", GH_IN_TEXT, false, "public key that is trusted, PEM" },
	{ "ca", GH_IN_TEXT, false, "certificates that are trusted, PEM" },
	{ "trusted_root", GH_IN_TEXT, false, "trusted root of Sigstore, JSON" },
	{ "identity", GH_IN_TEXT, false, "who must have signed" },
	{ "issuer", GH_IN_TEXT, false, "who vouches for that identity" },
	{ 0 },
};
const struct gh_task gh_task_evidence_add = {
	.name = "evidence.add",
	.about = "Keep a statement of others about a version, verified if it can be.",
	.in = add_in,
	.run = run_add,
};

/* ---- evidence.show --------------------------------------------------------------------------------------------------------- */

static enum gh_rc show(struct gh_task_run *r, struct gh_docs *docs, const struct gh_jval *list, struct gh_err *err)
{
	const char *id = gh_in_text(r->in, "id", "");
	for (const struct gh_jval *v = gh_jfirst(gh_jget(list, "evidence")); v != NULL; v = v->next) {
		if (strcmp(gh_in_text(v, "id", ""), id) != 0)
			continue;
		struct gh_id blob = gh_id(gh_span_str(gh_in_text(v, "blob", "")));
		int fd = memfd_create("gatehouse-evidence", MFD_CLOEXEC);
		if (fd < 0)
			return gh_fail_sys(err, errno, "memory for the document");
		enum gh_rc rc = gh_docs_get_to(docs, &blob, fd, true, gh_jstr(v, "digest"), NULL, err);
		if (rc != GH_OK) {
			(void)close(fd);
			return rc;
		}
		(void)lseek(fd, 0, SEEK_SET);
		gh_jout_str(r->out, "kind", gh_in_text(v, "kind", ""));
		gh_jout_str(r->out, "digest", gh_in_text(v, "digest", ""));
		r->fd_out = fd;
		return GH_OK;
	}
	return gh_fail(err, GH_E_ABSENT, "it has no evidence %s", id);
}

static enum gh_rc run_show(struct gh_task_run *r, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *list;
	struct gh_docs docs = { 0 };
	const char *model = gh_in_text(r->in, "model", "");
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(r->service, r->key, "evidence.list", gh_buf_view(&in), -1, r->arena, &list, NULL, err),
	       err, "%s", model);
	const struct gh_docs_owner owner = { .tenant = gh_id(gh_jget(list, "tenant")->text),
					     .version = gh_id(gh_jget(list, "version")->text) };
	enum gh_rc rc = gh_docs_open(&docs, r->service, r->key, &owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = show(r, &docs, list, err);
	gh_docs_close(&docs);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", model);
}

static const struct gh_op_field show_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "id", GH_IN_ID, true, "of the evidence, as evidence.list has it" },
	{ 0 },
};
const struct gh_task gh_task_evidence_show = {
	.name = "evidence.show",
	.about = "A document that was added to a version, as it was.",
	.in = show_in,
	.run = run_show,
};
