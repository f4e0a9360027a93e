/* safetensors: u64le header length, a JSON object that names every tensor with dtype, shape and byte range, then the
 * tensors back to back. Specification: github.com/huggingface/safetensors, README "Format"; the reference reader is
 * safetensors/src/tensor.rs, whose every refusal is an anomaly here. */
#include "base/utf8.h"
#include "format/dtype.h"
#include "format/formats.h"
#include "format/json_text.h"
#include "format/signs.h"
#include "wire/path.h"

#include <stdio.h>

enum {
	HEADER_MAX = 100000000, /* what the reference reader accepts */
	SAY = 32,		/* findings of one kind; more would tell nothing new */
	HEAD_DEPTH = 64,	/* real headers need 3 */
};

enum {
	A_LENGTH,
	A_HUGE,
	A_JSON,
	A_DEPTH,
	A_START,
	A_TAIL,
	A_DUPLICATE,
	A_ENTRY,
	A_NUMBER,
	A_DTYPE,
	A_OVERFLOW,
	A_SIZE,
	A_RANGE,
	A_OVERLAP,
	A_GAP,
	A_TRAILING,
	A_META,
	A_NAME,
	A_FIELD,
	A_MANY,
	A_RAGGED,
	A_DIMS,
	A_SIGN,
};

#define REFUSED "Loaders refuse the file or, worse, disagree about what it holds"
static const struct gh_rule rules[] = {
	[A_LENGTH] = { "GH-ST-0001", GH_HIGH, GH_UNSAFE, "Header length does not fit the file",
		       "A reader that trusts the length reads or allocates beyond the file.",
		       "Do not load; get the file again.", "CWE-125 CWE-789" },
	[A_HUGE] = { "GH-ST-0002", GH_MEDIUM, GH_INCOMPLETE, "Header larger than loaders accept",
		     "Memory exhaustion in readers without a limit.", "Get a file written by the reference library.",
		     "CWE-770" },
	[A_JSON] = { "GH-ST-0003", GH_MEDIUM, GH_REVIEW, "Header is not valid JSON", REFUSED,
		     "Get the file again; do not repair it by hand.", "CWE-20" },
	[A_DEPTH] = { "GH-ST-0004", GH_HIGH, GH_UNSAFE, "Header nested far beyond its three levels",
		      "Readers that recurse run out of stack.", "Do not load.", "CWE-674" },
	[A_START] = { "GH-ST-0005", GH_MEDIUM, GH_REVIEW, "Header does not begin with {",
		      "The file passes as something else: readers disagree about its type.", "Have it written again.",
		      "CWE-436" },
	[A_TAIL] = { "GH-ST-0006", GH_MEDIUM, GH_REVIEW, "Bytes between the header's JSON and its end",
		     "Room for content that no loader shows.", "Have it written again.", "CWE-506" },
	[A_DUPLICATE] = { "GH-ST-0007", GH_HIGH, GH_UNSAFE, "A name occurs twice in the header",
			  "Readers that keep the first and readers that keep the last load different tensors: what was "
			  "checked is not what runs.",
			  "Do not load.", "CWE-694 CWE-436" },
	[A_ENTRY] = { "GH-ST-0008", GH_MEDIUM, GH_REVIEW, "Malformed tensor entry", REFUSED, "Get the file again.",
		      "CWE-20" },
	[A_NUMBER] = { "GH-ST-0009", GH_HIGH, GH_UNSAFE, "Shape or offset is no unsigned integer",
		       "Negative or rounded numbers make readers address memory outside the tensor.", "Do not load.",
		       "CWE-190 CWE-681" },
	[A_DTYPE] = { "GH-ST-0010", GH_LOW, GH_INCOMPLETE, "Unknown element type",
		      "The extent of the tensor cannot be checked.", "Use a file with types of the published format.",
		      "CWE-20" },
	[A_OVERFLOW] = { "GH-ST-0011", GH_HIGH, GH_UNSAFE, "Product of dimensions overflows",
			 "A reader that wraps around allocates too little and writes beyond it.", "Do not load.",
			 "CWE-190 CWE-787" },
	[A_SIZE] = { "GH-ST-0012", GH_HIGH, GH_UNSAFE, "Byte range does not match shape and element type",
		     "A reader that trusts the shape reads beyond the tensor.", "Do not load.", "CWE-125 CWE-131" },
	[A_RANGE] = { "GH-ST-0013", GH_HIGH, GH_UNSAFE, "Tensor outside the file, or with its end before its start",
		      "Reads beyond the file's memory.", "Do not load; the file may also just be cut short.",
		      "CWE-125" },
	[A_OVERLAP] = { "GH-ST-0014", GH_HIGH, GH_UNSAFE, "Tensors overlap",
			"Bytes mean two things at once: what one check sees, another reader uses differently.",
			"Do not load.", "CWE-436" },
	[A_GAP] = { "GH-ST-0015", GH_MEDIUM, GH_REVIEW, "Bytes between tensors that belong to none",
		    "Room for hidden content.", "Have it written again.", "CWE-506" },
	[A_TRAILING] = { "GH-ST-0016", GH_MEDIUM, GH_REVIEW, "Bytes after the last tensor",
			 "Room for hidden content: a second file that other programs see.", "Have it written again.",
			 "CWE-506 AML.T0018" },
	[A_META] = { "GH-ST-0017", GH_MEDIUM, GH_REVIEW, "__metadata__ is not a flat map of strings", REFUSED,
		     "Have it written again.", "CWE-20" },
	[A_NAME] = { "GH-ST-0018", GH_LOW, GH_REVIEW, "Tensor name that is no name: empty, deceptive or a path out",
		     "Names that read differently from what they are.", "Look at the name byte by byte.",
		     "CWE-451 CWE-150" },
	[A_FIELD] = { "GH-ST-0019", GH_LOW, GH_REVIEW, "Tensor entry with a field the format does not have",
		      "Content that some program reads and no specification explains.",
		      "Ask the author what it is for.", "CWE-20" },
	[A_MANY] = { "GH-ST-0020", GH_LOW, GH_INCOMPLETE, "More tensors than can be checked in bounded memory",
		     "A part of the file passes unseen.", "Split the file.", "CWE-770" },
	[A_RAGGED] = { "GH-ST-0021", GH_INFO, GH_CLEAN, "Tensors do not start at a multiple of 8",
		       "None: some loaders are slower.", "None needed.", "" },
	[A_DIMS] = { "GH-ST-0022", GH_MEDIUM, GH_REVIEW, "Tensor with more dimensions than frameworks have",
		     "Fixed tables of dimensions in readers overflow.", "Do not load.", "CWE-787" },
	GH_SIGN_RULES("GH-ST", A_SIGN),
	GH_RULES_END
};

