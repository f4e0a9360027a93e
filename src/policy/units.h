/* units.h - durations, sizes, percentages, dates and words: from text to numbers and back. Total functions, no locale. */
#ifndef GH_POLICY_UNITS_H
#define GH_POLICY_UNITS_H
#include "base/buf.h"

/* All of the text, or false. Numbers are decimal digits without sign; nothing overflows. */
bool gh_unit_int(struct gh_span s, int64_t *out);
/* "90s", "15m", "12h", "30d", "2w", and sequences of them, largest first: "1d12h". Seconds. "0s" is one; "0" is not. */
bool gh_unit_duration(struct gh_span s, int64_t *out);
/* "10 GiB", "500MB", "123B": KB, MB, GB, TB, PB count by 1000, KiB … PiB by 1024. */
bool gh_unit_size(struct gh_span s, int64_t *out);
/* "99.5" or "99.5%" (sign: '%' must be there), 0 to 100, at most four digits behind the point. Ten-thousandths. */
bool gh_unit_percent(struct gh_span s, bool sign, int64_t *out);
/* RFC 3339: "2026-11-22T10:00:00Z", with offset, fractions cut off; or a date alone, its midnight in UTC. Seconds since 1970;
 * years 1 to 9999. A leap second counts as the second after. */
bool gh_unit_time(struct gh_span s, int64_t *out);

void gh_unit_put_duration(struct gh_buf *b, int64_t v); /* "30d", "1d12h" */
void gh_unit_put_size(struct gh_buf *b, int64_t v);	/* "10 GiB", "1500 B": the largest unit that divides it */
void gh_unit_put_percent(struct gh_buf *b, int64_t v);	/* "99.5%" */
void gh_unit_put_time(struct gh_buf *b, int64_t v);	/* "2026-11-22T10:00:00Z" */

/* ---- words: "a<b=c<d" (of equal rank: '='), or "a b c" -------------------------------------------------------------------- */
/* Index of a word, from 0; -1: none. */
int gh_word_index(const char *words, struct gh_span w);
struct gh_span gh_word_at(const char *words, unsigned index); /* empty: no such index */
unsigned gh_word_rank(const char *words, unsigned index);
unsigned gh_word_count(const char *words);
/* "a, b or c" */
void gh_word_list(struct gh_buf *b, const char *words);
#endif
