#include "scan/yara.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "check/yarapack.h"
#include "scan/yara_first.h"
#include "scan/yara_modules.h"
#include "scan/yara_narrow.h"

#include <stdio.h>
#include <stdlib.h>
#include <yara.h>

enum { MATCH_DATA = 64, SAY_STRINGS = 4, SAY_BYTES = 48, WHAT = 900, NAME = 256, SETS = 2, PLACES = 3, PLACE = 90 };
enum { ENOUGH = 96 << 10 }; /* bytes shown before a first look for the user's rules is worth its making */
/* Bytes that libyara may be shown again, for one string at a time, where its automaton says that it may match: so many, and a part of what
 * came by. Of 10,000 genuine files none needs a third of it; libyara takes up to two seconds for a megabyte of them. */
enum { CONFIRM = 48 << 10, CONFIRM_PART = 32 };
enum { BUNDLED, USERS };

/* One set of rules over one source: what libyara calls an iterator asks it for blocks. */
struct run {
	struct gh_yara *y;
	YR_SCANNER *scanner;
	YR_MEMORY_BLOCK_ITERATOR it;
	YR_MEMORY_BLOCK block;
	struct gh_span now; /* the block at hand */
	uint64_t off;
	bool pending, finished, evaluating, started;
	bool spent;	    /* more would have been shown again than may be */
	uint64_t passed;    /* bytes of the source that came by … */
	uint64_t confirmed; /* … and that were shown again for one string each */
	int rc;		    /* of the first failure; ERROR_SUCCESS */
	unsigned set;
	struct stream *of;
};

struct stream {
	uint64_t size;
	struct run run[SETS];
	uint8_t *head; /* a copy of what stood first, for conditions that read bytes */
	size_t nhead;
	uint64_t head_off;
	struct gh_span whole; /* p != NULL: all of it, still valid */
	void (*hit)(void *arg, const struct gh_yara_hit *);
	void *arg;
	char why[200];
	char name[NAME];
};

struct gh_yara {
	struct gh_span code[SETS];
	YR_RULES *rules[SETS];
	struct gh_first *first[SETS]; /* NULL: these rules see everything */
	struct gh_narrow *narrow;     /* of the bundled rules */
	struct gh_first_known known;
	bool loaded, looking;
	uint64_t shown;	  /* bytes of all sources */
	char failed[160]; /* why rules could not be loaded */
	unsigned seconds;
	struct stream slot[GH_YARA_SLOTS];
};

/* ---- loading ------------------------------------------------------------------------------------------------------ */

struct reader {
	struct gh_span left;
};

static size_t read_code(void *ptr, size_t size, size_t count, void *arg)
{
	struct reader *r = arg;
	size_t n;
	if (size == 0 || __builtin_mul_overflow(size, count, &n) || n > r->left.n)
		return 0;
	memcpy(ptr, r->left.p, n);
	r->left = gh_span_cut(r->left, n, r->left.n);
	return count;
}

static const char *name_of(int rc)
{
	switch (rc) {
	case ERROR_INSUFFICIENT_MEMORY: return "no memory (--limit-memory)";
	case ERROR_SCAN_TIMEOUT: return "it took too long (--limit-time)";
	case ERROR_TOO_MANY_MATCHES: return "too many matches";
	case ERROR_TOO_MANY_RE_FIBERS: return "a regular expression is too costly on these bytes";
	case ERROR_EXEC_STACK_OVERFLOW: return "a condition is too deep";
	case ERROR_UNSUPPORTED_FILE_VERSION: return "compiled by another version of libyara";
	case ERROR_INVALID_FILE:
	case ERROR_CORRUPT_FILE: return "the compiled rules are damaged";
	case ERROR_BLOCK_NOT_READY: return "bytes did not arrive";
	default: return NULL;
	}
}

