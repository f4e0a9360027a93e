/* TOML: pyproject.toml (PEP 518, 621, 735), Pipfile, Cargo.toml, lock files, configuration of training programs. */
#include "format/formats.h"
#include "format/packages.h"
#include "format/settings.h"
#include "format/shell_code.h"
#include "format/signs.h"
#include "wire/recs.h"
#include "wire/toml.h"

#include <stdio.h>

enum { FILE_MAX = 8 << 20, SHOWN = 2000, MANY = 8, KEYS_MAX = 1 << 18 };
enum { A_SYNTAX, A_SIGN };
static const struct gh_rule rules[] = {
	[A_SYNTAX] = { "GH-TOML-0001", GH_MEDIUM, GH_REVIEW, "Not valid TOML",
		       "Lenient and strict readers see different documents.",
		       "Get the file again; check what reads it.", "CWE-20 CWE-436" },
	GH_SIGN_RULES("GH-TOML", A_SIGN),
	[A_SIGN + GH_SIGNS] = GH_RULES_END,
};

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides, by the name */
	return GH_NO;
}

/* The last tables of arrays of tables: which one of their kind a key belongs to. */
struct many {
	uint8_t path[GH_TOML_PATH];
	size_t n;
	uint64_t number;
};

struct doc {
	struct gh_walk *w;
	struct gh_toml t;
	struct gh_recs keys; /* hash of a path and where it stands; offset */
	struct many many[MANY];
	size_t nmany;
	uint64_t tables;
	unsigned shown;
	char locked[80];     /* name in the [[package]] table of a lock file at hand */
	const char *lock_of; /* ecosystem of a lock file's packages */
	struct gh_settings settings;
};

static bool has(struct gh_span s, const char *what) { return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL; }

/* The path without its last part. */
static struct gh_span parent(const struct gh_toml *t)
{
	return gh_span_cut(t->path, 0, t->path.n - t->key.n - (t->path.n != t->key.n));
}

/* Arrays of requirements. */
static bool requirement_list(struct gh_span path)
{
	return gh_span_is(path, "project.dependencies") || gh_span_starts(path, "project.optional-dependencies") ||
	       gh_span_is(path, "build-system.requires") || gh_span_starts(path, "dependency-groups") ||
	       gh_span_is(path, "tool.uv.dev-dependencies") || gh_span_is(path, "tool.uv.constraint-dependencies") ||
	       gh_span_is(path, "tool.uv.override-dependencies") || gh_span_starts(path, "tool.pdm.dev-dependencies");
}

/* Tables of which every key is a package. */
static bool package_table(struct gh_span table)
{
	bool poetry = gh_span_starts(table, "tool.poetry.") && gh_span_ends(table, "ependencies");
	return poetry || gh_span_is(table, "packages") || gh_span_is(table, "dev-packages") ||
	       (gh_span_starts(table, "tool.pixi.") && gh_span_ends(table, "ependencies"));
}

/* git = "…" and the like: in the table of a package. */
static bool address_key(struct gh_span key)
{
	static const char *const keys[] = { "git", "url", "hg", "svn", "file" };
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (gh_span_is(key, keys[i]))
			return true;
	return false;
}

