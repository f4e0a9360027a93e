/* text.h - the text operands of pickle opcodes, exactly as CPython 3.11 reads them: numbers (PyLong_FromString, strtol,
 * PyOS_string_to_double and what int() and float() do), string escapes, raw-unicode-escape and UTF-8. Pure functions.
 *
 * Source: CPython Objects/longobject.c, Python/pystrtod.c, Objects/bytesobject.c (_PyBytes_DecodeEscape),
 * Objects/unicodeobject.c. */
#ifndef GH_FORMAT_PICKLE_TEXT_H
#define GH_FORMAT_PICKLE_TEXT_H
#include "base/span.h"

enum { PKL_DIGITS_MAX = 4300 }; /* sys.int_info.default_max_str_digits since 3.11 */

struct pkl_num {
	bool ok;      /* the reader accepts it */
	bool boolean; /* INT's "00" and "01" */
	bool big;     /* does not fit int64_t: value is meaningless */
	bool many;    /* more than PKL_DIGITS_MAX digits in a base that is no power of two: newer versions refuse */
	int64_t i;
};

/* INT and LONG by the C reader and by pickle.py; GET and PUT (decimal). line is without its newline. */
struct pkl_num pkl_int_c(struct gh_span line);
struct pkl_num pkl_int_py(struct gh_span line);
struct pkl_num pkl_long_c(struct gh_span line);
struct pkl_num pkl_long_py(struct gh_span line);
struct pkl_num pkl_index_c(struct gh_span line);
struct pkl_num pkl_index_py(struct gh_span line);
bool pkl_num_same(struct pkl_num a, struct pkl_num b);

/* FLOAT. py: float(bytes), else PyOS_string_to_double with an error on overflow. Numbers of more than 1000 characters
 * keep their first 1000 for the value. */
bool pkl_float(struct gh_span line, bool py, double *out);

/* UTF-8 check that may be fed in pieces: returns how many bytes were consumed; with `last` false an unfinished
 * character at the end is left for the next piece, otherwise it is an error. surrogates: three-byte encodings of
 * U+D800..DFFF pass ("surrogatepass"). *bad is set at the first error. */
size_t pkl_utf8(struct gh_span s, bool surrogates, bool last, bool *bad);
bool pkl_ascii(struct gh_span s);

/* Escapes of STRING (bytes literals) or UNICODE (raw-unicode-escape), checked in pieces. */
struct pkl_escape {
	bool raw; /* raw-unicode-escape */
	bool bad;
	bool high;  /* produced a byte >= 0x80 (STRING): not ASCII */
	bool plain; /* nothing was escaped and nothing re-encoded: the text stands in the source as it is */
	uint8_t state, left;
	uint32_t value;
	uint64_t made; /* bytes of decoded text: UTF-8 for raw */
};
struct pkl_escape pkl_escape(bool raw);
void pkl_escape_feed(struct pkl_escape *e, struct gh_span s);
void pkl_escape_end(struct pkl_escape *e); /* the text is complete: anything unfinished is an error */

/* Decode checked text into out, at most max bytes, without splitting a character; returns the bytes made. */
size_t pkl_text_decode(struct gh_span s, bool raw, uint8_t *out, size_t max);
#endif