static void first_look_bundled(struct gh_yara *y)
{
	y->known = (struct gh_first_known){ gh_yarapack_strings, gh_yarapack_reach,  gh_yarapack_of,
					    gh_yarapack_atoms,	 gh_yarapack_natoms, gh_yarapack_head };
	y->first[BUNDLED] = gh_first_new(y->rules[BUNDLED], &y->known);
	if (y->first[BUNDLED] != NULL)
		y->narrow = gh_narrow_new(y->rules[BUNDLED], &y->known);
}

static void load(struct gh_yara *y)
{
	static const char *const which[SETS] = { "bundled rules", "your rules" };
	y->loaded = true;
	int rc = yr_initialize();
	if (rc == ERROR_SUCCESS)
		rc = yr_set_configuration_uint32(YR_CONFIG_MAX_MATCH_DATA, MATCH_DATA);
	for (unsigned i = 0; i < SETS; i++) {
		struct reader r = { y->code[i] };
		YR_STREAM s = { .user_data = &r, .read = read_code };
		if (r.left.p == NULL)
			continue;
		if (rc == ERROR_SUCCESS)
			rc = yr_rules_load_stream(&s, &y->rules[i]);
		if (rc == ERROR_SUCCESS)
			continue;
		y->rules[i] = NULL;
		const char *why = name_of(rc);
		(void)snprintf(y->failed, sizeof y->failed, "%s could not be loaded: %s (libyara %d)", which[i],
			       why == NULL ? "error" : why, rc);
	}
	if (y->rules[BUNDLED] != NULL)
		first_look_bundled(y);
}

struct gh_yara *gh_yara_new(struct gh_span user, unsigned seconds)
{
	struct gh_yara *y = calloc(1, sizeof *y);
	if (y == NULL || gh_yara_modules[0] == '\0')
		return NULL;
	y->code[BUNDLED] = (struct gh_span){ gh_yarapack, gh_yarapack_size };
	y->code[USERS] = user;
	y->seconds = seconds;
	return y;
}

static void drop_scanner(struct run *r)
{
	if (r->scanner != NULL)
		yr_scanner_destroy(r->scanner);
	r->scanner = NULL;
}

/* ---- blocks --------------------------------------------------------------------------------------------------------- */

static const uint8_t *fetch(YR_MEMORY_BLOCK *b) { return b->context; }

static YR_MEMORY_BLOCK *show(struct run *r, struct gh_span s, uint64_t off)
{
	r->block = (YR_MEMORY_BLOCK){ .size = s.n, .base = off, .fetch_data = fetch };
	memcpy(&r->block.context, &s.p, sizeof s.p); /* libyara only reads through it */
	r->it.last_error = ERROR_SUCCESS;
	return &r->block;
}

static YR_MEMORY_BLOCK *next_block(YR_MEMORY_BLOCK_ITERATOR *it)
{
	struct run *r = it->context;
	if (r->pending) {
		r->pending = false;
		return show(r, r->now, r->off);
	}
	it->last_error = r->finished ? ERROR_SUCCESS : ERROR_BLOCK_NOT_READY;
	r->evaluating = r->finished;
	return NULL;
}

static YR_MEMORY_BLOCK *first_block(YR_MEMORY_BLOCK_ITERATOR *it)
{
	struct run *r = it->context;
	const struct stream *s = r->of;
	if (!r->evaluating)
		return next_block(it);
	return s->whole.p != NULL ? show(r, s->whole, 0) : show(r, (struct gh_span){ s->head, s->nhead }, s->head_off);
}

static uint64_t file_size(YR_MEMORY_BLOCK_ITERATOR *it) { return ((struct run *)it->context)->of->size; }

/* ---- matches -------------------------------------------------------------------------------------------------------- */

