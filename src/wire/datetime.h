/* datetime.h - dates and times of day in the proleptic Gregorian calendar, without zones' rules and without a clock. */
#ifndef GH_WIRE_DATETIME_H
#define GH_WIRE_DATETIME_H
#include "base/span.h"

struct gh_datetime {
	unsigned year, month, day, hour, minute, second; /* UTC; month and day from 1 */
};
enum { GH_DATETIME_TEXT = 21 }; /* "2026-11-22T10:00:00Z" and a NUL */

/* Seconds since 1970. False: there is no such day or time (years 1970 to 9999; second 60 is none). */
bool gh_datetime_seconds(const struct gh_datetime *d, int64_t *out);
/* RFC 3339, section 5.6, with a capital T and Z or an offset; a fraction is cut off. False: none, or before 1970. */
bool gh_datetime_read(struct gh_span text, int64_t *out);
/* RFC 3339 in UTC. False, and "": outside 1970 to 9999. */
bool gh_datetime_write(int64_t seconds, char out[GH_DATETIME_TEXT]);
#endif