static enum gh_rc acts(struct doc *d, bool *done)
{
	struct gh_toml *t = &d->t;
	struct gh_span up = parent(t);
	*done = true;
	if (t->element && requirement_list(t->path))
		return gh_package_line(d->w, t->text, t->off, t->len);
	if (!t->element && package_table(up))
		return gh_span_is(t->key, "python") ? GH_OK
						    : gh_package_named(d->w, "PyPI", t->key, t->text, t->off, t->len);
	if (!t->element && (gh_span_is(up, "package") || gh_span_is(up, "packages")) && t->depth == 0) {
		/* poetry.lock, uv.lock, pdm.lock, pylock.toml, Cargo.lock: name first, then version */
		if (gh_span_is(t->key, "name"))
			(void)snprintf(d->locked, sizeof d->locked, "%.*s", (int)(t->text.n < 79 ? t->text.n : 79),
				       (const char *)t->text.p);
		else if (gh_span_is(t->key, "version") && d->locked[0] != '\0')
			return gh_package_named(d->w, d->lock_of, gh_span_str(d->locked), t->text, t->off, t->len);
	}
	bool of_package = has(up, "ependencies.") || gh_span_starts(up, "packages.") ||
			  gh_span_starts(up, "dev-packages.") || gh_span_starts(up, "tool.uv.sources.");
	if (of_package && gh_span_is(t->key, "version") && !gh_span_starts(up, "tool.uv")) {
		size_t dot = up.n;
		while (dot > 0 && up.p[dot - 1] != '.')
			dot--;
		return gh_package_named(d->w, "PyPI", gh_span_cut(up, dot, up.n), t->text, t->off, t->len);
	}
	if (of_package && address_key(t->key)) {
		struct gh_reference r = { .kind = GH_REF_URL, .target = t->text, .from = t->key };
		gh_anomaly(d->w, &gh_package_rules[GH_PKG_ADDRESS], t->off, t->len, "%s", gh_safe(t->text).s);
		return gh_emit(d->w, GH_EV_REFERENCE, t->off, t->len, &r);
	}
	if (of_package && gh_span_is(t->key, "path"))
		return gh_package_line(d->w, t->text, t->off, t->len);
	bool index = gh_span_is(up, "source") || gh_span_starts(up, "tool.poetry.source") ||
		     gh_span_starts(up, "tool.uv.index") || gh_span_starts(up, "tool.pdm.source") ||
		     gh_span_is(up, "tool.uv.pip");
	if ((index && gh_span_is(t->key, "url")) || gh_span_is(t->path, "tool.uv.index-url") ||
	    gh_span_ends(t->path, "extra-index-url"))
		return gh_package_index(d->w, t->text, t->off, t->len);
	if (gh_span_is(t->path, "build-system.backend-path")) {
		gh_anomaly(d->w, &gh_package_rules[GH_PKG_BUILD], t->off, t->len, "in %s", gh_safe(t->text).s);
		return GH_OK;
	}
	*done = false;
	return GH_OK;
}

static enum gh_rc on_string(struct doc *d)
{
	struct gh_toml *t = &d->t;
	bool done;
	struct gh_setting v = {
		.key = t->key, .holder = parent(t), .text = t->text, .item = t->element, .off = t->off, .len = t->len
	};
	const uint8_t *dot = t->path.n == 0 ? NULL : memchr(t->path.p, '.', t->path.n);
	if (dot != NULL)
		v.top = gh_span_cut(t->path, 0, (size_t)(dot - t->path.p));
	GH_TRY(gh_setting(&d->settings, &v), d->w->err, "value");
	d->settings.n = 0; /* no command is given as a list here */
	enum gh_rc rc = acts(d, &done);
	if (rc != GH_OK || done || t->text.n < 8 || d->shown >= SHOWN)
		return rc;
	d->shown++;
	bool names = has(t->path, "authors") || has(t->path, "urls") || has(t->path, "hash") ||
		     gh_span_is(t->key, "sha256");
	if (!names)
		(void)gh_signs_report(d->w, rules, A_SIGN, t->key, gh_span_cut(t->text, 0, 4096), t->off, t->len);
	struct gh_text text = { .role = "configuration",
				.key = t->path,
				.text = gh_span_cut(t->text, 0, GH_WINDOW_MAX) };
	return gh_emit(d->w, GH_EV_TEXT, t->off, t->len, &text);
}

/* ---- keys that are defined twice: strict readers refuse them, others take the first or the last ----------------------------- */

static bool within(struct gh_span path, const struct many *m)
{
	return path.n >= m->n && memcmp(path.p, m->path, m->n) == 0 && (path.n == m->n || path.p[m->n] == '.');
}

/* [[path]]: a table of its own, and the end of those of the same name and below. */
static void another(struct doc *d, struct gh_span path)
{
	for (size_t i = 0; i < d->nmany; i++) {
		struct many *m = &d->many[i];
		if (m->n >= path.n && memcmp(m->path, path.p, path.n) == 0 &&
		    (m->n == path.n || m->path[path.n] == '.'))
			d->many[i--] = d->many[--d->nmany];
	}
	if (d->nmany == MANY)
		memmove(d->many, d->many + 1, --d->nmany * sizeof d->many[0]);
	struct many *m = &d->many[d->nmany++];
	m->n = path.n;
	m->number = ++d->tables;
	memcpy(m->path, path.p, path.n);
}