/* A tensor whose entry is well formed. */
struct tensor {
	const struct gh_dtype *dtype;
	struct gh_span name;
	uint64_t *dim;
	unsigned ndim;
};

struct st {
	struct gh_walk *w;
	struct gh_json_src x;
	struct gh_json_texts texts;
	uint64_t data;		  /* offset of the byte buffer */
	struct gh_recs extents;	  /* begin, end, (uintptr_t)struct tensor * or 0 */
	struct gh_json_name name; /* of the entry being read */
	uint64_t name_off, name_len;
	bool many;
	unsigned said[A_SIGN];
};

static void say(struct st *s, unsigned a, uint64_t off, uint64_t len, const char *what)
{
	if (s->said[a]++ < SAY)
		gh_anomaly(s->w, &rules[a], off, len, "%s", what);
}

static void say_entry(struct st *s, unsigned a, const char *what)
{
	if (s->said[a]++ < SAY)
		gh_anomaly(s->w, &rules[a], s->name_off, s->name_len, "tensor \"%s\": %s",
			   gh_safe(gh_json_name(&s->name)).s, what);
}

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->size < 10 || p->head.n < 10)
		return GH_NO;
	uint64_t n = gh_le64(p->head.p);
	bool fits = n >= 2 && n <= p->size - 8;
	size_t i = 8;
	while (i < p->head.n &&
	       (p->head.p[i] == ' ' || p->head.p[i] == '\t' || p->head.p[i] == '\n' || p->head.p[i] == '\r'))
		i++;
	if (i == p->head.n) /* white space only: the object may come later */
		return fits && n > p->head.n - 8 ? GH_WEAK : GH_NO;
	if (p->head.p[i] != '{')
		return GH_NO;
	if (fits)
		return GH_STRONG;
	/* A length beyond the file before something that reads like a header is a broken or lying file of this format;
	 * eight letters before a brace are just text, and of a length that nobody has, the object must speak of tensors ("blob 22" and
	 * a NUL before a brace begin an object of git). */
	static const char *const words[] = { "\"dtype\"", "\"data_offsets\"", "\"__metadata__\"" };
	bool tensors = n >> 40 == 0;
	for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
		tensors = tensors || memmem(p->head.p, p->head.n, words[k], strlen(words[k])) != NULL;
	bool text = true;
	for (size_t k = 0; k < 8; k++)
		text = text && (p->head.p[k] >= 0x20 || (p->head.p[k] >= '\t' && p->head.p[k] <= '\r'));
	return !text && tensors && i + 1 < p->head.n && (p->head.p[i + 1] == '"' || p->head.p[i + 1] == '}') ? GH_STRONG
													     : GH_NO;
}

