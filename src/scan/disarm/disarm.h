/* disarm.h - content disarm and reconstruction, the trusted side: take files apart in locked-down workers, put together
 * what is data, scan the result, and give it its name only when it is CLEAN.
 *
 * The result is built in a hidden directory beside OUT, so that one rename makes it visible: who looks sees nothing, or
 * all of it. On failure, refusal, SIGINT or SIGTERM the directory is removed; after SIGKILL or a power cut it stays as
 * ".gatehouse-disarm-XXXXXX" and nothing has the name OUT. */
#ifndef GH_SCAN_DISARM_DISARM_H
#define GH_SCAN_DISARM_DISARM_H
#include "base/arena.h"
#include "scan/disarm/job.h"
#include "scan/scan.h"

enum gh_disarm_action {
	GH_DISARM_CONVERTED, /* into safetensors */
	GH_DISARM_REWRITTEN, /* in its own format */
	GH_DISARM_KEPT,	     /* copied; CLEAN as it is */
	GH_DISARM_DROPPED,
	GH_DISARM_REFUSED, /* a file without which the result would not be the model: nothing is written */
	GH_DISARM_FAILED,  /* could not be finished */
	GH_DISARM_ACTIONS
};
extern const char *const gh_disarm_actions[GH_DISARM_ACTIONS]; /* "converted" … */

struct gh_disarm_options {
	struct gh_scan_options
		scan; /* of the rescan; limits, memory and time also of the workers that take files apart */
	struct gh_dis_options job;
	bool force;   /* OUT may exist: it is replaced at the end */
	bool partial; /* files that are refused are dropped instead */
	bool digest;  /* SHA-256 also of the files that are read: as much work as the digest of what is written */
};

/* One part of a file. Texts are safe to print. */
struct gh_disarm_note {
	enum gh_dis_act act;
	const char *path, *what, *text;
	uint64_t size;
};
struct gh_disarm_file {
	const char *in, *out; /* relative to PATH and OUT; out is NULL when nothing was written. Safe to print */
	const char *place;    /* the same as `out`, byte for byte: never shown */
	enum gh_disarm_action action;
	const char *format, *written; /* names of formats; written is NULL when it is the same or nothing */
	const char *why;	      /* of dropped, refused, failed; "" */
	uint64_t size, new_size;
	char sha256[65], new_sha256[65]; /* "" when not known, the first one also when it was not asked for */
	uint64_t tensors;
	const struct gh_disarm_note *note;
	size_t nnote;
	uint64_t count[GH_DIS_ACTS]; /* of all notes, kept ones or not */
};
enum gh_disarm_end { GH_DISARM_WRITTEN, GH_DISARM_NOTHING, GH_DISARM_UNFINISHED };
struct gh_disarm_report {
	const char *in, *out; /* as given; safe to print */
	enum gh_disarm_end end;
	const char *why; /* of NOTHING and UNFINISHED: one line */
	const struct gh_disarm_file *file;
	size_t nfile;
	uint64_t bytes, new_bytes;
	unsigned low_bits;
	uint64_t seed; /* meaningful with low_bits */
	/* What the rescan said about the result; NULL when it was not reached. Lives until gh_disarm_free(). */
	const struct gh_scan_report *rescan;
};

struct gh_disarm; /* owns the memory of a report */

/* GH_OK: *report says what came of it, also when nothing was written. GH_E_DENIED: wrong usage, err says what; nothing was
 * done. Other codes: nothing could be done at all (no memory). in and out are paths, without "-". */
enum gh_rc gh_disarm_run(const char *in, const char *out, const struct gh_disarm_options *opt, struct gh_disarm **state,
			 const struct gh_disarm_report **report, struct gh_err *err);
void gh_disarm_free(struct gh_disarm *d);

void gh_disarm_text(const struct gh_disarm_report *r, const struct gh_report_style *style, bool all,
		    struct gh_buf *out);
void gh_disarm_json(const struct gh_disarm_report *r, struct gh_buf *out);
#endif
