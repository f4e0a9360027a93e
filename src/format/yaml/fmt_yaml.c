/* fmt_yaml.c - YAML text. Read twice: first to know that all of it is YAML, then to say what is in it. Aliases are counted,
 * not expanded. A text that is no YAML is somebody else's, unless it names objects to be made before it breaks: loaders
 * that go document by document make them. */
#include "base/utf8.h"
#include "format/formats.h"
#include "format/yaml/yaml_doc.h"
#include "wire/language.h"

enum { TEXT_MAX = 20 << 20, PIECE = 512 << 10, SHOWN_TEXTS = 4096 };
/* A document that grows a thousandfold, and to more than any real one. */
enum { BOMB_NODES = 10 << 20, BOMB_RATIO = 1000 };

const struct gh_rule yaml_rules[] = {
	[YAML_BROKEN] = { "GH-YAML-0001", GH_MEDIUM, GH_REVIEW, "Not valid YAML",
			  "Loaders that read document by document act on what comes before the damage.",
			  "Get the file again; check what reads it.", "CWE-20 CWE-436" },
	[YAML_DUPLICATE] = { "GH-YAML-0002", GH_LOW, GH_CLEAN, "A key occurs twice in a mapping",
			     "Readers that keep the first and readers that keep the last see different values; both "
			     "were "
			     "read here.",
			     "Remove one of the two.", "CWE-694 CWE-436" },
	[YAML_BREAK] = { "GH-YAML-0003", GH_MEDIUM, GH_REVIEW, "A character that breaks lines only for some readers",
			 "Readers of YAML 1.1 and of YAML 1.2 see different documents.", "Have it written again.",
			 "CWE-436" },
	[YAML_BOMB] = { "GH-YAML-0004", GH_HIGH, GH_UNSAFE, "Aliases that multiply without bound",
			"A few lines become gigabytes in whatever walks over the values.", "Do not load.", "CWE-776" },
	[YAML_MANY] = { "GH-YAML-0005", GH_LOW, GH_INCOMPLETE, "More keys than can be watched for duplicates",
			"A second value of a key passes unseen.", "Split the file.", "CWE-770" },
	[YAML_REMOTE] = { "GH-YAML-0006", GH_CRITICAL, GH_UNSAFE,
			  "Code from another repository is loaded with the model",
			  "Whoever owns that repository runs code on every machine that loads the model.",
			  "Do not load with remote code; use a model whose architecture the library implements.",
			  "CWE-829 CWE-494 AML.T0010" },
	[YAML_LOCAL] = { "GH-YAML-0007", GH_HIGH, GH_REVIEW, "The model brings its own Python code",
			 "With trust_remote_code the library imports and runs the named file.",
			 "Read the file; pin the revision.", "CWE-829 AML.T0011" },
	[YAML_TRUST] = { "GH-YAML-0008", GH_HIGH, GH_REVIEW, "The configuration asks to trust remote code",
			 "Software that follows the request runs code it fetches.", "Set it to false.",
			 "CWE-829 CWE-1188" },
	[YAML_ESCAPE] = { "GH-YAML-0009", GH_CRITICAL, GH_UNSAFE, "Template reaches into Python's internals",
			  "Rendering the template runs the author's code.", "Do not load; report the source.",
			  "CVE-2024-34359 CWE-1336 CWE-94 AML.T0011" },
	GH_SIGN_RULES("GH-YAML", YAML_SIGN),
	[YAML_RULES] = GH_RULES_END,
};

void yaml_say(struct yaml_doc *d, unsigned a, uint64_t off, uint64_t len, const char *what)
{
	if (d->said[a]++ >= YAML_SAY)
		return;
	struct gh_span name = gh_json_name(&d->frame[d->depth].name);
	if (name.n != 0)
		gh_anomaly(d->w, &yaml_rules[a], off, len, "at \"%s\": %s", gh_safe(name).s, what);
	else
		gh_anomaly(d->w, &yaml_rules[a], off, len, "%s", what);
}

