#include <stdarg.h>
#include <stdio.h>

#include "format/formats.h"
#include "format/rdata/rdata.h"

#define AGAIN "Do not load; have the object saved again with saveRDS()"
const struct gh_rule gh_rdata_rules[RD_RULES + 1] = {
	[RD_A_VERSION] = { "GH-RD-0001", GH_MEDIUM, GH_INCOMPLETE, "Version of R's serialization that is not read",
			   "Nothing in the file can be checked.", "Save the object again with a current R.", "CWE-20" },
	[RD_A_TYPE] = { "GH-RD-0002", GH_MEDIUM, GH_REVIEW, "An item that no R object has in this place",
			"R stops here, or an older R takes it for something else; what was read before is in memory.",
			AGAIN, "CWE-20 CWE-843" },
	[RD_A_LENGTH] = { "GH-RD-0003", GH_HIGH, GH_REVIEW, "A length that does not fit the data",
			  "R allocates what is declared before it notices that the data are missing.", AGAIN,
			  "CWE-789 CWE-130" },
	[RD_A_CUT] = { "GH-RD-0004", GH_MEDIUM, GH_REVIEW, "The data end within an object",
		       "R stops with an error; the file may be damaged to keep others from reading it.",
		       "Get the file again from its source.", "CWE-20" },
	[RD_A_REF] = { "GH-RD-0005", GH_HIGH, GH_UNSAFE, "A reference to an object that does not exist",
		       "R takes what lies behind its table for an object.", AGAIN, "CWE-129 CWE-125" },
	[RD_A_LIMIT] = { "GH-RD-0006", GH_MEDIUM, GH_INCOMPLETE, "Objects nested too deeply",
			 "R's own stack overflows; what lies deeper was not inspected.", AGAIN, "CWE-674" },
	[RD_A_ALTREP] = { "GH-RD-0007", GH_MEDIUM, GH_REVIEW, "A vector whose class is defined by a package",
			  "Loading the file makes R load that package and hands it the author's data.",
			  "Load it only if the package is one you use; have it saved as a plain vector.",
			  "CWE-470 CWE-829" },
	[RD_A_MMAP] = { "GH-RD-0008", GH_HIGH, GH_UNSAFE, "A vector that is a file of the machine that loads it",
			"Loading the object opens and maps the file it names; what is in it becomes data of the model.",
			AGAIN, "CWE-73 CWE-200 AML.T0010" },
	[RD_A_TEXT] = { "GH-RD-0009", GH_MEDIUM, GH_REVIEW, "Text where a number should be",
			"R stops with an error or reads a number that is not there.", AGAIN, "CWE-20" },
	GH_SIGN_RULES("GH-RD", RD_A_SIGN),
	[RD_RULES] = GH_RULES_END,
};

void rd_say(struct rdata *r, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[400];
	if (r->said[a]++ >= RD_SAY)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (off > r->w->src->size)
		off = r->w->src->size;
	if (len > r->w->src->size - off)
		len = r->w->src->size - off;
	gh_anomaly(r->w, &gh_rdata_rules[a], off, len, "%s", text);
}

void rd_stop(struct rdata *r, enum gh_rc rc, const char *fmt, ...)
{
	char text[160];
	if (r->failed)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	r->failed = true;
	r->rc = gh_fail(r->w->err, rc, "%s", text);
}

void rd_claim(struct rdata *r, uint64_t off)
{
	if (off > r->claimed) {
		gh_claim(r->w, r->claimed, off - r->claimed, GH_CLAIM_STRUCT);
		r->claimed = off;
	}
}

/* ---- what it is ---------------------------------------------------------------------------------------------------- */

/* "RDX3\n" and its kin: how many bytes; *version: the digit. */
static size_t workspace(struct gh_span s, char *version)
{
	if (s.n < 5 || s.p[0] != 'R' || s.p[1] != 'D' || strchr("AXB", s.p[2]) == NULL || s.p[2] == '\0' ||
	    s.p[3] < '1' || s.p[3] > '9' || s.p[4] != '\n')
		return 0;
	*version = (char)s.p[3];
	return 5;
}

/* A version of R as it is packed: 0, major, minor, patch. The words differ from arbitrary numbers in all of this. */
static bool plausible(uint32_t version, uint32_t writer, uint32_t reader)
{
	return version >= 1 && version <= 9 && writer >> 24 == 0 && writer >> 16 >= 1 && writer >> 16 <= 99 &&
	       reader >> 24 == 0 && reader >> 16 >= 1 && reader >> 16 <= 99;
}

