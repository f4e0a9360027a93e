/* Credentials that were published by mistake: in cards, configurations, notebooks, sources, metadata. One pass finds the
 * places where a token or a name may start; what stands there is then parsed. A finding shows the kind, the place and the
 * first four and last two characters, never the secret. */
#include "check/secrets.h"

#include <stdio.h>

#include "check/secrets_int.h"
#include "check/roll.h"
#include "format/format.h"
#include "wire/recs.h"

static const struct gh_rule rules[] = {
	[GH_SECRET_TOKEN] = { "GH-SEC-0001", GH_HIGH, GH_REVIEW, "The access token of a provider",
			      "Everybody who has the file acts in the name of its owner, at the owner's cost.",
			      "Revoke the token at the provider and have the file published without it.",
			      "CWE-312 CWE-798 AML.T0055" },
	[GH_SECRET_KEY] = { "GH-SEC-0002", GH_HIGH, GH_REVIEW, "A private key",
			    "Everybody who has the file can log in, sign or decrypt as its owner.",
			    "Replace the key everywhere it is trusted and have the file published without it.",
			    "CWE-312 CWE-321 AML.T0055" },
	[GH_SECRET_KEY_LOCKED] = { "GH-SEC-0003", GH_MEDIUM, GH_REVIEW, "A private key under a passphrase",
				   "Whoever guesses the passphrase, with all the time there is, has the key.",
				   "Replace the key and have the file published without it.",
				   "CWE-312 CWE-522 AML.T0055" },
	[GH_SECRET_URL] = { "GH-SEC-0004", GH_HIGH, GH_REVIEW, "An address with user name and password",
			    "Everybody who has the file can use the account.",
			    "Change the password and take it from the environment instead.",
			    "CWE-312 CWE-798 AML.T0055" },
	[GH_SECRET_VALUE] = { "GH-SEC-0005", GH_MEDIUM, GH_REVIEW, "A value whose name says that it is secret",
			      "Everybody who has the file can use the account.",
			      "If it is real, revoke it and have the file published without it.",
			      "CWE-312 CWE-798 AML.T0055" },
	[GH_SECRET_LOGIN] = { "GH-SEC-0006", GH_HIGH, GH_REVIEW, "The login of a client program",
			      "Everybody who has the file can use the account.",
			      "Revoke the login; keep such files out of what is published.",
			      "CWE-312 CWE-522 AML.T0055" },
	[GH_SECRET_DUD] = { "GH-SEC-0007", GH_LOW, GH_CLEAN, "The form of a token with a checksum that does not fit",
			    "None: no such token was ever given out. It may be a real one with a changed character.",
			    "Look whether a real token was made unreadable here, and revoke that one.", "CWE-312" },
	[GH_SECRET_PUBLIC] = { "GH-SEC-0008", GH_INFO, GH_CLEAN, "A token for tests, or one that is made to be public",
			       "Little: it opens a test account, or what every browser may see.",
			       "None needed, unless the account is not a test account.", "CWE-312" },
	[GH_SECRET_MORE] = { "GH-SEC-0009", GH_LOW, GH_REVIEW, "More credentials than are listed",
			     "As for those that are listed.", "Clean the whole file, not only the places listed.",
			     "CWE-312 AML.T0055" },
	[GH_SECRET_PART] = { "GH-SEC-0010", GH_MEDIUM, GH_REVIEW, "The beginning of a private key",
			     "What is missing may stand elsewhere; that the key was here at all tells that it may be "
			     "known.",
			     "Replace the key if it was a real one.", "CWE-312 CWE-321 AML.T0055" },
	GH_RULES_END
};

enum { TOLD = 64 };

struct state {
	struct gh_roll_common *common;
	struct gh_roll roll;
	uint64_t told[TOLD]; /* hashes of secrets that were reported: the same one is reported once */
	unsigned ntold;
};

