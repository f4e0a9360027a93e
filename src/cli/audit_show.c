/* `gatehouse audit show`, and the walk over entries that `export` shares. */
#include "audit/entry.h"
#include "cli/audit_int.h"
#include "format/format.h"
#include "wire/jout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- which entries ------------------------------------------------------------------------------------------------------------------ */
enum gh_rc gh_audit_filter(const struct gh_audit_args *a, struct gh_audit_filter *out, struct gh_err *err)
{
	*out = (struct gh_audit_filter){ .kind = a->kind };
	if (a->kind != NULL && gh_entry_kind(gh_span_str(a->kind)) == NULL)
		return gh_fail(err, GH_E_ABSENT, "--kind: there is no kind of entry '%.60s'; docs/audit.md lists them",
			       gh_safe(gh_span_str(a->kind)).s);
	if (a->since == NULL || gh_entry_seconds(gh_span_str(a->since), &out->seconds))
		return GH_OK;
	char *end;
	out->from = strtoull(a->since, &end, 10);
	return a->since[0] >= '0' && a->since[0] <= '9' && *end == '\0' && strlen(a->since) < 20
		       ? GH_OK
		       : gh_fail(err, GH_E_ABSENT,
				 "--since: '%.60s' is neither an index nor a time such as 2026-11-22T00:00:00Z",
				 gh_safe(gh_span_str(a->since)).s);
}

static bool passes(const struct gh_audit_filter *f, struct gh_span entry)
{
	struct gh_entry e;
	if (f->kind == NULL && f->seconds == 0)
		return true;
	return gh_entry_read(entry, &e, NULL) == GH_OK && e.seconds >= f->seconds &&
	       (f->kind == NULL || gh_span_is(e.kind_name, f->kind));
}

enum gh_rc gh_audit_each(struct gh_audit_place *p, const struct gh_audit_filter *f,
			 bool (*each)(void *arg, uint64_t index, struct gh_span entry), void *arg, struct gh_err *err)
{
	gh_auto_buf b = gh_buf(GH_BUNDLE_MAX);
	for (uint64_t bundle = f->from / GH_TILE; bundle * GH_TILE < p->tiles.size; bundle++) {
		const struct gh_mhash *h;
		unsigned n;
		b.n = 0;
		GH_TRY(gh_tiles_hashes(&p->tiles, 0, bundle, &h, &n, err), err, "entries");
		GH_TRY(gh_tiles_bundle(&p->tiles, bundle, &b, err), err, "entries");
		struct gh_span rest = gh_buf_view(&b), entry;
		for (uint64_t at = bundle * GH_TILE; gh_bundle_next(&rest, &entry); at++) {
			struct gh_mhash leaf = gh_merkle_leaf(entry);
			if (!gh_mhash_eq(&leaf, &h[at % GH_TILE]))
				return gh_fail(err, GH_E_DENIED,
					       "entry %" PRIu64
					       " or its hash was altered: 'gatehouse audit verify' says more",
					       at);
			if (at >= f->from && passes(f, entry) && !each(arg, at, entry))
				return GH_OK;
		}
	}
	return GH_OK;
}

/* ---- showing ------------------------------------------------------------------------------------------------------------------------ */
enum { FLUSH = 1 << 20 };

struct shown {
	struct gh_cli *cli;
	struct gh_buf doc;
	struct gh_jout j;
	bool json;
	int status;
	uint64_t skip; /* of those that pass, before the first that is shown */
};

static void text_line(struct gh_buf *doc, uint64_t index, struct gh_span entry)
{
	struct gh_entry e;
	if (gh_entry_read(entry, &e, NULL) != GH_OK) {
		gh_buf_fmt(doc, "%8" PRIu64 "  not an entry: ", index);
		gh_buf_safe(doc, entry, 200);
		gh_buf_ch(doc, '\n');
		return;
	}
	gh_buf_fmt(doc, "%8" PRIu64 "  %.*s  %-16.*s %.*s", index, (int)e.time.n, (const char *)e.time.p,
		   (int)e.kind_name.n, (const char *)e.kind_name.p, (int)e.actor.n, (const char *)e.actor.p);
	for (size_t i = 0; i < e.npair; i++) {
		const struct gh_entry_pair *f = &e.pair[i];
		if (gh_span_is(f->name, "time") || gh_span_is(f->name, "kind") || gh_span_is(f->name, "actor"))
			continue;
		gh_buf_ch(doc, ' ');
		gh_buf_span(doc, f->name);
		gh_buf_ch(doc, '=');
		gh_buf_span(doc, f->text); /* printable ASCII: an entry is canonical */
	}
	gh_buf_ch(doc, '\n');
}

