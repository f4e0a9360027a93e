#include "crypto/badge.h"

#include "crypto/bundle.h"
#include "crypto/dsse.h"
#include "crypto/note.h"
#include "crypto/statement.h"
#include "wire/b64.h"
#include "wire/datetime.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *name, *about;
} rows[GH_BC_CHECKS] = {
	[GH_BC_FORMAT] = { "format", "the file is a badge, of a version known here" },
	[GH_BC_KEY] = { "key", "it was signed with a badge key that the given key stands for" },
	[GH_BC_SIGNATURE] = { "signature", "the signature covers the statement" },
	[GH_BC_STATEMENT] = { "statement", "the statement says what a badge says" },
	[GH_BC_LOG_KEY] = { "log-key", "the badge key vouches for the key of the audit log" },
	[GH_BC_ENTRY] = { "log-entry", "the log's entry is about this badge" },
	[GH_BC_INCLUSION] = { "inclusion", "the entry stands in the log, under a signed checkpoint" },
	[GH_BC_TIME] = { "validity", "it was issued before now, and has not expired" },
	[GH_BC_STATUS] = { "revocation", "it is not on the status list" },
	[GH_BC_MODEL] = { "model", "it is about the files that were given" },
};

const char *gh_badge_check_name(enum gh_badge_check c) { return rows[c].name; }
const char *gh_badge_check_about(enum gh_badge_check c) { return rows[c].about; }

const char *gh_badge_outcome_name(enum gh_badge_outcome o)
{
	static const char *const names[] = { "not reached", "pass", "fail", "skipped", "unknown" };
	return names[o];
}

/* ---- writing --------------------------------------------------------------------------------------------------------------- */

static void put_b64(struct gh_buf *out, const char *name, struct gh_span s)
{
	gh_buf_fmt(out, "\"%s\":\"", name);
	gh_b64_put(out, s);
	gh_buf_ch(out, '"');
}

static void put_signed(struct gh_buf *out, const struct gh_badge_signed *s)
{
	gh_buf_ch(out, '{');
	put_b64(out, "payload", s->payload);
	gh_buf_ch(out, ',');
	put_b64(out, "sig", s->sig);
	gh_buf_ch(out, '}');
}

void gh_badge_write(struct gh_buf *out, const struct gh_badge_parts *p)
{
	const struct gh_dsse_sig sig = { .sig = p->statement.sig };
	const struct gh_bundle_out b = { .hint = p->hint,
					 .type = GH_SPAN(GH_DSSE_INTOTO),
					 .payload = p->statement.payload,
					 .sig = &sig,
					 .nsig = 1 };
	gh_auto_buf bundle = gh_buf(GH_BADGE_FILE_MAX);
	gh_bundle_write(&bundle, &b);
	if (bundle.full || bundle.n < 2) {
		out->full = true;
		return;
	}
	gh_buf_put(out, bundle.p, bundle.n - 2); /* without the last brace and the newline */
	gh_buf_str(out, ",\"gatehouse\":{\"badgeKeys\":[");
	for (size_t i = 0; i < p->nchain; i++) {
		if (i > 0)
			gh_buf_ch(out, ',');
		put_signed(out, &p->chain[i]);
	}
	gh_buf_str(out, "],");
	put_b64(out, "entry", p->entry);
	gh_buf_str(out, ",\"format\":1,\"logKey\":");
	put_signed(out, &p->log_key);
	gh_buf_str(out, ",\"origin\":");
	gh_buf_json(out, gh_span_str(p->origin));
	gh_buf_str(out, ",\"proof\":");
	gh_buf_json(out, p->proof);
	gh_buf_str(out, "}}\n");
}

static void digest_part(struct gh_buf *b, struct gh_span s)
{
	gh_buf_fmt(b, "%zu:", s.n);
	gh_buf_span(b, s);
}