/* Numbers of an array, at most cap of them; *n is how many there are. False on anything else in it. */
static bool numbers(struct st *s, uint64_t *out, unsigned cap, unsigned *n)
{
	*n = 0;
	bool ok = true;
	if (s->x.j.tok != GH_JSON_ARRAY) {
		say_entry(s, A_ENTRY, "a list of numbers was expected");
		(void)gh_json_src_skip(&s->x);
		return false;
	}
	while (gh_json_src_next(&s->x) > GH_JSON_END && s->x.j.tok != GH_JSON_ARRAY_END) {
		uint64_t v = 0;
		if (s->x.j.tok == GH_JSON_OBJECT || s->x.j.tok == GH_JSON_ARRAY) {
			say_entry(s, A_ENTRY, "a list inside a list of numbers");
			(void)gh_json_src_skip(&s->x);
			ok = false;
		} else if (!gh_json_u64(&s->x.j, &v)) {
			say_entry(s, A_NUMBER, s->x.j.tok == GH_JSON_NUMBER ? gh_safe(s->x.j.text).s : "not a number");
			ok = false;
		} else if (*n < cap) {
			out[*n] = v;
		}
		*n += *n < UINT32_MAX;
	}
	return ok && s->x.j.tok == GH_JSON_ARRAY_END;
}

struct entry {
	const struct gh_dtype *dtype;
	uint64_t dim[GH_DIMS_MAX], offs[2];
	unsigned ndim, noffs;
	bool has_dtype, has_shape, has_offs, broken;
};

static void field(struct st *s, struct entry *e)
{
	struct gh_json *j = &s->x.j;
	if (gh_json_is(j, "dtype")) {
		e->has_dtype = true;
		if (gh_json_src_next(&s->x) != GH_JSON_STRING) {
			say_entry(s, A_ENTRY, "dtype is not a string");
			e->broken = true;
			(void)gh_json_src_skip(&s->x);
			return;
		}
		e->dtype = j->text.n == j->full ? gh_dtype_safetensors(j->text) : NULL;
		if (e->dtype == NULL)
			say_entry(s, A_DTYPE, gh_safe(j->text).s);
	} else if (gh_json_is(j, "shape")) {
		e->has_shape = true;
		(void)gh_json_src_next(&s->x);
		e->broken |= !numbers(s, e->dim, GH_DIMS_MAX, &e->ndim);
	} else if (gh_json_is(j, "data_offsets")) {
		e->has_offs = true;
		(void)gh_json_src_next(&s->x);
		e->broken |= !numbers(s, e->offs, 2, &e->noffs);
	} else {
		say_entry(s, A_FIELD, gh_safe(j->text).s);
		if (gh_json_src_next(&s->x) == GH_JSON_STRING)
			(void)gh_json_text(&s->texts, &s->x, gh_json_name(&s->name),
					   GH_JT_EMIT | GH_JT_SIGNS | GH_JT_ENCODED);
		else
			(void)gh_json_src_skip(&s->x);
	}
}