static void defined(struct doc *d, struct gh_span text)
{
	const struct gh_toml *t = &d->t;
	bool header = t->kind == GH_TOML_TABLE, inside = t->element;
	for (unsigned i = 0; i < t->depth && i < GH_TOML_DEPTH; i++)
		inside = inside || t->stack[i].array;
	if (inside || t->path.n >= GH_TOML_PATH)
		return;
	if (header && gh_span_starts(gh_span_cut(text, t->off, 2), "[[")) {
		another(d, t->path);
		return;
	}
	uint64_t number = 0;
	size_t deepest = 0;
	for (size_t i = 0; i < d->nmany; i++)
		if (d->many[i].n >= deepest && within(t->path, &d->many[i])) {
			deepest = d->many[i].n;
			number = d->many[i].number;
		}
	struct gh_span place = { (const uint8_t *)&number, sizeof number };
	uint64_t h = gh_hash(GH_HASH_START, header ? GH_SPAN("[") : GH_SPAN("="));
	h = gh_hash_end(gh_hash(gh_hash(h, place), t->path));
	(void)gh_recs_add(&d->keys, (struct gh_rec){ h, t->off, 0 });
}

static void twice(struct doc *d)
{
	gh_recs_sort(&d->keys, 0);
	unsigned said = 0;
	for (size_t i = 1; i < d->keys.n && said < 16; i++)
		if (gh_recs_at(&d->keys, i)->a == gh_recs_at(&d->keys, i - 1)->a && ++said != 0)
			gh_anomaly(d->w, &rules[A_SYNTAX], gh_recs_at(&d->keys, i)->b, 0,
				   "a key or table is defined again, first at byte %llu",
				   (unsigned long long)gh_recs_at(&d->keys, i - 1)->b);
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > FILE_MAX)
		return gh_fail(w->err, GH_E_LIMIT, "TOML of more than %u MiB", (unsigned)FILE_MAX >> 20);
	struct gh_span text = gh_text_whole(w, FILE_MAX);
	uint8_t *room = gh_alloc(w->arena, text.n + 8, 1);
	struct doc *d = GH_NEW(w->arena, struct doc, 1);
	if (text.p == NULL || room == NULL || d == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the document");
	d->w = d->settings.w = w;
	d->keys = gh_recs(w->arena, KEYS_MAX);
	bool cargo = has(text, "registry+https://github.com/rust-lang/") || gh_span_ends(w->name, "argo.lock");
	d->lock_of = cargo ? "crates.io" : "PyPI";
	gh_toml(&d->t, text, room, text.n + 8);
	bool any = false;
	while (gh_toml_next(&d->t)) {
		any = true;
		defined(d, text);
		if (d->t.kind == GH_TOML_TABLE &&
		    (gh_span_is(d->t.path, "package") || gh_span_is(d->t.path, "packages")))
			d->locked[0] = '\0';
		if (d->t.kind == GH_TOML_STRING)
			GH_TRY(on_string(d), w->err, "at byte %zu", d->t.off);
	}
	if (d->t.bad && !any)
		return GH_E_NOTTHIS;
	if (d->t.bad) {
		gh_anomaly(w, &rules[A_SYNTAX], d->t.off, 0, "%s", d->t.why);
		gh_claim(w, 0, d->t.off, GH_CLAIM_STRUCT);
		return gh_fail(w->err, GH_E_MALFORMED, "%s at byte %zu", d->t.why, d->t.off);
	}
	twice(d);
	gh_claim(w, 0, text.n, GH_CLAIM_STRUCT);
	return GH_OK;
}

const struct gh_fmt gh_fmt_toml = {
	.name = "toml",
	.about = "TOML: pyproject.toml, Pipfile, lock files (poetry, uv, pdm, Cargo), configuration",
	.exts = "toml lock pipfile txt",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