static bool text_header(struct gh_span s)
{
	/* Three numbers on lines of their own, the first of one digit. */
	size_t i = 0;
	for (unsigned k = 0; k < 3; k++) {
		size_t from = i;
		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		size_t digits = i - from;
		if (digits == 0 || (k == 0 ? digits != 1 : digits < 5 || digits > 8) || i == s.n)
			return false;
		if (s.p[i] == '\r')
			i++;
		if (i == s.n || s.p[i++] != '\n')
			return false;
	}
	return true;
}

/* Which encoding the bytes at the start of s are in; false when they are none. */
static bool encoding(struct gh_span s, enum rd_encoding *enc)
{
	if (s.n < 14 || s.p[1] != '\n')
		return false;
	const uint8_t *p = s.p + 2;
	bool big = plausible(gh_be32(p), gh_be32(p + 4), gh_be32(p + 8));
	bool little = plausible(gh_le32(p), gh_le32(p + 4), gh_le32(p + 8));
	switch (s.p[0]) {
	case 'X': *enc = RD_XDR; return big;
	case 'B': *enc = big ? RD_BIG_NATIVE : RD_LITTLE; return big || little;
	case 'A': *enc = RD_ASCII; return text_header(gh_span_cut(s, 2, s.n));
	default: return false;
	}
}

static enum gh_match probe(const struct gh_probe *p)
{
	char version;
	enum rd_encoding enc;
	size_t n = workspace(p->head, &version);
	if (n != 0 && version < '2')
		return GH_STRONG;
	return encoding(gh_span_cut(p->head, n, p->head.n), &enc) ? GH_STRONG : GH_NO;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static void header(struct rdata *r)
{
	gh_cur_skip(&r->c, 2);
	r->version = (uint32_t)rd_int(r);
	uint32_t writer = (uint32_t)rd_int(r);
	(void)rd_int(r); /* the oldest R that can read it */
	if (!r->failed && r->version != 2 && r->version != 3) {
		rd_say(r, RD_A_VERSION, 0, gh_cur_off(&r->c), "version %u", r->version);
		rd_stop(r, GH_E_UNREAD, "serialization version %u", r->version);
	}
	if (r->version == 3) { /* the native character set of the writer */
		int32_t n = rd_int(r);
		if (n < 0 || n > 64) {
			rd_say(r, RD_A_LENGTH, gh_cur_off(&r->c), 0, "a character set with a name of %d bytes", n);
			rd_stop(r, GH_E_MALFORMED, "a character set with a name of %d bytes", n);
		} else {
			(void)rd_chars(r, (uint64_t)n);
		}
	}
	if (r->failed)
		return;
	char text[24];
	(void)snprintf(text, sizeof text, "%u.%u.%u", writer >> 16 & 0xff, writer >> 8 & 0xff, writer & 0xff);
	struct gh_package p = {
		.ecosystem = "R", .name = GH_SPAN("R"), .version = gh_span_str(text), .producer = true
	};
	enum gh_rc rc = gh_emit(r->w, GH_EV_PACKAGE, 0, gh_cur_off(&r->c), &p);
	if (rc != GH_OK)
		rd_stop(r, rc, "header");
}

/* The text encoding ends with a line break. */
static void last_line(struct rdata *r)
{
	const uint8_t *p;
	while (!r->failed && r->enc == RD_ASCII && gh_cur_left(&r->c) > 0 && (p = gh_cur_peek(&r->c, 1)) != NULL &&
	       (*p == '\n' || *p == '\r'))
		r->c.at++;
	if (!r->failed)
		rd_claim(r, gh_cur_off(&r->c));
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct rdata *r = GH_NEW(w->arena, struct rdata, 1);
	if (r == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	r->w = w;
	r->texts_left = RD_TEXTS;
	r->signs_left = RD_SAY;
	r->package = w->role != NULL && strcmp(w->role, "lazy-load entry") == 0;
	r->members_left = RD_MEMBERS;
	char version = 0;
	struct gh_span head = gh_src_window(w->src, 0, 64);
	size_t n = workspace(head, &version);
	if (n != 0 && version < '2') {
		rd_say(r, RD_A_VERSION, 0, n, "a workspace of version %c", version);
		return gh_fail(w->err, GH_E_UNREAD, "a workspace of version %c", version);
	}
	if (!encoding(gh_span_cut(head, n, head.n), &r->enc))
		return GH_E_NOTTHIS;
	r->c = gh_cur(w->src, n);
	header(r);
	if (!r->failed)
		rd_object(r);
	last_line(r);
	return r->failed ? r->rc : GH_OK;
}

const struct gh_fmt gh_fmt_rdata = {
	.name = "r-data",
	.about = "Serialized R objects and workspaces (rds, rda), also the index of a lazy-load database",
	.exts = "rds rda rdata rdx",
	.probe = probe,
	.walk = walk,
	.rules = gh_rdata_rules,
};