bool gh_badge_keys_digest(const struct gh_badge_signed *log_key, const struct gh_badge_signed *chain, size_t n,
			  char out[65])
{
	gh_auto_buf b = gh_buf(GH_BADGE_FILE_MAX);
	digest_part(&b, log_key->payload);
	digest_part(&b, log_key->sig);
	for (size_t i = 0; i < n; i++) {
		digest_part(&b, chain[i].payload);
		digest_part(&b, chain[i].sig);
	}
	if (b.full)
		return false;
	const struct gh_mhash h = gh_merkle_sha256(gh_buf_view(&b));
	gh_b16(out, (struct gh_span){ h.b, sizeof h.b });
	return true;
}

/* ---- verifying --------------------------------------------------------------------------------------------------------------- */

struct look {
	const struct gh_badge_question *q;
	struct gh_arena *a;
	struct gh_badge_result *out;
	struct gh_key *key[GH_BADGE_CHAIN]; /* badge keys that the given ones stand for */
	size_t nkey;
	size_t signer; /* which of them signed */
	const struct gh_jval *extra;
	struct gh_dsse envelope;
	struct gh_span entry;
	struct gh_badge_signed log_key, chain[GH_BADGE_CHAIN];
	size_t nchain;
};

static bool note(struct look *l, enum gh_badge_check c, enum gh_badge_outcome o, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* True: it passed. */
static bool note(struct look *l, enum gh_badge_check c, enum gh_badge_outcome o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(l->out->check[c].detail, sizeof l->out->check[c].detail, fmt, ap);
	va_end(ap);
	l->out->check[c].outcome = o;
	return o == GH_BO_PASS;
}

static bool failed(struct look *l, enum gh_badge_check c, const struct gh_err *err)
{
	char line[400];
	bool cannot = err->rc == GH_E_NOMEM || err->rc == GH_E_BUG || err->rc == GH_E_UNREAD;
	return note(l, c, cannot ? GH_BO_UNKNOWN : GH_BO_FAIL, "%.150s", gh_err_line(err, line, sizeof line));
}

static bool b64_member(struct look *l, const struct gh_jval *v, const char *name, struct gh_span *out)
{
	const struct gh_jval *m = gh_jget(v, name);
	return m != NULL && m->kind == GH_J_STRING && gh_b64_take(l->a, m->text, out);
}

/* Only these members: a reader that skips what it does not know would show something else than what was signed. */
static bool members(const struct gh_jval *v, const char *const *names, size_t n)
{
	if (v == NULL || v->kind != GH_J_OBJECT || v->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (gh_jget(v, names[i]) == NULL)
			return false;
	return true;
}

static bool format(struct look *l)
{
	static const char *const top[] = { "mediaType", "verificationMaterial", "dsseEnvelope", "gatehouse" };
	static const char *const ours[] = { "badgeKeys", "entry", "format", "logKey", "origin", "proof" };
	const struct gh_jval *v;
	struct gh_err err = { 0 };
	uint64_t n;
	if (l->q->file.n > GH_BADGE_FILE_MAX)
		return note(l, GH_BC_FORMAT, GH_BO_FAIL, "larger than a badge can be");
	if (gh_jdom_parse(l->a, l->q->file, &v, &err) != GH_OK)
		return failed(l, GH_BC_FORMAT, &err);
	l->extra = gh_jget(v, "gatehouse");
	if (l->extra == NULL)
		return note(l, GH_BC_FORMAT, GH_BO_FAIL, "no badge: the member \"gatehouse\" is missing");
	if (!gh_ju64(gh_jget(l->extra, "format"), &n))
		return note(l, GH_BC_FORMAT, GH_BO_FAIL, "no badge: its format is missing");
	if (n != 1)
		return note(l, GH_BC_FORMAT, GH_BO_UNKNOWN, "format %llu is not known here: use a newer gatehouse",
			    (unsigned long long)n);
	if (!members(v, top, sizeof top / sizeof *top) || !members(l->extra, ours, sizeof ours / sizeof *ours))
		return note(l, GH_BC_FORMAT, GH_BO_FAIL, "members are missing, or there are others than a badge has");
	const char *type = gh_jstr(v, "mediaType");
	if (type == NULL || strcmp(type, GH_BUNDLE_V03) != 0)
		return note(l, GH_BC_FORMAT, GH_BO_FAIL, "not a Sigstore bundle of version 0.3");
	if (gh_dsse_read_value(l->a, gh_jget(v, "dsseEnvelope"), &l->envelope, &err) != GH_OK)
		return failed(l, GH_BC_FORMAT, &err);
	if (!gh_span_is(l->envelope.type, GH_DSSE_INTOTO) || l->envelope.n != 1)
		return note(l, GH_BC_FORMAT, GH_BO_FAIL, "its envelope holds no in-toto statement with one signature");
	return note(l, GH_BC_FORMAT, GH_BO_PASS, "a badge of format 1");
}

/* Every block of the PEM file is a key that the caller trusts. */
static bool given_keys(struct look *l)
{
	struct gh_span label, der;
	struct gh_err err = { 0 };
	size_t at = 0;
	int r;
	while ((r = gh_pem_next(l->a, l->q->keys, &at, &label, &der)) == 1 && l->nkey < GH_BADGE_CHAIN) {
		struct gh_key *k = NULL;
		if (gh_key_public(der, &k, &err) != GH_OK)
			return note(l, GH_BC_KEY, GH_BO_UNKNOWN, "the key that was given cannot be read");
		l->key[l->nkey++] = k;
	}
	if (r < 0 || l->nkey == 0)
		return note(l, GH_BC_KEY, GH_BO_UNKNOWN, "the key that was given is no public key in PEM form");
	return true;
}

static bool verify_with(struct look *l, const char *type, struct gh_span payload, struct gh_span sig, size_t *which)
{
	gh_auto_buf pae = gh_buf(payload.n + 256);
	gh_dsse_pae(&pae, gh_span_str(type), payload);
	for (size_t i = 0; !pae.full && i < l->nkey; i++)
		if (gh_key_verify(l->key[i], gh_buf_view(&pae), sig, NULL) == GH_OK) {
			*which = i;
			return true;
		}
	return false;
}

/* A statement of a badge key about another key: which key, of which kind ("badge", "log"). NULL: it is none of a key known so
 * far, or says something else. */
static struct gh_key *endorsed(struct look *l, const struct gh_jval *v, const char *kind)
{
	static const char *const pair[] = { "payload", "sig" };
	struct gh_span payload, sig, spki;
	const struct gh_jval *say;
	struct gh_key *k = NULL;
	struct gh_err err = { 0 };
	size_t by;
	if (!members(v, pair, 2) || !b64_member(l, v, "payload", &payload) || !b64_member(l, v, "sig", &sig) ||
	    !verify_with(l, GH_BADGE_KEY_TYPE, payload, sig, &by) || gh_jdom_parse(l->a, payload, &say, &err) != GH_OK)
		return NULL;
	const char *what = gh_jstr(say, "key");
	if (what == NULL || strcmp(what, kind) != 0 || !b64_member(l, say, "publicKey", &spki) ||
	    gh_key_public(spki, &k, &err) != GH_OK)
		return NULL;
	return k;
}

static bool known(const struct look *l, const struct gh_key *k)
{
	for (size_t i = 0; i < l->nkey; i++)
		if (gh_key_same(l->key[i], k))
			return true;
	return false;
}

/* From the given keys to newer ones. Links of older keys than the given one lead nowhere, and are passed over. */
static void follow_chain(struct look *l)
{
	for (const struct gh_jval *v = gh_jfirst(gh_jget(l->extra, "badgeKeys")); v != NULL; v = v->next) {
		struct gh_key *k = endorsed(l, v, "badge");
		if (k == NULL)
			continue;
		if (known(l, k) || l->nkey == GH_BADGE_CHAIN)
			gh_key_free(k);
		else
			l->key[l->nkey++] = k;
	}
}

static bool signature(struct look *l)
{
	uint8_t id[32];
	const struct gh_span given = l->envelope.sig[0].sig;
	follow_chain(l);
	if (!verify_with(l, GH_DSSE_INTOTO, l->envelope.payload, given, &l->signer)) {
		(void)note(l, GH_BC_KEY, GH_BO_FAIL, "neither the given key nor one that it vouches for signed this");
		return note(l, GH_BC_SIGNATURE, GH_BO_FAIL, "the signature does not match statement and key");
	}
	if (gh_key_id(l->key[l->signer], id))
		gh_b16(l->out->key_id, (struct gh_span){ id, sizeof id });
	(void)note(l, GH_BC_KEY, GH_BO_PASS, "%s key %.16s", gh_key_name(l->key[l->signer]), l->out->key_id);
	return note(l, GH_BC_SIGNATURE, GH_BO_PASS, "over %zu bytes", l->envelope.payload.n);
}

/* No byte of the file but what was signed or follows from it: the endorsements are those that the statement names, and the file
 * is what gh_badge_write() makes of its parts. */
static bool take_signed(struct look *l, const struct gh_jval *v, struct gh_badge_signed *out)
{
	return b64_member(l, v, "payload", &out->payload) && b64_member(l, v, "sig", &out->sig);
}

static bool whole(struct look *l, struct gh_span keys)
{
	char digest[65], hint[65];
	const struct gh_jval *proof = gh_jget(l->extra, "proof");
	gh_auto_buf again = gh_buf(GH_BADGE_FILE_MAX);
	bool ok = take_signed(l, gh_jget(l->extra, "logKey"), &l->log_key);
	for (const struct gh_jval *v = gh_jfirst(gh_jget(l->extra, "badgeKeys")); ok && v != NULL; v = v->next)
		ok = l->nchain < GH_BADGE_CHAIN && take_signed(l, v, &l->chain[l->nchain++]);
	if (!ok || !gh_badge_keys_digest(&l->log_key, l->chain, l->nchain, digest) || !gh_span_is(keys, digest))
		return note(l, GH_BC_LOG_KEY, GH_BO_FAIL, "the keys beside the statement are not those that it names");
	if (!b64_member(l, l->extra, "entry", &l->entry) || proof == NULL || proof->kind != GH_J_STRING ||
	    gh_jstr(l->extra, "origin") == NULL || !gh_key_hint(l->key[l->signer], hint))
		return note(l, GH_BC_FORMAT, GH_BO_FAIL, "a part beside the statement is malformed");
	const struct gh_badge_parts p = { .hint = hint,
					  .statement = { l->envelope.payload, l->envelope.sig[0].sig },
					  .entry = l->entry,
					  .proof = proof->text,
					  .origin = gh_jstr(l->extra, "origin"),
					  .log_key = l->log_key,
					  .chain = l->chain,
					  .nchain = l->nchain };
	gh_badge_write(&again, &p);
	if (again.full || !gh_span_eq(gh_buf_view(&again), l->q->file))
		return note(l, GH_BC_FORMAT, GH_BO_FAIL,
			    "it is not spelt as a badge is: something was added or changed");
	return true;
}

/* ---- what it says ---------------------------------------------------------------------------------------------------------------- */

static struct gh_span property(const struct gh_badge_result *r, const char *name)
{
	for (size_t i = 0; i < r->nproperty; i++)
		if (gh_span_is(r->property[i].name, name))
			return r->property[i].value;
	return (struct gh_span){ 0 };
}

static bool properties(struct look *l, const struct gh_jval *list)
{
	struct gh_badge_result *r = l->out;
	for (const struct gh_jval *v = gh_jfirst(list); v != NULL; v = v->next) {
		if (v->kind != GH_J_STRING || r->nproperty == GH_BADGE_PROPERTIES ||
		    !gh_span_starts(v->text, GH_BADGE_PREFIX))
			return false;
		const uint8_t *eq = memchr(v->text.p, '=', v->text.n);
		size_t n = eq == NULL ? v->text.n : (size_t)(eq - v->text.p);
		struct gh_span name = gh_span_cut(v->text, 0, n);
		for (size_t i = 0; i < r->nproperty; i++)
			if (gh_span_eq(r->property[i].name, name))
				return false;
		r->property[r->nproperty].name = name;
		r->property[r->nproperty++].value = gh_span_cut(v->text, eq == NULL ? n : n + 1, v->text.n);
	}
	return true;
}

static bool subjects(struct look *l, const struct gh_statement *s)
{
	struct gh_badge_result *r = l->out;
	for (const struct gh_jval *v = gh_jfirst(s->subjects); v != NULL; v = v->next) {
		const struct gh_jval *name = gh_jget(v, "name"), *digest = gh_jget(gh_jget(v, "digest"), "sha256");
		if (name == NULL || digest == NULL || name->kind != GH_J_STRING || digest->kind != GH_J_STRING)
			return false;
		if (v == gh_jfirst(s->subjects)) {
			r->model = name->text;
			r->root = digest->text;
		} else if (gh_span_is(name->text, "manifest"))
			r->manifest = digest->text;
	}
	return r->root.n == 64 && r->manifest.n == 64;
}

static bool statement(struct look *l)
{
	struct gh_statement s;
	struct gh_err err = { 0 };
	struct gh_badge_result *r = l->out;
	if (gh_statement_read(l->a, l->envelope.payload, &s, &err) != GH_OK)
		return failed(l, GH_BC_STATEMENT, &err);
	if (s.predicate_type == NULL || strcmp(s.predicate_type, GH_BADGE_PREDICATE) != 0)
		return note(l, GH_BC_STATEMENT, GH_BO_FAIL, "it is a statement of another kind");
	const struct gh_jval *verifier = gh_jget(gh_jget(s.predicate, "verifier"), "id"),
			     *made = gh_jget(s.predicate, "timeCreated");
	if (!subjects(l, &s) || !properties(l, gh_jget(s.predicate, "properties")) || verifier == NULL ||
	    made == NULL || made->kind != GH_J_STRING)
		return note(l, GH_BC_STATEMENT, GH_BO_FAIL, "a subject, property or time is missing or malformed");
	r->verifier = verifier->text;
	r->issued = made->text;
	r->expires = property(r, "GATEHOUSE_EXPIRES");
	r->report = property(r, "GATEHOUSE_REPORT_SHA256");
	r->id = property(r, "GATEHOUSE_BADGE_ID");
	bool complete = false;
	for (size_t i = 0; i < r->nproperty; i++)
		complete = complete || gh_span_is(r->property[i].name, "GATEHOUSE_SCAN_COMPLETE");
	if (!complete || r->id.n != 32 || r->report.n != 64)
		return note(l, GH_BC_STATEMENT, GH_BO_FAIL, "it does not say that a scan was complete");
	return note(l, GH_BC_STATEMENT, GH_BO_PASS, "scan complete") && whole(l, property(r, "GATEHOUSE_KEYS_SHA256"));
}

/* ---- the log --------------------------------------------------------------------------------------------------------------------- */

static bool same_text(const struct gh_jval *entry, const char *name, struct gh_span want)
{
	const struct gh_jval *v = gh_jget(entry, name);
	return v != NULL && v->kind == GH_J_STRING && want.n > 0 && gh_span_eq(v->text, want);
}

static bool entry(struct look *l)
{
	const struct gh_jval *e;
	struct gh_err err = { 0 };
	char digest[65];
	const struct gh_mhash h = gh_merkle_sha256(l->envelope.payload);
	gh_b16(digest, (struct gh_span){ h.b, sizeof h.b });
	if (gh_jdom_parse(l->a, l->entry, &e, &err) != GH_OK)
		return note(l, GH_BC_ENTRY, GH_BO_FAIL, "the entry is malformed");
	if (!same_text(e, "kind", GH_SPAN("badge-issued")) || !same_text(e, "statement", gh_span_str(digest)) ||
	    !same_text(e, "badge", l->out->id) || !same_text(e, "root", l->out->root) ||
	    !same_text(e, "report", l->out->report))
		return note(l, GH_BC_ENTRY, GH_BO_FAIL, "the entry is about something else");
	return note(l, GH_BC_ENTRY, GH_BO_PASS, "it names this statement");
}

static bool inclusion(struct look *l, const struct gh_key *log)
{
	struct gh_note_key key;
	struct gh_checkpoint cp;
	struct gh_tlog_proof proof;
	struct gh_note n;
	struct gh_err err = { 0 };
	uint8_t raw[GH_KEY_RAW];
	const char *origin = gh_jstr(l->extra, "origin");
	const struct gh_jval *text = gh_jget(l->extra, "proof");
	if (!gh_key_raw(log, raw) || origin == NULL || text == NULL || text->kind != GH_J_STRING)
		return note(l, GH_BC_INCLUSION, GH_BO_FAIL,
			    "the proof is missing, or the log's key is of another kind");
	if (gh_note_key(origin, GH_NOTE_ED25519, (struct gh_span){ raw, sizeof raw }, &key, &err) != GH_OK ||
	    gh_tlog_proof_check(text->text, l->entry, &key, &n, &cp, &err) != GH_OK ||
	    gh_tlog_proof_read(text->text, &proof, &err) != GH_OK)
		return failed(l, GH_BC_INCLUSION, &err);
	l->out->log_index = proof.index;
	l->out->log_size = cp.size;
	return note(l, GH_BC_INCLUSION, GH_BO_PASS, "entry %llu of %llu in %.60s", (unsigned long long)proof.index,
		    (unsigned long long)cp.size, origin);
}

static bool logged(struct look *l)
{
	struct gh_key *log = endorsed(l, gh_jget(l->extra, "logKey"), "log");
	bool ok = log != NULL ? note(l, GH_BC_LOG_KEY, GH_BO_PASS, "the log's key is vouched for")
			      : note(l, GH_BC_LOG_KEY, GH_BO_FAIL, "no badge key vouches for the log's key");
	ok = ok && entry(l);
	ok = ok && inclusion(l, log);
	gh_key_free(log);
	return ok;
}

/* ---- time, revocation, the model ---------------------------------------------------------------------------------------------------- */

static void validity(struct look *l)
{
	int64_t issued, expires;
	if (!gh_datetime_read(l->out->issued, &issued) || !gh_datetime_read(l->out->expires, &expires))
		(void)note(l, GH_BC_TIME, GH_BO_FAIL, "its times are malformed");
	else if (issued > l->q->at + 300) /* clocks differ a little */
		(void)note(l, GH_BC_TIME, GH_BO_FAIL, "it was issued in the future: %.20s",
			   (const char *)l->out->issued.p);
	else if (expires <= l->q->at)
		(void)note(l, GH_BC_TIME, GH_BO_FAIL, "it expired on %.20s", (const char *)l->out->expires.p);
	else
		(void)note(l, GH_BC_TIME, GH_BO_PASS, "until %.20s", (const char *)l->out->expires.p);
}

static void listed(struct look *l, const struct gh_jval *list)
{
	for (const struct gh_jval *v = gh_jfirst(gh_jget(list, "revoked")); v != NULL; v = v->next) {
		const struct gh_jval *id = gh_jget(v, "badge"), *why = gh_jget(v, "reason");
		if (id == NULL || id->kind != GH_J_STRING || !gh_span_eq(id->text, l->out->id))
			continue;
		l->out->revoked_reason = why != NULL && why->kind == GH_J_STRING ? why->text
										 : GH_SPAN("no reason given");
		(void)note(l, GH_BC_STATUS, GH_BO_FAIL, "revoked: %.80s", (const char *)l->out->revoked_reason.p);
		return;
	}
	(void)note(l, GH_BC_STATUS, GH_BO_PASS, "not on list number %llu of %.20s",
		   (unsigned long long)l->out->status_number, (const char *)l->out->status_issued.p);
}

static void status(struct look *l)
{
	struct gh_dsse d;
	const struct gh_jval *list;
	struct gh_err err = { 0 };
	int64_t issued, expires;
	size_t by;
	if (!l->q->status_given) {
		(void)note(l, GH_BC_STATUS, GH_BO_SKIPPED,
			   "no status list was given: whether it was revoked is not known");
		return;
	}
	if (l->q->status.n > GH_BADGE_FILE_MAX || gh_dsse_read(l->a, l->q->status, &d, &err) != GH_OK ||
	    !gh_span_is(d.type, GH_BADGE_STATUS_TYPE) || d.n != 1 ||
	    !verify_with(l, GH_BADGE_STATUS_TYPE, d.payload, d.sig[0].sig, &by) ||
	    gh_jdom_parse(l->a, d.payload, &list, &err) != GH_OK) {
		(void)note(l, GH_BC_STATUS, GH_BO_UNKNOWN,
			   "the status list is none, or not signed with this badge's keys");
		return;
	}
	const struct gh_jval *from = gh_jget(list, "issued"), *to = gh_jget(list, "expires");
	if (from == NULL || to == NULL || !gh_datetime_read(from->text, &issued) ||
	    !gh_datetime_read(to->text, &expires)) {
		(void)note(l, GH_BC_STATUS, GH_BO_UNKNOWN, "the status list has no dates");
		return;
	}
	uint64_t number = 0;
	(void)gh_ju64(gh_jget(list, "number"), &number);
	l->out->status_issued = from->text;
	l->out->status_expires = to->text;
	l->out->status_number = number;
	listed(l, list);
	/* A revocation counts for ever; an old list cannot say that there is none. */
	if (l->out->check[GH_BC_STATUS].outcome == GH_BO_PASS && (expires <= l->q->at || issued > l->q->at + 300))
		(void)note(l, GH_BC_STATUS, GH_BO_UNKNOWN, "the status list is of %.20s and too old: get a newer one",
			   (const char *)from->text.p);
	else if (l->out->check[GH_BC_STATUS].outcome == GH_BO_PASS && number < l->q->status_min)
		(void)note(l, GH_BC_STATUS, GH_BO_UNKNOWN,
			   "the status list is number %llu of %.20s, and number %llu is known: get that one or a newer "
			   "one",
			   (unsigned long long)number, (const char *)from->text.p,
			   (unsigned long long)l->q->status_min);
}

static void model(struct look *l)
{
	if (l->q->root == NULL)
		(void)note(l, GH_BC_MODEL, GH_BO_SKIPPED, "no files were given to compare with");
	else if (gh_span_is(l->out->root, l->q->root))
		(void)note(l, GH_BC_MODEL, GH_BO_PASS, "the root digest is equal");
	else
		(void)note(l, GH_BC_MODEL, GH_BO_FAIL, "it is about other files: the root digest differs");
}

void gh_badge_verify(const struct gh_badge_question *q, struct gh_arena *a, struct gh_badge_result *out)
{
	*out = (struct gh_badge_result){ 0 };
	struct look *l = GH_NEW(a, struct look, 1);
	if (l == NULL) {
		out->check[GH_BC_FORMAT].outcome = GH_BO_UNKNOWN;
		(void)snprintf(out->check[GH_BC_FORMAT].detail, sizeof out->check[0].detail, "no memory");
		return;
	}
	*l = (struct look){ .q = q, .a = a, .out = out };
	if (format(l) && given_keys(l) && signature(l) && statement(l)) {
		(void)logged(l);
		validity(l);
		status(l);
		model(l);
	}
	for (size_t i = 0; i < l->nkey; i++)
		gh_key_free(l->key[i]);
}

int gh_badge_verdict(const struct gh_badge_result *r)
{
	bool unknown = false;
	for (unsigned i = 0; i < GH_BC_CHECKS; i++) {
		if (r->check[i].outcome == GH_BO_FAIL)
			return 1;
		unknown = unknown || r->check[i].outcome == GH_BO_UNKNOWN || r->check[i].outcome == GH_BO_NOT_REACHED;
	}
	return unknown ? 2 : 0;
}
