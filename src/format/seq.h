/* seq.h - what readers of plain model files share: numbers, names, texts and arrays of weights that stand one behind the
 * other, with no table of contents. MXNet, fastText, word2vec, faiss, CTranslate2, MATLAB, LightGBM … differ in what comes
 * next; what can be wrong with it is the same for all, and so are the rows that say so.
 *
 *	struct gh_seq s;
 *	gh_seq_open(&s, w);
 *	… gh_cur_u32le(&s.c), gh_seq_text(), gh_seq_tensor() …
 *	return gh_seq_end(&s, rc);
 *
 * Every row of the format that uses it has `.rules = gh_seq_rules`. */
#ifndef GH_FORMAT_SEQ_H
#define GH_FORMAT_SEQ_H
#include "format/dtype.h"
#include "format/held.h"
#include "wire/recs.h"

enum gh_seq_rule {
	GH_SEQ_COUNT,	/* a count or length that does not fit the file */
	GH_SEQ_CUT,	/* the file ends within a structure */
	GH_SEQ_TYPE,	/* a type of element, layer or part that is not known: what follows cannot be read */
	GH_SEQ_VALUE,	/* a number that loaders compute addresses with, and that cannot be right */
	GH_SEQ_NAME,	/* a name that is empty, too long or no text */
	GH_SEQ_TWICE,	/* two arrays of one name */
	GH_SEQ_VERSION, /* a version that is not known */
	GH_SEQ_ODD,	/* two numbers of the file disagree, and no loader is harmed by it */
	GH_SEQ_SIGN,
	GH_SEQ_RULES = GH_SEQ_SIGN + GH_SIGNS
};
extern const struct gh_rule gh_seq_rules[];

enum { GH_SEQ_NAME_MAX = 256 };
struct gh_seq_name {
	uint8_t p[GH_SEQ_NAME_MAX];
	size_t n;
};
static inline struct gh_span gh_seq_name(const struct gh_seq_name *n) { return (struct gh_span){ n->p, n->n }; }

struct gh_seq {
	struct gh_walk *w;
	struct gh_cur c;
	struct gh_held held;
	struct gh_recs names;
	uint64_t steps;
	unsigned said[GH_SEQ_RULES];
};

void gh_seq_open(struct gh_seq *s, struct gh_walk *w);
/* A finding at `off`, at most 16 of one row; the text must be safe to print. */
void gh_seq_say(struct gh_seq *s, enum gh_seq_rule rule, uint64_t off, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same as the end of the walk: GH_E_UNREAD for TYPE and VERSION, the source's failure when there was one, CUT when the
 * cursor ran out, else GH_E_MALFORMED. */
enum gh_rc gh_seq_fail(struct gh_seq *s, enum gh_seq_rule rule, const char *what) __attribute__((warn_unused_result));
/* Are there n objects of `each` bytes (>= 1) left? */
static inline bool gh_seq_fits(const struct gh_seq *s, uint64_t n, uint64_t each)
{
	return !s->c.bad && n <= gh_cur_left(&s->c) / each;
}
/* One more step of work; false when the budget of the walk is used up. */
static inline bool gh_seq_step(struct gh_seq *s) { return ++s->steps <= s->w->lim->steps; }

/* A name of `len` bytes at the cursor: checked, at most GH_SEQ_NAME_MAX bytes of it kept, remembered to see it twice when
 * `once`. */
enum gh_rc gh_seq_take_name(struct gh_seq *s, uint64_t len, bool once, struct gh_seq_name *out);
/* A text of `len` bytes at the cursor, the value of key. */
enum gh_rc gh_seq_text(struct gh_seq *s, struct gh_span key, uint64_t len);
/* An array at the cursor: its bytes are what type and shape ask for. */
enum gh_rc gh_seq_tensor(struct gh_seq *s, struct gh_span name, const struct gh_dtype *t, unsigned ndim,
			 const uint64_t *dim);
/* A row of n numbers of the type that safetensors calls `dtype` ("F32"). */
enum gh_rc gh_seq_row(struct gh_seq *s, const char *name, const char *dtype, uint64_t n);
/* Claims what was read, tells of names that came twice, passes rc on. */
enum gh_rc gh_seq_end(struct gh_seq *s, enum gh_rc rc);
#endif