static bool flush(struct shown *s)
{
	if (s->status == GH_EXIT_OK && s->doc.n > 0)
		s->status = gh_cli_print(s->cli, &s->doc);
	s->doc.n = 0;
	return s->status == GH_EXIT_OK;
}

static bool show_one(void *arg, uint64_t index, struct gh_span entry)
{
	struct shown *s = arg;
	if (s->skip > 0) {
		s->skip--;
		return true;
	}
	if (s->json) {
		struct gh_entry e;
		gh_auto_buf copy = gh_buf(1 << 17);
		gh_buf_span(&copy, entry);
		gh_jout_open(&s->j, NULL, '{');
		gh_jout_number(&s->j, "index", index);
		if (gh_entry_read(entry, &e, NULL) == GH_OK)
			gh_jout_raw(&s->j, "entry", gh_buf_cstr(&copy)); /* canonical JSON itself */
		else
			gh_jout_null(&s->j, "entry");
		gh_jout_close(&s->j, '}');
	} else {
		text_line(&s->doc, index, entry);
	}
	return s->doc.n < FLUSH || flush(s);
}

static bool count_one(void *arg, uint64_t index, struct gh_span entry)
{
	(void)index;
	(void)entry;
	++*(uint64_t *)arg;
	return true;
}

static enum gh_rc show(const struct gh_audit_args *a, struct gh_audit_place *p, const char *one, struct shown *s,
		       struct gh_err *err)
{
	struct gh_audit_filter f;
	uint64_t index, count = 0;
	GH_TRY(gh_audit_place(a, p, err), err, "nothing to show");
	GH_TRY(gh_audit_place_head(p, err), err, "nothing to show");
	if (one != NULL) {
		gh_auto_buf entry = gh_buf(1 << 17);
		GH_TRY(gh_audit_index(p, one, &index, err), err, "show");
		GH_TRY(gh_tiles_entry(&p->tiles, index, &entry, err), err, "show");
		(void)show_one(s, index, gh_buf_view(&entry));
		return GH_OK;
	}
	GH_TRY(gh_audit_filter(a, &f, err), err, "show");
	if (a->limit > 0) {
		GH_TRY(gh_audit_each(p, &f, count_one, &count, err), err, "show");
		s->skip = count > a->limit ? count - a->limit : 0;
	}
	return gh_audit_each(p, &f, show_one, s, err);
}

int gh_audit_show(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv)
{
	struct gh_audit_place p = { .dir = -1 };
	struct gh_err err = { 0 };
	struct shown s = { .cli = cli, .doc = gh_buf((size_t)FLUSH * 2), .json = a->format == GH_FORMAT_JSON };
	s.j = gh_jout(&s.doc);
	if (s.json) {
		gh_jout_open(&s.j, NULL, '{');
		gh_jout_open(&s.j, "entries", '[');
	}
	enum gh_rc rc = show(a, &p, n > 0 ? argv[0] : NULL, &s, &err);
	if (rc == GH_OK && s.json) {
		gh_jout_close(&s.j, ']');
		gh_jout_number(&s.j, "size", p.head.size);
		gh_jout_str(&s.j, "origin", p.key.name);
		gh_jout_close(&s.j, '}');
	}
	if (rc == GH_OK || !s.json) /* what was found stands; half a JSON document does not */
		(void)flush(&s);
	gh_buf_free(&s.doc);
	gh_audit_place_free(&p);
	return rc == GH_OK ? s.status : gh_audit_complain(cli, &err);
}