/* Everything that can be said about one entry by itself. */
static bool entry_ok(struct st *s, const struct entry *e)
{
	uint64_t elements, bytes, room = s->w->src->size - s->data;
	if (!e->has_dtype || !e->has_shape || !e->has_offs) {
		say_entry(s, A_ENTRY, "dtype, shape or data_offsets is missing");
		return false;
	}
	if (e->broken)
		return false;
	if (e->noffs != 2) {
		say_entry(s, A_ENTRY, "data_offsets are not two numbers");
		return false;
	}
	if (e->ndim > GH_DIMS_MAX) {
		say_entry(s, A_DIMS, "more than 64 dimensions");
		return false;
	}
	if (e->offs[0] > e->offs[1] || e->offs[1] > room) {
		char text[96];
		(void)snprintf(text, sizeof text, "bytes %llu to %llu of %llu", (unsigned long long)e->offs[0],
			       (unsigned long long)e->offs[1], (unsigned long long)room);
		say_entry(s, A_RANGE, text);
		return false;
	}
	if (e->dtype == NULL)
		return false;
	static const struct gh_dtype one = { "", GH_DT_UINT, 8, 1, 8 }; /* is it the product or the last block? */
	if (!gh_dtype_size(&one, e->ndim, e->dim, 0, &elements, &bytes)) {
		say_entry(s, A_OVERFLOW, "the shape needs more than 2^64 bytes");
		return false;
	}
	if (!gh_dtype_size(e->dtype, e->ndim, e->dim, 0, &elements, &bytes) || bytes != e->offs[1] - e->offs[0]) {
		say_entry(s, A_SIZE, e->dtype->name);
		return false;
	}
	return true;
}

static void remember(struct st *s, const struct entry *e, bool ok)
{
	struct tensor *t = NULL;
	if (ok) {
		t = GH_NEW(s->w->arena, struct tensor, 1);
		uint64_t *dim = t == NULL ? NULL : gh_alloc(s->w->arena, e->ndim * sizeof *dim + s->name.n + 1, 1);
		if (dim == NULL) {
			s->many = true;
			return;
		}
		memcpy(dim, e->dim, e->ndim * sizeof *dim);
		memcpy(dim + e->ndim, s->name.p, s->name.n);
		*t = (struct tensor){ e->dtype, { (uint8_t *)(dim + e->ndim), s->name.n }, dim, e->ndim };
	}
	if (!gh_recs_add(&s->extents, (struct gh_rec){ e->offs[0], e->offs[1], (uintptr_t)t }))
		s->many = true;
}

static void check_name(struct st *s, struct gh_span name, uint64_t full)
{
	if (name.n == 0 || full > 4096) {
		say_entry(s, A_NAME, name.n == 0 ? "an empty name" : "longer than 4096 bytes");
		return;
	}
	/* Tools that split a model write each tensor to a file of its name. */
	if ((gh_path_flags(name) & (GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE)) != 0)
		say_entry(s, A_NAME, "a path that leads out of a folder");
	for (size_t i = 0; i < name.n;) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next(gh_span_cut(name, i, 4), &cp);
		if (n == 0 || gh_utf8_deceptive(cp)) {
			say_entry(s, A_NAME, "control or deceptive characters");
			return;
		}
		i += n;
	}
}

static void read_entry(struct st *s)
{
	struct entry e = { 0 };
	if (gh_json_src_next(&s->x) != GH_JSON_OBJECT) {
		if (s->x.j.tok > GH_JSON_END) {
			say_entry(s, A_ENTRY, "not an object");
			(void)gh_json_src_skip(&s->x);
		}
		return;
	}
	while (gh_json_src_next(&s->x) == GH_JSON_KEY)
		field(s, &e);
	if (s->x.j.tok != GH_JSON_OBJECT_END)
		return;
	if (s->x.j.duplicate)
		say_entry(s, A_DUPLICATE, "a field occurs twice");
	bool ok = entry_ok(s, &e) && !s->x.j.duplicate;
	if (ok || (e.has_offs && e.noffs == 2 && e.offs[0] <= e.offs[1]))
		remember(s, &e, ok); /* the extents of broken entries count for overlaps and gaps */
}

