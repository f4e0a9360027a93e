/* Values that keys of a policy have, and one rule of it. */
#include <stdio.h>

#include "policy/policy_int.h"
#include "policy/units.h"

/* ---- values ----------------------------------------------------------------------------------------------------------------- */
enum gh_rc policy_text(struct ydoc *d, const struct ynode *n, size_t most, struct gh_span *out)
{
	if (n->kind != Y_TEXT || n->text.n == 0)
		return ydoc_bad(d, n, false, "here a text is expected");
	if (n->text.n > most)
		return ydoc_bad(d, n, false, "this text is longer than %zu bytes", most);
	*out = n->text;
	if (memchr(n->text.p, '\n', n->text.n) == NULL)
		return GH_OK;
	/* Block texts end with a line break, and messages are shown on one line. */
	uint8_t *flat = gh_alloc(d->arena, n->text.n + 1, 1);
	if (flat == NULL)
		return GH_E_NOMEM;
	size_t len = 0;
	for (size_t i = 0; i < n->text.n; i++)
		flat[len++] = n->text.p[i] == '\n' ? ' ' : n->text.p[i];
	while (len != 0 && flat[len - 1] == ' ')
		len--;
	flat[len] = '\0';
	*out = (struct gh_span){ flat, len };
	return len != 0 ? GH_OK : ydoc_bad(d, n, false, "here a text is expected");
}

static bool id_char(uint8_t c, bool first)
{
	bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
	return word || (!first && (c == '.' || c == '_' || c == '-'));
}

enum gh_rc policy_id(struct ydoc *d, const struct ynode *n, struct gh_span *out)
{
	bool ok = n->kind == Y_TEXT && n->text.n != 0 && n->text.n <= ID_BYTES;
	for (size_t i = 0; ok && i < n->text.n; i++)
		ok = id_char(n->text.p[i], i == 0);
	if (!ok)
		return ydoc_bad(d, n, false,
				"an id has letters, digits, '.', '_' and '-', begins with a letter or digit, and has "
				"at most %d",
				ID_BYTES);
	*out = n->text;
	return GH_OK;
}

enum gh_rc policy_when(struct ydoc *d, const struct ynode *n, struct expr *out)
{
	struct expr_err err;
	if (n->kind != Y_TEXT)
		return ydoc_bad(d, n, false, "here a condition is expected, such as: size > 10 GiB");
	enum gh_rc rc = expr_read(d->arena, n->text, out, &err);
	return rc == GH_E_MALFORMED ? ydoc_bad_in(d, n, err.off, err.what) : rc;
}

static enum gh_rc word(struct ydoc *d, const struct ynode *n, const char *words, const char *what, unsigned *bits)
{
	int i = n->kind == Y_TEXT ? gh_word_index(words, n->text) : -1;
	if (i >= 0) {
		*bits |= 1u << i;
		return GH_OK;
	}
	gh_auto_buf list = gh_buf(200), shown = gh_buf(64);
	gh_word_list(&list, words);
	gh_buf_safe(&shown, n->text, 40);
	return ydoc_bad(d, n, false, "'%s' is no %s: expected is %s", gh_buf_cstr(&shown), what, gh_buf_cstr(&list));
}