static bool recognise(struct gh_span s, size_t at, unsigned which, struct gh_secret *out)
{
	size_t len = strlen(gh_secret_words[which]);
	switch (gh_secret_word(which)) {
	case GH_WORD_TOKEN: return gh_secret_token(s, at, which, out);
	case GH_WORD_PEM: return gh_secret_pem(s, at, out);
	case GH_WORD_PEM64: return gh_secret_pem64(s, at, out);
	case GH_WORD_PUTTY: return gh_secret_putty(s, at, out);
	case GH_WORD_JWK: return gh_secret_jwk(s, at, out);
	case GH_WORD_URL: return gh_secret_url(s, at, out);
	case GH_WORD_NAME: return gh_secret_named(s, at, len, out);
	case GH_WORD_NETRC: return gh_secret_netrc(s, at, out);
	case GH_WORD_HEADER: return gh_secret_header(s, at, len, out);
	case GH_WORD_AUTH: return gh_secret_auth(s, at, len, out);
	case GH_WORD_KAGGLE: return gh_secret_kaggle(s, at, out);
	case GH_WORD_PGPASS: return gh_secret_pgpass(s, at, out);
	case GH_WORD_HASHED: return gh_secret_hashed(s, at, len, out);
	}
	return false;
}

void gh_secrets_look(const struct gh_kw *k, struct gh_span s, size_t from, size_t to,
		     void (*found)(void *arg, const struct gh_secret *, size_t at), void *arg)
{
	unsigned which = GH_KW_NONE;
	for (size_t i = from; (i = gh_kw_find(k, s, i, to, &which)) != SIZE_MAX; i++) {
		struct gh_secret best = { 0 }, one;
		bool any = false;
		for (unsigned w = which; w != GH_KW_NONE; w = gh_kw_also(k, s, i, w))
			if (recognise(s, i, w, &one) && (!any || one.rule < best.rule)) {
				best = one;
				any = true;
			}
		if (any)
			found(arg, &best, i);
	}
}

static struct state *state_of(struct gh_scene *s)
{
	if (*s->state == NULL) {
		struct state *st = GH_NEW(s->arena, struct state, 1);
		if (st != NULL)
			st->common = gh_roll_common(s, gh_secret_words, gh_secret_words_n);
		if (st == NULL || st->common == NULL)
			return NULL;
		*s->state = st;
	}
	return *s->state;
}

struct look {
	struct gh_scene *scene;
	struct state *st;
	struct gh_range fixed; /* len != 0: the place of findings, whatever the place in the window */
	uint64_t base;
	const uint8_t *p; /* of the window */
	bool decoded;
};

/* A token in an assignment or behind "Bearer" is found by both: the one that says more comes first, as tokens start
 * behind the name; so values are compared, not places. */
static uint64_t same(const struct gh_secret *x)
{
	return x->same != 0 ? x->same : gh_hash_end(gh_hash(GH_HASH_START, gh_span_cut(x->value, 0, 512)));
}

static bool known(struct state *st, const struct gh_secret *x)
{
	uint64_t h = same(x);
	for (unsigned i = 0; i < st->ntold; i++)
		if (st->told[i] == h)
			return true;
	if (st->ntold < TOLD)
		st->told[st->ntold++] = h;
	return false;
}