static enum gh_rc read_metadata(struct st *s)
{
	enum gh_rc rc = GH_OK;
	struct gh_json_name key;
	if (gh_json_src_next(&s->x) != GH_JSON_OBJECT) {
		if (s->x.j.tok > GH_JSON_END)
			say(s, A_META, s->x.j.off, s->x.j.len, "__metadata__ is not an object");
		(void)gh_json_src_skip(&s->x);
		return GH_OK;
	}
	while (rc == GH_OK && gh_json_src_next(&s->x) == GH_JSON_KEY) {
		gh_json_name_set(&key, s->x.j.text);
		(void)gh_json_text(&s->texts, &s->x, gh_json_name(&key), GH_JT_SIGNS | GH_JT_ENCODED);
		if (gh_json_src_next(&s->x) == GH_JSON_STRING) {
			rc = gh_json_text(&s->texts, &s->x, gh_json_name(&key),
					  GH_JT_EMIT | GH_JT_SIGNS | GH_JT_ENCODED);
		} else if (s->x.j.tok > GH_JSON_END) {
			say(s, A_META, s->x.j.off, s->x.j.len, gh_safe(gh_json_name(&key)).s);
			(void)gh_json_src_skip(&s->x);
		}
	}
	if (s->x.j.tok == GH_JSON_OBJECT_END && s->x.j.duplicate)
		say(s, A_DUPLICATE, s->x.j.dup_off, 0, "a key of __metadata__ occurs twice");
	return rc;
}

/* Where the walk of the JSON broke off, as a finding and as a code. */
static enum gh_rc json_broke(struct st *s)
{
	struct gh_json *j = &s->x.j;
	uint64_t at = j->off < s->data ? j->off : s->data - 1;
	say(s, j->limit ? A_DEPTH : A_JSON, at, 0, j->why);
	return gh_fail(s->w->err, GH_E_MALFORMED, "header: %s at byte %llu", j->why, (unsigned long long)at);
}

static enum gh_rc read_header(struct st *s)
{
	struct gh_json *j = &s->x.j;
	gh_json_src(&s->x, s->w->src, 8, s->data, s->w->arena);
	s->x.j.max_depth = HEAD_DEPTH;
	s->x.j.keep = GH_WINDOW_MAX;
	if (gh_json_src_next(&s->x) == GH_JSON_BAD)
		return json_broke(s);
	if (j->tok != GH_JSON_OBJECT || j->off != 8)
		say(s, A_START, 8, 1, "the header is not an object at its first byte");
	if (j->tok != GH_JSON_OBJECT)
		return gh_fail(s->w->err, GH_E_MALFORMED, "the header is not an object");
	while (gh_json_src_next(&s->x) == GH_JSON_KEY) {
		if (gh_json_is(j, "__metadata__")) {
			GH_TRY(read_metadata(s), s->w->err, "in __metadata__");
		} else {
			gh_json_name_set(&s->name, j->text);
			s->name_off = j->off;
			s->name_len = j->len;
			check_name(s, gh_json_name(&s->name), j->full);
			read_entry(s);
		}
		if (j->tokens > s->w->lim->steps)
			return gh_fail(s->w->err, GH_E_LIMIT, "the header has too many tokens");
	}
	if (j->tok == GH_JSON_BAD)
		return json_broke(s);
	if (j->duplicate)
		say(s, A_DUPLICATE, j->dup_off, 0, "the header names two tensors alike");
	if (j->lone != 0)
		say(s, A_JSON, 8, s->data - 8, "lone surrogates in strings");
	if (j->unwatched != 0)
		s->many = true;
	(void)gh_json_src_next(&s->x);
	if (gh_json_left(j)) {
		say(s, A_TAIL, gh_json_pos(j), s->data - gh_json_pos(j), "more than white space after the object");
		gh_claim(s->w, 0, gh_json_pos(j), GH_CLAIM_STRUCT);
	} else {
		gh_claim(s->w, 0, s->data, GH_CLAIM_STRUCT);
	}
	return GH_OK;
}

static enum gh_rc emit_tensor(struct st *s, const struct tensor *t, uint64_t begin, uint64_t end)
{
	struct gh_tensor ev = { .name = t->name,
				.dtype = t->dtype->name,
				.bits = t->dtype->bits,
				.ndim = t->ndim,
				.dim = t->dim,
				.src = s->w->src };
	gh_src_advance(s->w->src, s->data + begin); /* whoever looks at the tensor finds its bytes at hand */
	return gh_emit(s->w, GH_EV_TENSOR, s->data + begin, end - begin, &ev);
}

