/* The audit log's last word per id. */
#include "catalog/fsck_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 1024, BUCKETS_MAX = 1 << 20 };

unsigned gh_logfacts_shares(uint64_t entries) { return 1 + (unsigned)(entries / GH_FACT_SHARD); }

enum gh_rc gh_logfacts_begin(struct gh_logfacts *f, uint64_t entries, unsigned share, struct gh_err *err)
{
	size_t n = BUCKETS_MIN;
	while (n < BUCKETS_MAX && n < entries)
		n *= 2;
	*f = (struct gh_logfacts){
		.a = { .max = GH_FACT_ARENA }, .nbucket = n, .share = share, .shares = gh_logfacts_shares(entries)
	};
	f->bucket = GH_NEW(&f->a, struct gh_logfact *, n);
	return f->bucket != NULL ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory");
}

void gh_logfacts_end(struct gh_logfacts *f) { gh_arena_free(&f->a); }

/* FNV-1a: the names are random ids that the program chose itself. */
static uint64_t hash(const char *s, size_t n)
{
	uint64_t h = 14695981039346656037ULL;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)s[i]) * 1099511628211ULL;
	return h ^ h >> 29;
}

bool gh_logfacts_mine(const struct gh_logfacts *f, enum gh_logfact_kind kind, const char *id)
{
	size_t n = strcspn(id, ":"); /* a grant goes with its principal */
	return kind == GH_FACT_TENANT || hash(id, n) % f->shares == f->share;
}

static struct gh_logfact **slot(const struct gh_logfacts *f, const char *key)
{
	return &f->bucket[hash(key, strlen(key)) & (f->nbucket - 1)];
}

static struct gh_logfact *look(const struct gh_logfacts *f, const char *key)
{
	struct gh_logfact *x = *slot(f, key);
	while (x != NULL && strcmp(x->key, key) != 0)
		x = x->next;
	return x;
}

struct gh_logfact *gh_logfact_find(const struct gh_logfacts *f, enum gh_logfact_kind kind, const char *id)
{
	char key[GH_FACT_KEY];
	int n = snprintf(key, sizeof key, "%c%s", (char)kind, id);
	return n > 0 && (size_t)n < sizeof key ? look(f, key) : NULL;
}

static struct gh_logfact *have(struct gh_logfacts *f, enum gh_logfact_kind kind, const char *id)
{
	char key[GH_FACT_KEY];
	int n = snprintf(key, sizeof key, "%c%s", (char)kind, id);
	if (n <= 0 || (size_t)n >= sizeof key)
		return NULL;
	struct gh_logfact *x = look(f, key);
	if (x != NULL)
		return x;
	x = gh_alloc(&f->a, 1, sizeof *x + (size_t)n + 1);
	if (x == NULL)
		return NULL;
	memcpy(x->key, key, (size_t)n + 1);
	x->next = *slot(f, key);
	*slot(f, key) = x;
	x->more = f->all;
	f->all = x;
	return x;
}

static void take(char *out, size_t cap, const struct gh_entry *e, const char *field)
{
	struct gh_span s = gh_entry_get(e, field);
	size_t n = s.n < cap - 1 ? s.n : cap - 1;
	if (s.p == NULL)
		return;
	memcpy(out, s.p, n);
	out[n] = '\0';
}
#define TAKE(to, e, field) take((to), sizeof(to), (e), (field))

/* ---- what each kind of entry says ---- */
static void scanned(struct gh_logfact *x, const struct gh_entry *e)
{
	x->there = true;
	TAKE(x->of, e, "tenant");
	TAKE(x->root, e, "root");
	TAKE(x->report, e, "report");
	TAKE(x->verdict, e, "verdict");
	x->says[0] = '\0';
	TAKE(x->says, e, "says");
	TAKE(x->state, e, "state"); /* a rescan has none: then it stays */
}
static void moved(struct gh_logfact *x, const struct gh_entry *e) { TAKE(x->state, e, "to"); }
static void badge(struct gh_logfact *x, const struct gh_entry *e)
{
	x->there = true;
	TAKE(x->of, e, "version");
	TAKE(x->report, e, "statement");
}
/* Who did it, if that was a principal. */
static void by(struct gh_logfact *x, const struct gh_entry *e)
{
	bool one = gh_id_ok(e->actor);
	memcpy(x->by, one ? (const char *)e->actor.p : "", one ? 32 : 0);
	x->by[one ? 32 : 0] = '\0';
}
static void imported(struct gh_logfact *x, const struct gh_entry *e)
{
	scanned(x, e);
	by(x, e);
	TAKE(x->tier, e, "tier");
}
static void opened(struct gh_logfact *x, const struct gh_entry *e)
{
	x->there = true;
	TAKE(x->of, e, "version");
	TAKE(x->root, e, "root");
	TAKE(x->report, e, "report");
	TAKE(x->tier, e, "tier");
	char needed[24] = "";
	TAKE(needed, e, "needed");
	x->held = strtoll(needed, NULL, 10);
}
static void begun(struct gh_logfact *x, const struct gh_entry *e)
{
	by(x, e);
	x->there = true;
	TAKE(x->of, e, "principal");
	TAKE(x->report, e, "says");
}
static void ended(struct gh_logfact *x, const struct gh_entry *e)
{
	(void)e;
	x->ended = true;
}
static void granted(struct gh_logfact *x, const struct gh_entry *e)
{
	by(x, e);
	x->there = true;
	x->held++;
}
static void withdrawn(struct gh_logfact *x, const struct gh_entry *e)
{
	(void)e;
	x->held--;
}