enum gh_rc policy_words(struct ydoc *d, const struct ynode *n, const char *words, const char *what, unsigned *out)
{
	*out = 0;
	if (n->kind != Y_LIST)
		return word(d, n, words, what, out);
	if (n->n == 0)
		return ydoc_bad(d, n, false, "this list is empty: it would never apply");
	for (const struct ynode *e = n->first; e != NULL; e = e->next) {
		enum gh_rc rc = word(d, e, words, what, out);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static const char *words_of(const char *fact) { return gh_fact_rows[gh_fact_named(gh_span_str(fact))].words; }

enum gh_rc policy_actions(struct ydoc *d, const struct ynode *n, unsigned *out)
{
	return policy_words(d, n, words_of("action"), "action", out);
}

unsigned policy_all_actions(void) { return (1u << gh_word_count(words_of("action"))) - 1; }

struct gh_span policy_word(const char *fact, unsigned index) { return gh_word_at(words_of(fact), index); }

void policy_bits(struct gh_buf *out, const char *fact, unsigned bits)
{
	for (unsigned i = 0, any = 0; i < gh_word_count(words_of(fact)); i++)
		if (bits & 1u << i) {
			gh_buf_str(out, any++ ? ", " : "");
			gh_buf_span(out, gh_word_at(words_of(fact), i));
		}
}

enum gh_rc policy_foreign(const struct ydoc *d, const struct ynode *n, const struct expr *e, bool tier_own, bool tiers)
{
	if (e->shout_less)
		return ydoc_bad(d, n, false,
				"evidence.unverified and evidence.findings are words that nobody stands for: they may "
				"only make a decision "
				"stricter, and here more of them would make it less strict");
	if (e->foreign_less && tiers)
		return ydoc_bad(d, n, false,
				"what others say may raise the tier, never lower it: here more evidence would");
	if (e->foreign_less && (e->own || (e->tier && tier_own)))
		return ydoc_bad(
			d, n, false,
			"what others say cannot excuse what the scan found: this condition speaks of both, and "
			"evidence of others "
			"(evidence.*, signature.*) could make it hold less. Ask for evidence in a rule of its own");
	return GH_OK;
}

/* ---- the effect ------------------------------------------------------------------------------------------------------------- */
static enum gh_rc need(struct ydoc *d, const struct ynode *n, void *into)
{
	struct prule *r = into;
	int64_t v;
	if (n->kind != Y_TEXT || !gh_unit_int(n->text, &v) || v < 1 || v > APPROVALS_MOST)
		return ydoc_bad(d, n, false, "approvals: a number from 1 to %d", APPROVALS_MOST);
	r->need = (unsigned)v;
	return GH_OK;
}

static enum gh_rc roles(struct ydoc *d, const struct ynode *n, void *into)
{
	struct prule *r = into;
	const char *words = words_of("approvals.role");
	enum gh_rc rc = policy_words(d, n, words, "role", &r->roles);
	if (rc == GH_OK && (r->roles & 1u << gh_word_index(words, GH_SPAN("robot"))))
		return ydoc_bad(d, n, false, "approvals are given by persons: the role 'robot' cannot give any");
	return rc;
}

static enum gh_rc duration(struct ydoc *d, const struct ynode *n, int64_t *out)
{
	if (n->kind != Y_TEXT || !gh_unit_duration(n->text, out) || *out == 0)
		return ydoc_bad(d, n, false, "here a duration is expected, such as 30d or 12h");
	return GH_OK;
}

static enum gh_rc within(struct ydoc *d, const struct ynode *n, void *into)
{
	return duration(d, n, &((struct prule *)into)->within);
}

static enum gh_rc require(struct ydoc *d, const struct ynode *n, void *into)
{
	static const struct ykey keys[] = {
		{ "approvals", true, Y_TEXT, need },
		{ "roles", true, Y_NULL, roles },
		{ "within", false, Y_TEXT, within },
	};
	((struct prule *)into)->effect = GH_EFFECT_REQUIRE;
	return ydoc_map(d, n, keys, sizeof keys / sizeof keys[0], into);
}

static enum gh_rc effect(struct ydoc *d, const struct ynode *n, void *into)
{
	static const struct ykey keys[] = { { "require", true, Y_MAP, require } };
	static const struct {
		const char *name;
		enum gh_effect is;
	} words[] = { { "audit", GH_EFFECT_AUDIT }, { "warn", GH_EFFECT_WARN }, { "deny", GH_EFFECT_DENY } };
	struct prule *r = into;
	if (n->kind == Y_MAP)
		return ydoc_map(d, n, keys, 1, into);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (ydoc_is(n, words[i].name)) {
			r->effect = words[i].is;
			return GH_OK;
		}
	return ydoc_bad(d, n, false, "an effect is audit, warn, deny, or require: with approvals and roles below it");
}

/* ---- one rule --------------------------------------------------------------------------------------------------------------- */
static enum gh_rc rule_id(struct ydoc *d, const struct ynode *n, void *into)
{
	struct prule *r = into;
	if (ydoc_is(n, POLICY_ID_QUARANTINE) || ydoc_is(n, POLICY_ID_OPA))
		return ydoc_bad(d, n, false, "this id is taken: it names the %s of the policy",
				(const char *)n->text.p);
	return policy_id(d, n, &r->id);
}

static enum gh_rc rule_on(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_actions(d, n, &((struct prule *)into)->actions);
}

static enum gh_rc rule_when(struct ydoc *d, const struct ynode *n, void *into)
{
	struct prule *r = into;
	r->always = false;
	return policy_when(d, n, &r->when);
}

static enum gh_rc rule_unknown(struct ydoc *d, const struct ynode *n, void *into)
{
	static const char *const words[] = { "deny", "warn", "apply", "ignore" };
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (ydoc_is(n, words[i])) {
			((struct prule *)into)->lack = (enum lack)i;
			return GH_OK;
		}
	return ydoc_bad(d, n, false,
			"what a rule does when a fact is not known: deny (the default), warn, apply (as if it held), "
			"or ignore");
}

static enum gh_rc rule_message(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, MESSAGE_BYTES, &((struct prule *)into)->message);
}

static enum gh_rc rule_override(struct ydoc *d, const struct ynode *n, void *into)
{
	((struct prule *)into)->override = ydoc_is(n, "true");
	return ydoc_is(n, "true") || ydoc_is(n, "false") ? GH_OK : ydoc_bad(d, n, false, "override is true or false");
}

enum gh_rc policy_rules(struct ydoc *d, const struct ynode *n, void *policy)
{
	static const struct ykey keys[] = {
		{ "id", true, Y_TEXT, rule_id },
		{ "on", false, Y_NULL, rule_on },
		{ "when", false, Y_TEXT, rule_when },
		{ "effect", true, Y_NULL, effect },
		{ "unknown", false, Y_TEXT, rule_unknown },
		{ "message", true, Y_TEXT, rule_message },
		{ "override", false, Y_TEXT, rule_override },
	};
	struct gh_policy *p = policy;
	for (const struct ynode *e = n->first; e != NULL; e = e->next) {
		struct prule *r = PPUSH(d->arena, &p->rule);
		if (r == NULL)
			return GH_E_NOMEM;
		if (p->rule.n > GH_POLICY_RULES)
			return ydoc_bad(d, e, false, "a policy has at most %d rules", GH_POLICY_RULES);
		*r = (struct prule){ .always = true, .actions = policy_all_actions(), .doc = d, .node = e };
		enum gh_rc rc = ydoc_map(d, e, keys, sizeof keys / sizeof keys[0], r);
		if (rc != GH_OK)
			return rc;
		for (size_t i = 0; i + 1 < p->rule.n; i++)
			if (gh_span_eq(p->rule.v[i].id, r->id))
				return ydoc_bad(d, ydoc_get(e, "id"), false, "a rule with this id stands above");
	}
	return GH_OK;
}