/* ---- the text in memory ----------------------------------------------------------------------------------------- */

static bool text_byte(uint8_t c) { return c >= 0x20 ? c != 0x7f : c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

static bool all_text(struct gh_span s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t cp;
		unsigned n = s.p[i] < 0x80 ? text_byte(s.p[i]) : gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

static enum gh_rc in_memory(struct gh_walk *w, struct gh_span *out)
{
	if (w->src->size > TEXT_MAX)
		return gh_fail(w->err, GH_E_LIMIT, "YAML of more than %d MiB", TEXT_MAX >> 20);
	size_t n = 0, size = (size_t)w->src->size;
	uint8_t *p = gh_alloc(w->arena, 1, size + 1);
	if (p == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no room for the text");
	while (n < size) {
		struct gh_span part = gh_src_window(w->src, n, PIECE);
		if (part.n == 0)
			return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_IO, "reading the text");
		memcpy(p + n, part.p, part.n);
		n += part.n;
	}
	*out = (struct gh_span){ p, n };
	return GH_OK;
}

/* ---- first reading ---------------------------------------------------------------------------------------------- */

struct first {
	bool collection; /* some document is more than one scalar */
	bool acts;	 /* before the end, or before what is broken */
	bool dependencies, channels;
	enum yaml_lock_kind lock;
	uint64_t nodes, aliases;
};

static void first_reading(struct gh_yaml *y, struct first *f)
{
	bool top_key = false;
	while (gh_yaml_next(y) > GH_YAML_END) {
		f->nodes += y->ev != GH_YAML_DOC && y->ev != GH_YAML_DOC_END;
		f->collection = f->collection || y->ev == GH_YAML_MAP || y->ev == GH_YAML_SEQ;
		f->acts = f->acts || yaml_acts(y);
		top_key = y->ev == GH_YAML_SCALAR && y->key && y->depth == 1;
		if (top_key && f->lock == YAML_NO_LOCK)
			f->lock = yaml_lock_key(y);
		f->dependencies = f->dependencies || (top_key && gh_yaml_is(y, "dependencies"));
		f->channels = f->channels || (top_key && (gh_yaml_is(y, "channels") || gh_yaml_is(y, "prefix") ||
							  gh_yaml_is(y, "build_dependencies")));
		/* "- pip: […]" among the dependencies: what conda hands to pip. */
		bool pip = y->ev == GH_YAML_SCALAR && y->key && y->depth == 3 && gh_yaml_is(y, "pip");
		f->channels = f->channels || (pip && f->dependencies);
	}
}

/* ---- second reading --------------------------------------------------------------------------------------------- */

static struct yaml_frame *push(struct yaml_doc *d, bool map)
{
	struct yaml_frame *p = gh_grow(d->w->arena, d->frame, &d->cap, d->depth + 2, sizeof *p);
	if (p == NULL)
		return NULL;
	d->frame = p;
	struct yaml_frame *up = &p[d->depth], *f = &p[++d->depth];
	enum gh_json_zone zone = up->map && up->key.zone != GH_JZ_PLAIN ? up->key.zone : up->zone;
	*f = (struct yaml_frame){ .map = map, .zone = zone, .off = d->y.off };
	if (!map) {
		f->name = up->name;
		f->key = up->key;
	}
	return f;
}

static uint64_t anchor_hash(struct gh_span name)
{
	return name.n == 0 ? 0 : gh_hash_end(gh_hash(GH_HASH_START, name)) | 1;
}

static void add_nodes(struct yaml_frame *f, uint64_t n)
{
	if (__builtin_add_overflow(f->nodes, n, &f->nodes))
		f->nodes = UINT64_MAX;
}

/* A value was read whole: the next node of a mapping is a key. */
static void turn(struct yaml_frame *f)
{
	if (f->map)
		f->value = !f->value;
}

static void remember(struct yaml_doc *d, uint64_t name, uint64_t nodes, struct gh_span text)
{
	size_t slot = name / 2 % YAML_ANCHORS;
	if (name == 0)
		return;
	d->anchor[slot].name = name;
	d->anchor[slot].nodes = nodes;
	d->anchor[slot].text = text.n <= GH_JSON_NAME ? gh_keep(d->w->arena, text) : (struct gh_span){ 0 };
}

/* An alias stands for what its anchor names: a short text is a value like any other. */
static enum gh_rc on_alias(struct yaml_doc *d, struct yaml_frame *f)
{
	uint64_t name = anchor_hash(d->y.text);
	size_t slot = name / 2 % YAML_ANCHORS;
	bool known = d->anchor[slot].name == name;
	enum gh_rc rc = GH_OK;
	add_nodes(f, known ? d->anchor[slot].nodes : 1);
	if (known)
		d->y.text = d->anchor[slot].text;
	d->y.full = d->y.text.n;
	if (f->map && !f->value)
		f->name.n = 0;
	else
		rc = yaml_value(d, f);
	turn(f);
	return rc;
}

static enum gh_rc on_scalar(struct yaml_doc *d, struct yaml_frame *f)
{
	struct gh_yaml *y = &d->y;
	enum gh_rc rc = GH_OK;
	add_nodes(f, 1);
	remember(d, anchor_hash(y->anchor), 1, y->text);
	if (f->map && !f->value) {
		gh_json_name_set(&f->name, y->text);
		f->key = gh_json_key(gh_json_name(&f->name));
		f->marks |= f->key.mark;
		struct yaml_frame as_value = { .off = f->off }; /* a key that is a template is rendered as well */
		rc = memchr(y->text.p == NULL ? (const uint8_t *)"" : y->text.p, '{', y->text.n) == NULL
			     ? GH_OK
			     : yaml_value(d, &as_value);
	} else {
		rc = yaml_value(d, f);
	}
	turn(f);
	return rc;
}

static enum gh_rc on_end(struct yaml_doc *d)
{
	struct yaml_frame *f = &d->frame[d->depth];
	enum gh_rc rc = f->map ? yaml_map_end(d, f) : gh_setting_list_end(&d->settings, d->y.off);
	if (d->y.ev == GH_YAML_MAP_END && d->y.duplicate)
		yaml_say(d, YAML_DUPLICATE, d->y.dup_off, 0, "a key of this mapping stands here again");
	d->depth--;
	remember(d, f->anchor, f->nodes + 1, (struct gh_span){ 0 });
	add_nodes(&d->frame[d->depth], f->nodes);
	if (d->depth > 0)
		turn(&d->frame[d->depth]);
	return rc;
}

static enum gh_rc on_event(struct yaml_doc *d)
{
	struct gh_yaml *y = &d->y;
	struct yaml_frame *f = &d->frame[d->depth];
	if (y->tag.n != 0)
		GH_TRY(yaml_tag_event(d), d->w->err, "tag");
	switch (y->ev) {
	case GH_YAML_MAP:
	case GH_YAML_SEQ: {
		uint64_t anchor = anchor_hash(y->anchor);
		bool key = f->map && !f->value;
		if (key)
			f->name.n = 0;
		f = push(d, y->ev == GH_YAML_MAP);
		if (f == NULL)
			return gh_fail(d->w->err, GH_E_LIMIT, "no memory");
		f->anchor = anchor;
		return GH_OK;
	}
	case GH_YAML_MAP_END:
	case GH_YAML_SEQ_END: return on_end(d);
	case GH_YAML_SCALAR: return on_scalar(d, f);
	case GH_YAML_ALIAS: return on_alias(d, f);
	case GH_YAML_DOC: d->frame[0].value = true; return GH_OK;
	case GH_YAML_DOC_END:
	case GH_YAML_BAD:
	case GH_YAML_END: break;
	}
	return GH_OK;
}

static enum gh_rc second_reading(struct yaml_doc *d, const struct first *first)
{
	struct gh_walk *w = d->w;
	while (gh_yaml_next(&d->y) > GH_YAML_END)
		GH_TRY(on_event(d), w->err, "YAML at byte %llu", (unsigned long long)d->y.off);
	d->depth = 0;
	if (d->frame[0].nodes > BOMB_NODES && d->frame[0].nodes / BOMB_RATIO > first->nodes)
		yaml_say(d, YAML_BOMB, 0, 0, "values that hold each other many times");
	if (d->y.odd_breaks != 0)
		yaml_say(d, YAML_BREAK, 0, 0, "U+0085, U+2028 or U+2029 outside of quotes");
	uint64_t end = w->src->size;
	if (d->y.ev == GH_YAML_BAD) {
		yaml_say(d, YAML_BROKEN, d->y.off, 0, d->y.why);
		end = d->y.off;
	}
	if (end != 0)
		gh_claim(w, 0, end, GH_CLAIM_STRUCT);
	if (d->y.unwatched != 0) {
		yaml_say(d, YAML_MANY, 0, 0, "the rest was read, but not compared");
		return gh_fail(w->err, GH_E_LIMIT, "more keys than fit the memory of a reader");
	}
	return d->y.ev == GH_YAML_BAD ? gh_fail(w->err, d->y.limit ? GH_E_LIMIT : GH_E_MALFORMED, "YAML: %s", d->y.why)
				      : GH_OK;
}

/* environment.yml, environment-gpu.yaml, conda.yaml. */
static bool conda_name(struct gh_span name)
{
	const uint8_t *slash = name.n == 0 ? NULL : memrchr(name.p, '/', name.n);
	struct gh_span base = slash == NULL ? name : gh_span_cut(name, (uint64_t)(slash - name.p) + 1, name.n);
	return (gh_span_starts(base, "environment") || gh_span_starts(base, "conda")) &&
	       (gh_span_ends(base, ".yml") || gh_span_ends(base, ".yaml"));
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_span text = { 0 };
	struct first first = { 0 };
	struct yaml_doc *d = GH_NEW(w->arena, struct yaml_doc, 1);
	struct yaml_frame *frame = GH_NEW(w->arena, struct yaml_frame, 8);
	if (d == NULL || frame == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	enum gh_rc rc = in_memory(w, &text);
	if (rc != GH_OK)
		return rc;
	*d = (struct yaml_doc){
		.w = w, .frame = frame, .cap = 8, .members_left = 32, .texts_left = SHOWN_TEXTS, .signs_left = YAML_SAY
	};
	d->settings.w = w;
	gh_yaml_open(&d->y, text, w->arena);
	d->y.keys.max = 0; /* nothing is compared yet */
	if (all_text(text))
		first_reading(&d->y, &first);
	bool bad = d->y.ev != GH_YAML_END;
	/* One scalar is any text: YAML only when it is nothing else. */
	bool other = !first.collection && !first.acts && gh_lang_of(text, (struct gh_span){ 0 }) != NULL;
	if ((bad && !first.acts && !d->y.limit) || other)
		return w->weak || !bad ? GH_E_NOTTHIS
				       : gh_fail(w->err, GH_E_MALFORMED, "no YAML: %s",
						 d->y.why != NULL ? d->y.why : "no text");
	d->conda = first.dependencies && (first.channels || conda_name(w->name));
	d->lock.kind = first.lock;
	gh_yaml_open(&d->y, text, w->arena);
	return second_reading(d, &first);
}

/* Nearly any text is YAML: the reader of text says when it is meant to be. */
static enum gh_match probe(const struct gh_probe *p)
{
	(void)p;
	return GH_NO;
}

const struct gh_fmt gh_fmt_yaml = {
	.name = "yaml",
	.about = "YAML: configuration, workflows, environments, model cards",
	.exts = "yaml yml lock",
	.probe = probe,
	.walk = walk,
	.rules = yaml_rules,
};