/* All extents in order: they must tile the buffer. */
static enum gh_rc read_extents(struct st *s)
{
	uint64_t at = 0, room = s->w->src->size - s->data;
	char text[96];
	gh_recs_sort(&s->extents, 0);
	for (size_t i = 0; i < s->extents.n; i++) {
		const struct gh_rec *r = gh_recs_at(&s->extents, i);
		if (r->b > room)
			continue; /* said already */
		if (r->a != at) {
			(void)snprintf(text, sizeof text,
				       "a tensor starts at byte %llu of the buffer, the one before ends at %llu",
				       (unsigned long long)r->a, (unsigned long long)at);
			say(s, r->a < at ? A_OVERLAP : A_GAP, s->data + (r->a < at ? r->a : at),
			    r->a < at ? 0 : r->a - at, text);
		}
		if (r->b <= at && r->b != r->a)
			continue;
		uint64_t from = r->a > at ? r->a : at;
		const struct tensor *t = (const struct tensor *)(uintptr_t)r->ref;
		if (t != NULL) {
			if (r->b > from)
				gh_claim(s->w, s->data + from, r->b - from, GH_CLAIM_DATA);
			GH_TRY(emit_tensor(s, t, r->a, r->b), s->w->err, "at tensor %zu", i);
		}
		at = r->b > at ? r->b : at;
	}
	if (at < room && !s->many)
		say(s, A_TRAILING, s->data + at, room - at, "the tensors end before the file does");
	return GH_OK;
}

/* The weak match: white space as far as the probe could see. */
static bool brace_follows(struct gh_walk *w, uint64_t end)
{
	struct gh_cur c = gh_cur(w->src, 8);
	while (gh_cur_off(&c) < end) {
		uint8_t b = gh_cur_u8(&c);
		if (b != ' ' && b != '\t' && b != '\n' && b != '\r')
			return b == '{' && !c.bad;
	}
	return false;
}

static enum gh_rc walk(struct gh_walk *w)
{
	uint64_t size = w->src->size;
	struct gh_span head = gh_src_window(w->src, 0, 8);
	if (head.n < 8)
		return gh_fail(w->err, w->weak ? GH_E_NOTTHIS : GH_E_MALFORMED, "%llu bytes are no safetensors file",
			       (unsigned long long)size);
	uint64_t n = gh_le64(head.p);
	if (w->weak && (n > size - 8 || !brace_follows(w, 8 + n)))
		return GH_E_NOTTHIS;
	if (n < 2 || n > size - 8) {
		gh_anomaly(w, &rules[A_LENGTH], 0, 8, "a header of %llu bytes in a file of %llu", (unsigned long long)n,
			   (unsigned long long)size);
		return gh_fail(w->err, GH_E_MALFORMED, "a header of %llu bytes in a file of %llu",
			       (unsigned long long)n, (unsigned long long)size);
	}
	if (n > HEADER_MAX) {
		gh_anomaly(w, &rules[A_HUGE], 0, 8, "%llu bytes", (unsigned long long)n);
		return gh_fail(w->err, GH_E_LIMIT, "a header of %llu bytes", (unsigned long long)n);
	}
	struct st *s = GH_NEW(w->arena, struct st, 1);
	if (s == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	s->w = w;
	s->data = 8 + n;
	s->extents = gh_recs(w->arena, GH_RECS_MAX);
	s->texts = (struct gh_json_texts){ .w = w,
					   .rules = rules,
					   .first_sign = A_SIGN,
					   .role = "metadata",
					   .members_left = 32,
					   .texts_left = 4096,
					   .signs_left = SAY };
	GH_TRY(read_header(s), w->err, "safetensors");
	if (s->data % 8 != 0)
		say(s, A_RAGGED, 0, 8, "the header's length is no multiple of 8");
	GH_TRY(read_extents(s), w->err, "safetensors");
	if (s->many) {
		say(s, A_MANY, 8, n, "the rest was not checked");
		return gh_fail(w->err, GH_E_LIMIT, "more tensors than fit the memory of a reader");
	}
	return GH_OK;
}

const struct gh_fmt gh_fmt_safetensors = {
	.name = "safetensors",
	.about = "Tensors behind a JSON header (Hugging Face safetensors)",
	.exts = "safetensors",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