static void found(void *arg, const struct gh_secret *x, size_t at)
{
	struct look *l = arg;
	struct gh_span v = x->value;
	char text[240];
	/* A name before a token of a provider: the token itself is recognised a few bytes later, and says more. */
	if (x->rule == GH_SECRET_VALUE || x->rule == GH_SECRET_LOGIN) {
		struct gh_secret inner;
		unsigned which = GH_KW_NONE;
		if (gh_kw_find(&l->st->common->kw, v, 0, 1, &which) == 0)
			for (unsigned w = which; w != GH_KW_NONE; w = gh_kw_also(&l->st->common->kw, v, 0, w))
				if (gh_secret_word(w) == GH_WORD_TOKEN && gh_secret_token(v, 0, w, &inner))
					return;
	}
	if (l->st->ntold == TOLD) {
		gh_find(l->scene, &rules[GH_SECRET_MORE], (struct gh_range){ 0 }, "the first %d are listed", (int)TOLD);
		return;
	}
	if (known(l->st, x) || gh_roll_told(l->st->common, same(x), l->decoded))
		return;
	bool masked = x->rule != GH_SECRET_KEY && x->rule != GH_SECRET_PART && x->rule != GH_SECRET_KEY_LOCKED &&
		      v.n >= 12;
	struct gh_safe first = gh_safe(gh_span_cut(v, 0, 4)), last = gh_safe(gh_span_cut(v, v.n - 2, 2));
	(void)snprintf(text, sizeof text, "%s%s%s%s: ", x->kind, x->note == NULL ? "" : " (",
		       x->note == NULL ? "" : x->note, x->note == NULL ? "" : ")");
	struct gh_range where = l->fixed;
	if (where.len == 0)
		where = (struct gh_range){ l->base + (v.p != NULL ? (uint64_t)(v.p - l->p) : at), v.n };
	if (masked)
		gh_find(l->scene, &rules[x->rule], where, "%s%s…%s, %zu characters", text, first.s, last.s, v.n);
	else
		gh_find(l->scene, &rules[x->rule], where, "%s%zu characters", text, v.n);
}

static void plain(void *arg, struct gh_span text, size_t from, size_t to, struct gh_range at)
{
	struct look *l = arg, copy = *l;
	copy.decoded = true;
	copy.fixed = at;
	copy.p = text.p;
	gh_secrets_look(&l->st->common->kw, text, from, to, found, &copy);
}

static void look(void *arg, struct gh_span s, size_t from, size_t to, uint64_t base)
{
	struct look *l = arg;
	l->base = base;
	l->p = s.p;
	gh_secrets_look(&l->st->common->kw, s, from, to, found, l);
	if (!l->decoded && !gh_roll_escapes(l->st->common, l->scene->arena, s, from, to, base, plain, l))
		gh_not_looked(l->scene, "no memory for the search of texts");
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	struct state *st = state_of(s);
	if (st == NULL) {
		gh_not_looked(s, "no memory for the search of texts");
		return;
	}
	/* A text has its own place: within the event's range its bytes may be escaped. The name of a value belongs to it. */
	struct look l = { .scene = s, .st = st, .fixed = ev->at, .decoded = true };
	const struct gh_text *t = ev->u.text;
	l.fixed.len += l.fixed.len == 0;
	look(&l, t->text, 0, t->text.n, 0);
	if (t->key.n != 0 && t->key.n < 128 && t->text.n >= 8 && t->text.n < 512) {
		uint8_t pair[700];
		memcpy(pair, t->key.p, t->key.n);
		memcpy(pair + t->key.n, "=\"", 2);
		memcpy(pair + t->key.n + 2, t->text.p, t->text.n);
		pair[t->key.n + 2 + t->text.n] = '"';
		look(&l, (struct gh_span){ pair, t->key.n + t->text.n + 3 }, 0, t->key.n, 0);
	}
	gh_looked(s, 1, t->text.n);
}

static void bytes(struct gh_scene *s, struct gh_span block, uint64_t off, bool last)
{
	struct state *st = state_of(s);
	if (st == NULL) {
		gh_not_looked(s, "no memory for the search of texts");
		return;
	}
	struct look l = { .scene = s, .st = st, .decoded = s->decoded };
	if (!gh_roll_bytes(&st->roll, st->common, s, block, off, last, look, &l))
		gh_not_looked(s, "no memory for the search of texts");
	gh_looked(s, off == 0, block.n);
}

const struct gh_check gh_check_secrets = {
	.name = "secrets",
	.about = "credentials in texts: tokens of providers, private keys, passwords in addresses and assignments",
	.stage = GH_STAGE_SECRETS,
	.events = 1u << GH_EV_TEXT,
	.on = on,
	.bytes = bytes,
	.rules = rules,
};
