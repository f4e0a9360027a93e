/* err.h - a result code that travels by return value, and a chain of context that travels beside it.
 * Library code never prints and never exits: it returns a code and says why in the chain. */
#ifndef GH_BASE_ERR_H
#define GH_BASE_ERR_H
#include <stddef.h>

enum gh_rc {
	GH_OK = 0,
	GH_E_MALFORMED, /* the input is wrong: the caller reports a finding */
	GH_E_LIMIT,	/* the input is too big, too deep or too slow: a budget ran out */
	GH_E_UNREAD,	/* understood so far, but a part cannot be read here (encrypted, unsupported method) */
	GH_E_NOTTHIS,	/* a weak match turned out not to be this format: the caller forgets the attempt */
	GH_E_DENIED,	/* policy says no */
	GH_E_IO,	/* the machine said no; errno kept in sys */
	GH_E_NOMEM,
	GH_E_BUG,    /* ours */
	GH_E_ABSENT, /* what was named is not there */
	GH_E_EXISTS, /* what was to be made is there already, or is not any more as the caller saw it */
};

enum { GH_ERR_LINKS = 6, GH_ERR_TEXT = 160 };

struct gh_err {
	enum gh_rc rc;
	int sys;
	unsigned n;
	char text[GH_ERR_LINKS][GH_ERR_TEXT]; /* innermost first */
};

/* Add one link to the chain (dropped when full, e may be NULL) and return rc. */
enum gh_rc gh_fail(struct gh_err *e, enum gh_rc rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold, warn_unused_result));

/* Like gh_fail with GH_E_IO; keeps errno and appends its text. */
enum gh_rc gh_fail_sys(struct gh_err *e, int sys, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold, warn_unused_result));

/* Take over the line that another process made of its chain: cut again where it was joined, so that what matters most, its end,
 * is not lost because it is longer than a link. */
enum gh_rc gh_fail_line(struct gh_err *e, enum gh_rc rc, const char *line) __attribute__((cold, warn_unused_result));

/* The chain as one line, outermost first: "tensor 17: shape: 3 dimensions do not fit". Returns buf. */
char *gh_err_line(const struct gh_err *e, char *buf, size_t cap);

/* GH_TRY(call, err, "while reading tensor %u", i): on failure adds one link and returns the same code. */
#define GH_TRY(call, err, ...) \
	do { \
		enum gh_rc rc_ = (call); \
		if (rc_ != GH_OK) \
			return gh_fail((err), rc_, __VA_ARGS__); \
	} while (0)
#endif