static void shared(struct gh_logfact *x, const struct gh_entry *e)
{
	x->there = gh_span_is(gh_entry_get(e, "action"), "add");
	TAKE(x->of, e, "tenant");
}
static void signkey(struct gh_logfact *x, const struct gh_entry *e)
{
	x->there = true;
	x->ended = !gh_span_is(gh_entry_get(e, "action"), "add");
}
static void policy(struct gh_logfact *x, const struct gh_entry *e)
{
	x->there = true;
	TAKE(x->report, e, "policy");
}
static void evidence(struct gh_logfact *x, const struct gh_entry *e)
{
	x->there = true;
	TAKE(x->of, e, "tenant");
}

static const struct row {
	const char *entry;
	enum gh_logfact_kind kind;
	const char *id;	  /* the field that names the thing */
	const char *with; /* another one, which follows behind a colon; NULL: none */
	void (*say)(struct gh_logfact *x, const struct gh_entry *e);
} rows[] = {
	{ "import", GH_FACT_VERSION, "version", NULL, imported },
	{ "rescan", GH_FACT_VERSION, "version", NULL, scanned },
	{ "version-state", GH_FACT_VERSION, "version", NULL, moved },
	{ "badge-issued", GH_FACT_BADGE, "badge", NULL, badge },
	{ "badge-revoked", GH_FACT_BADGE, "badge", NULL, ended },
	{ "review-opened", GH_FACT_REVIEW, "review", NULL, opened },
	{ "principal-add", GH_FACT_PRINCIPAL, "principal", NULL, begun },
	{ "principal-disable", GH_FACT_PRINCIPAL, "principal", NULL, ended },
	{ "apikey-issued", GH_FACT_APIKEY, "key", NULL, begun },
	{ "apikey-revoked", GH_FACT_APIKEY, "key", NULL, ended },
	{ "grant", GH_FACT_GRANT, "principal", NULL, granted },
	{ "grant-removed", GH_FACT_GRANT, "principal", NULL, withdrawn },
	{ "signkey", GH_FACT_SIGNKEY, "principal", "public", signkey },
	{ "share", GH_FACT_SHARE, "version", "to", shared },
	{ "policy-set", GH_FACT_POLICY, "tenant", NULL, policy },
	{ "evidence", GH_FACT_EVIDENCE, "version", "says", evidence },
	{ "tenant-shred", GH_FACT_TENANT, "tenant", NULL, ended },
};

enum gh_rc gh_logfacts_add(struct gh_logfacts *f, uint64_t index, struct gh_span entry, struct gh_err *err)
{
	struct gh_entry e;
	char id[GH_FACT_KEY - 1] = "", role[65] = "", scope[65] = "", of[33] = "", who[33] = "";
	const struct row *r = NULL;
	if (gh_entry_read(entry, &e, NULL) != GH_OK)
		return GH_OK; /* "outbox" compares the bytes */
	for (size_t i = 0; r == NULL && i < sizeof rows / sizeof rows[0]; i++)
		if (gh_span_is(e.kind_name, rows[i].entry))
			r = &rows[i];
	if (r == NULL)
		return GH_OK;
	take(id, sizeof id / 2, &e, r->id); /* ids are shorter by far */
	if (r->kind == GH_FACT_GRANT) {
		TAKE(who, &e, "principal");
		TAKE(role, &e, "role");
		TAKE(scope, &e, "scope");
		TAKE(of, &e, "of");
		if ((size_t)snprintf(id, sizeof id, "%s:%s:%.16s:%s", who, role, scope, of) >= sizeof id)
			return GH_OK;
	}
	if (r->with != NULL) {
		size_t at = strlen(id);
		id[at] = ':';
		take(id + at + 1, sizeof id - at - 1, &e, r->with);
		if (r->kind == GH_FACT_EVIDENCE && id[at + 1] == '\0') /* of a version that did not log it */
			take(id + at + 1, sizeof id - at - 1, &e, "statement");
	}
	if (r->kind == GH_FACT_POLICY && id[0] == '\0')
		(void)snprintf(id, sizeof id, "platform");
	if (!gh_logfacts_mine(f, r->kind, id))
		return GH_OK;
	struct gh_logfact *x = have(f, r->kind, id);
	if (x == NULL)
		return gh_fail(err, GH_E_LIMIT, "too much in the audit log to compare at once");
	x->at = index;
	r->say(x, &e);
	return GH_OK;
}
