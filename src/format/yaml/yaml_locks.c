/* Lock files in YAML, which say exactly what was installed:
 *
 *	conda-lock.yml		package: [{name: numpy, version: 1.26.4, manager: conda}]	conda-lock 1 and later
 *	pnpm-lock.yaml		packages: {/name/1.2.3_peers: …}	lockfileVersion 5
 *				packages: {/name@1.2.3(peers): …}	lockfileVersion 6
 *				packages: {name@1.2.3: …}		lockfileVersion 9
 *	yarn.lock (berry)	"name@npm:^1.0.0": {version: 1.2.3, resolution: "name@npm:1.2.3"}
 *
 * Recognised by their keys at the top. What comes from a folder or an address has no version to compare, and is no package
 * of the ecosystem. */
#include "format/packages.h"
#include "format/yaml/yaml_doc.h"

enum yaml_lock_kind yaml_lock_key(const struct gh_yaml *y)
{
	return gh_yaml_is(y, "lockfileVersion") ? YAML_PNPM_LOCK
	       : gh_yaml_is(y, "__metadata")	? YAML_YARN_LOCK
	       : gh_yaml_is(y, "package")	? YAML_CONDA_LOCK
						: YAML_NO_LOCK;
}

/* Where an entry is a mapping: its depth, and the key at the top under which entries stand. */
static unsigned entry_depth(const struct yaml_doc *d)
{
	bool there = d->depth > 1 && (d->lock.kind == YAML_YARN_LOCK ||
				      gh_span_is(gh_json_name(&d->frame[1].name),
						 d->lock.kind == YAML_PNPM_LOCK ? "packages" : "package"));
	return !there || d->lock.kind == YAML_NO_LOCK ? 0 : d->lock.kind == YAML_YARN_LOCK ? 2 : 3;
}

void yaml_lock_value(struct yaml_doc *d, const struct yaml_frame *f)
{
	struct yaml_lock *l = &d->lock;
	struct {
		const char *key;
		struct gh_json_name *field;
	} fields[] = {
		{ "name", &l->name },
		{ "version", &l->version },
		{ "manager", &l->manager },
		{ "resolution", &l->resolution },
	};
	if (l->kind == YAML_NO_LOCK || !f->map || d->depth != entry_depth(d) || d->y.text.n != d->y.full)
		return;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (gh_span_is(gh_json_name(&f->name), fields[i].key) && d->y.text.n <= GH_JSON_NAME)
			gh_json_name_set(fields[i].field, d->y.text);
}

static bool digit(struct gh_span s) { return s.n != 0 && s.p[0] >= '0' && s.p[0] <= '9'; }

static size_t index_of(struct gh_span s, size_t from, uint8_t c)
{
	const uint8_t *p = from >= s.n ? NULL : memchr(s.p + from, c, s.n - from);
	return p == NULL ? s.n : (size_t)(p - s.p);
}

/* "/@scope/name/1.2.3_peer@1", "@scope/name@1.2.3(peer@1)": name and version apart. */
static bool pnpm_key(struct gh_span s, struct gh_span *name, struct gh_span *version)
{
	bool slash = s.n != 0 && s.p[0] == '/';
	s = gh_span_cut(s, slash, s.n);
	size_t scope = s.n != 0 && s.p[0] == '@' ? index_of(s, 0, '/') + 1 : 0;
	size_t peers = index_of(s, scope, '('), at = index_of(gh_span_cut(s, 0, peers), scope + 1, '@');
	size_t old = index_of(s, scope, '/');
	if (slash && old < at) { /* before version 6: peers stand behind "_", and may have an "@" */
		*version = gh_span_cut(s, old + 1, s.n);
		version->n = index_of(*version, 0, '_');
		version->n = index_of(*version, 0, '/');
		at = old;
	} else {
		*version = gh_span_cut(s, at + 1, peers > at ? peers - at - 1 : 0);
	}
	*name = gh_span_cut(s, 0, at);
	return name->n > scope && digit(*version);
}

enum gh_rc yaml_lock_end(struct yaml_doc *d, const struct yaml_frame *f)
{
	struct yaml_lock *l = &d->lock;
	struct gh_span name = gh_json_name(&l->name), version = gh_json_name(&l->version);
	const char *ecosystem = "npm";
	bool is = false;
	if (l->kind == YAML_NO_LOCK || !f->map || d->depth != entry_depth(d))
		return GH_OK;
	if (l->kind == YAML_CONDA_LOCK) {
		ecosystem = gh_span_is(gh_json_name(&l->manager), "pip") ? "PyPI" : "conda";
		is = name.n != 0 && version.n != 0;
	} else if (l->kind == YAML_PNPM_LOCK) {
		is = pnpm_key(gh_json_name(&d->frame[2].name), &name, &version);
	} else if (l->resolution.n != 0) {
		struct gh_span r = gh_json_name(&l->resolution);
		size_t at = index_of(r, 1, '@');
		is = digit(version) && at < r.n && !gh_span_starts(gh_span_cut(r, at, r.n), "@workspace:");
		name = gh_span_cut(r, 0, at);
	}
	enum gh_rc rc = is ? gh_package_named(d->w, ecosystem, name, version, f->off, d->y.off - f->off) : GH_OK;
	*l = (struct yaml_lock){ .kind = l->kind };
	return rc;
}