static void say_strings(YR_SCAN_CONTEXT *c, YR_RULE *rule, struct gh_buf *out, struct gh_yara_hit *h)
{
	YR_STRING *s;
	YR_MATCH m;
	unsigned said = 0;
	yr_rule_strings_foreach(rule, s)
	{
		const void *head = c->matches[s->idx].head;
		if (head == NULL)
			continue;
		memcpy(&m, head, sizeof m); /* libyara packs matches and their bytes: they are not aligned */
		if (m.is_private)
			continue;
		uint64_t at = (uint64_t)(m.base + m.offset);
		if (h->len == 0 || at < h->off) {
			h->off = at;
			h->len = m.match_length > 0 ? (uint64_t)m.match_length : 1;
		}
		if (++said > SAY_STRINGS)
			continue;
		gh_buf_fmt(out, "%s%s at byte %llu \"", said > 1 ? ", " : "", s->identifier, (unsigned long long)at);
		gh_buf_safe(out, (struct gh_span){ m.data, m.data_length > 0 ? (size_t)m.data_length : 0 }, SAY_BYTES);
		gh_buf_ch(out, '"');
	}
	if (said > SAY_STRINGS)
		gh_buf_fmt(out, " and %u more", said - SAY_STRINGS);
}

/* Where more is said about what a rule finds: reference, reference1 …, url. */
static bool is_place(const char *key) { return strncmp(key, "reference", 9) == 0 || strcmp(key, "url") == 0; }

static int on_match(YR_SCAN_CONTEXT *c, struct run *r, YR_RULE *rule)
{
	gh_auto_buf what = gh_buf(WHAT), about = gh_buf(300), see = gh_buf(300);
	struct gh_yara_hit h = { .rule = rule->identifier, .about = "", .see = "" };
	YR_META *m;
	unsigned places = 0;
	yr_rule_metas_foreach(rule, m)
	{
		const char *text = m->type == META_TYPE_STRING ? m->string : NULL;
		if (r->set == USERS) /* what is wrong was refused when the rules were compiled */
			(void)gh_yarameta_put(&h.meta, m->identifier, text);
		if (text == NULL)
			continue;
		if (r->set == BUNDLED && strcmp(m->identifier, "id") == 0)
			h.id = text;
		else if (r->set == BUNDLED && strcmp(m->identifier, "kind") == 0)
			h.kind = text;
		else if (strcmp(m->identifier, "description") == 0) {
			gh_buf_safe(&about, gh_span_str(text), 200);
			h.about = gh_buf_cstr(&about);
		} else if (r->set == USERS && is_place(m->identifier) && places++ < PLACES) {
			if (see.n != 0)
				gh_buf_ch(&see, ' ');
			gh_buf_safe(&see, gh_span_str(text), PLACE);
			h.see = gh_buf_cstr(&see);
		}
	}
	say_strings(c, rule, &what, &h);
	h.what = gh_buf_cstr(&what);
	if (r->of->hit != NULL)
		r->of->hit(r->of->arg, &h);
	return CALLBACK_CONTINUE;
}

static int on_message(YR_SCAN_CONTEXT *c, int message, void *data, void *arg)
{
	struct run *r = arg;
	if (message == CALLBACK_MSG_RULE_MATCHING)
		return on_match(c, r, data);
	if (message == CALLBACK_MSG_TOO_MANY_MATCHES) {
		const YR_STRING *s = data;
		(void)snprintf(r->of->why, sizeof r->of->why, "string %.40s of rule %.60s matches too often",
			       s->identifier, r->y->rules[r->set]->rules_table[s->rule_idx].identifier);
	}
	return CALLBACK_CONTINUE;
}

/* ---- one source ----------------------------------------------------------------------------------------------------- */

/* Names that rules may ask for; rules that do not ask have no such variable. */
static void define_names(struct run *r)
{
	const char *path = r->of->name, *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1, *dot = strrchr(name, '.');
	if (r->set != USERS)
		return;
	(void)yr_scanner_define_string_variable(r->scanner, "filepath", path);
	(void)yr_scanner_define_string_variable(r->scanner, "filename", name);
	(void)yr_scanner_define_string_variable(r->scanner, "extension", dot == NULL ? "" : dot);
}

