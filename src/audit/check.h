/* check.h - re-check a whole log as it lies in its directory: nothing is believed but the public key.
 *
 * Every entry is hashed and must be canonical, every tile must be what the entries give, their root must be the signed one, and a
 * remembered checkpoint must be the log's beginning. Needs neither lock nor vault; a writer may be at work meanwhile. Memory: about
 * 9 bytes per entry (ids that occur twice are looked for in logs of up to GH_AUDIT_IDS entries). */
#ifndef GH_AUDIT_CHECK_H
#define GH_AUDIT_CHECK_H
#include "base/buf.h"
#include "base/err.h"
#include "crypto/note.h"

enum {
	GH_AUDIT_PROBLEMS = 50, /* kept as text; all are counted */
	GH_AUDIT_TEXT = 240,
	GH_AUDIT_IDS = 16 << 20,
	GH_AUDIT_KINDS = 64,
};

struct gh_audit_report {
	struct gh_buf checkpoint; /* the bytes that were checked */
	struct gh_note note;	  /* spans lie in them */
	struct gh_checkpoint head;
	bool head_good; /* signed, and of this log */

	uint64_t entries, tiles, bytes; /* looked at */
	uint64_t kind[GH_AUDIT_KINDS];	/* entries per row of gh_entry_kinds */
	uint64_t unknown_kind;
	char first_time[24], last_time[24];
	uint64_t time_back;	  /* entries that are older than the one before: the clock was set back */
	uint64_t time_back_first; /* the first of them */
	bool root_good;		  /* the entries give the root that was signed */
	bool ids_checked;

	uint64_t problems, notes;
	char problem[GH_AUDIT_PROBLEMS][GH_AUDIT_TEXT]; /* what is wrong, one line each */
	char remark[GH_AUDIT_PROBLEMS][GH_AUDIT_TEXT];	/* what is no problem, but worth knowing */
};

/* dir: an open directory. since: the bytes of a checkpoint that was seen before (n == 0: none).
 * GH_OK: it could be looked at; out->problems says whether all is well. GH_E_ABSENT: there is no log. GH_E_IO, GH_E_NOMEM.
 * gh_audit_report_free() afterwards, whatever was returned. */
enum gh_rc gh_audit_check(int dir, const struct gh_note_key *key, struct gh_span since, struct gh_audit_report *out,
			  struct gh_err *err);
void gh_audit_report_free(struct gh_audit_report *r);
/* Add a line of its own. */
void gh_audit_problem(struct gh_audit_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void gh_audit_remark(struct gh_audit_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