static int ready(struct run *r)
{
	if (r->scanner != NULL) {
		if (!r->started && !r->pending)
			define_names(r);
		return ERROR_SUCCESS;
	}
	int rc = yr_scanner_create(r->y->rules[r->set], &r->scanner);
	if (rc != ERROR_SUCCESS) {
		r->scanner = NULL;
		return rc;
	}
	/* No handlers of signals: a worker may not install any. One match of each string is enough to say where. */
	yr_scanner_set_flags(r->scanner,
			     SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_REPORT_RULES_MATCHING);
	yr_scanner_set_callback(r->scanner, on_message, r);
	yr_scanner_set_timeout(r->scanner, (int)r->y->seconds);
	define_names(r);
	return ERROR_SUCCESS;
}

static void step(struct run *r)
{
	/* libyara joins the pieces of a string by their places within a block: none of another block may be left. */
	if (r->pending && r->started)
		memset(r->scanner->unconfirmed_matches, 0,
		       r->y->rules[r->set]->num_strings * sizeof *r->scanner->unconfirmed_matches);
	r->started = true;
	int rc = yr_scanner_scan_mem_blocks(r->scanner, &r->it);
	if (rc == ERROR_SUCCESS || (rc == ERROR_BLOCK_NOT_READY && !r->finished))
		return;
	r->rc = rc;
	drop_scanner(r);
}

/* Left in the middle, a scanner holds matches of other bytes: let it come to its end, heard by nobody. */
static void abandon(struct run *r)
{
	if (r->scanner == NULL || !r->started || r->finished)
		return;
	r->of->hit = NULL;
	r->pending = false;
	r->finished = true;
	step(r);
}

void gh_yara_begin(struct gh_yara *y, enum gh_yara_slot slot, uint64_t size, struct gh_span name)
{
	struct stream *s = &y->slot[slot];
	(void)snprintf(s->name, sizeof s->name, "%.*s", (int)(name.n < NAME ? name.n : NAME - 1),
		       name.n == 0 ? "" : (const char *)name.p);
	s->size = size;
	s->nhead = 0;
	s->whole = (struct gh_span){ 0 };
	s->why[0] = '\0';
	for (unsigned i = 0; i < SETS; i++) {
		struct run *r = &s->run[i];
		abandon(r);
		*r = (struct run){ .y = y, .scanner = r->scanner, .set = i, .of = s };
		r->it = (YR_MEMORY_BLOCK_ITERATOR){
			.context = r, .first = first_block, .next = next_block, .file_size = file_size
		};
	}
}

/* For the user's rules, made when there is enough to look at: before that it is not worth its time. */
static void first_look(struct gh_yara *y, size_t n)
{
	y->shown += n;
	if (y->looking || y->shown < ENOUGH || y->rules[USERS] == NULL)
		return;
	y->looking = true;
	y->first[USERS] = gh_first_new(y->rules[USERS], NULL);
}

static void put_part(struct run *r, struct gh_span part, uint64_t off)
{
	if (r->rc != ERROR_SUCCESS)
		return;
	r->now = part;
	r->off = off;
	r->pending = true;
	step(r);
}

/* A place where a string may match, within what such places may cost. */
static void confirm(struct run *r, struct gh_span place, uint64_t off)
{
	r->spent = r->spent || r->confirmed + place.n > CONFIRM + r->passed / CONFIRM_PART;
	if (r->spent)
		return;
	r->confirmed += place.n;
	put_part(r, place, off);
}

/* Of a block, what may match. The head of a source is always shown: for entry points (the user's rules), and to begin with. */
static void put_parts(struct run *r, struct gh_span block, uint64_t off)
{
	const struct gh_first *f = r->y->first[r->set];
	size_t from = 0, head = r->started ? 0 : gh_first_head(f);
	struct gh_narrow *narrow = r->set == BUNDLED ? r->y->narrow : NULL;
	struct gh_narrowing n = { .now = 0 };
	r->passed += block.n;
	if (!r->started && r->set == USERS && head < GH_YARA_HEAD)
		head = GH_YARA_HEAD;
	for (;;) {
		struct gh_span part = gh_first_next(f, block, head, &from, n.of), place;
		if (part.n == 0)
			return;
		if (narrow != NULL)
			gh_narrow_off(narrow, r->scanner);
		put_part(r, part, off + (uint64_t)(part.p - block.p));
		n.part = part;
		while (narrow != NULL && r->rc == ERROR_SUCCESS &&
		       (place = gh_narrow_next(narrow, r->scanner, &n)).n != 0)
			confirm(r, place, off + (uint64_t)(place.p - block.p));
		if (r->rc != ERROR_SUCCESS)
			return; /* the scanner is gone */
	}
}

void gh_yara_put(struct gh_yara *y, enum gh_yara_slot slot, struct gh_span block, uint64_t off, bool whole)
{
	struct stream *s = &y->slot[slot];
	if (block.n == 0)
		return;
	if (!y->loaded)
		load(y);
	if (whole)
		s->whole = block;
	else if (s->nhead == 0 && (s->head != NULL || (s->head = malloc(GH_YARA_HEAD)) != NULL)) {
		s->nhead = block.n < GH_YARA_HEAD ? block.n : GH_YARA_HEAD;
		s->head_off = off;
		memcpy(s->head, block.p, s->nhead);
	}
	first_look(y, block.n);
	for (unsigned i = 0; i < SETS; i++) {
		struct run *r = &s->run[i];
		if (y->rules[i] == NULL || r->rc != ERROR_SUCCESS)
			continue;
		r->rc = ready(r);
		if (r->rc != ERROR_SUCCESS)
			continue;
		if (y->first[i] != NULL) {
			put_parts(r, block, off);
			continue;
		}
		r->now = block;
		r->off = off;
		r->pending = true;
		r->finished = whole; /* then one call does it all: see gh_yara_end() */
		if (!whole)
			step(r);
	}
}

const char *gh_yara_end(struct gh_yara *y, enum gh_yara_slot slot, void (*hit)(void *arg, const struct gh_yara_hit *),
			void *arg)
{
	struct stream *s = &y->slot[slot];
	s->hit = hit;
	s->arg = arg;
	for (unsigned i = 0; i < SETS; i++) {
		struct run *r = &s->run[i];
		if (r->rc == ERROR_SUCCESS && (r->started || r->pending)) {
			r->finished = true;
			step(r);
		}
		r->finished = true;
		if (r->spent && r->rc == ERROR_SUCCESS)
			r->rc = ERROR_TOO_MANY_RE_FIBERS; /* what was found before is told all the same */
		if (r->rc == ERROR_SUCCESS || s->why[0] != '\0')
			continue;
		const char *why = name_of(r->rc);
		if (why != NULL)
			(void)snprintf(s->why, sizeof s->why, "YARA: %s", why);
		else
			(void)snprintf(s->why, sizeof s->why, "YARA: error %d", r->rc);
	}
	if (s->why[0] != '\0')
		return s->why;
	return y->failed[0] != '\0' ? y->failed : NULL;
}

void gh_yara_free(struct gh_yara *y)
{
	if (y == NULL)
		return;
	for (unsigned s = 0; s < GH_YARA_SLOTS; s++) {
		for (unsigned i = 0; i < SETS; i++) {
			abandon(&y->slot[s].run[i]);
			drop_scanner(&y->slot[s].run[i]);
		}
		free(y->slot[s].head);
	}
	gh_narrow_free(y->narrow);
	for (unsigned i = 0; i < SETS; i++) {
		gh_first_free(y->first[i]);
		if (y->rules[i] != NULL)
			(void)yr_rules_destroy(y->rules[i]);
	}
	if (y->loaded)
		(void)yr_finalize();
	free(y);
}
