/* pipe_int.h - what the parts of the pipeline share: pipeline.c (identify, walk, recurse), pipe_sink.c (events in,
 * findings out), pipe_sweep.c (what is looked for in every byte that flows by). */
#ifndef GH_SCAN_PIPE_INT_H
#define GH_SCAN_PIPE_INT_H
#include "check/check.h"
#include "scan/coverage.h"
#include "scan/findings.h"
#include "scan/pipe_decoded.h"
#include "scan/pipe_malware.h"
#include "scan/pipeline.h"
#include "scan/rules.h"
#include "scan/spool.h"

enum { GH_CHECKS_MAX = 32, GH_PATH_TEXT = 600, GH_RULES_HIT = 16 };

/* Where embedded programs were seen in the root, and which places are accounted for as members of their own. */
struct gh_places {
	struct gh_range *v;
	size_t n, cap;
};

struct gh_pipe {
	struct gh_limits lim;
	const struct gh_pipe_host *host;
	struct gh_arena arena; /* findings, paths: lives as long as the file's scan */
	struct gh_findings findings;
	struct gh_spool_budget budget;
	struct gh_spool *spools;
	uint64_t members;
	const char *told_limit; /* a budget is reported once */
	struct gh_frame *root;
	struct gh_pipe_result *result;
	struct gh_places hit, known;
	struct gh_places pads; /* padding of the root that lies ahead, in order: checked as it flows by */
	size_t pad_next;
	uint64_t swept; /* bytes of the root that have flowed by */
	bool lost;	/* no room to remember a place: what should have been looked at there was not */
	struct gh_facts facts;
	void *common[GH_CHECKS_MAX]; /* of each check, for all sources */
	struct gh_looked_at {
		uint64_t units, bytes;
		const char *why; /* the first reason why not all of it; in the arena */
	} stage[GH_STAGES];
	const struct gh_range *declared; /* of the root: see gh_pipe_declare() */
	size_t ndeclared;
	struct gh_decoded decoded;
};

/* One source being read, by one format. */
struct gh_frame {
	struct gh_sink sink; /* first: events come in by it */
	struct gh_scene scene;
	struct gh_pipe *p;
	struct gh_frame *up;
	struct gh_src *src;
	const struct gh_fmt *fmt;
	const char *path; /* "" for the file itself */
	char path_text[GH_PATH_TEXT + 1];
	uint64_t base; /* place of this source in the root, when `placed` */
	bool placed;
	struct gh_cover cover;
	struct gh_places late; /* padding to be looked at after the walk */
	bool shown, container; /* see pipe_show.c; container: of members that are files */
	bool of_shown;	       /* a text of a source that is shown itself */
	bool trial;	       /* findings are held back until it is clear that this is the format */
	struct gh_raised *held, **held_end;
	struct gh_bytes *bytes;		    /* what this source is, or lies in; NULL: patterns do not look */
	uint64_t bytes_off;		    /* where */
	bool bytes_own;			    /* it is the whole of them */
	size_t first_text;		    /* of those that were decoded, see pipe_decoded.h */
	const char *rule_hit[GH_RULES_HIT]; /* patterns that matched its bytes as they stand */
	unsigned nrule_hit;
	void *state[GH_CHECKS_MAX]; /* of each check, in the order of the list */
	uint64_t calls, imports,
		lacking; /* calls: that execute something; lacking: bytes of members that nothing understood */
};

/* ---- pipe_sink.c */
extern const struct gh_sink_ops gh_pipe_sink_ops;
void gh_pipe_scene_find(struct gh_scene *s, const struct gh_rule *rule, struct gh_range at, const char *text);
void gh_pipe_scene_looked(struct gh_scene *s, uint64_t units, uint64_t bytes, const char *why);
/* A finding of the pipeline's own at a place of this frame's source. */
void gh_pipe_find(struct gh_frame *f, enum gh_scan_rule rule, struct gh_range at, const char *detail);
/* A budget ran out: said once. */
void gh_pipe_limit(struct gh_frame *f, const char *what);
/* The attempt to read the bytes as this format succeeded: what was held back is raised. */
void gh_pipe_commit(struct gh_frame *f);
/* A member to be read, of a reader or of the pipeline's own making. GH_E_LIMIT when there are too many. */
enum gh_rc gh_pipe_member(struct gh_frame *f, const struct gh_member *m, struct gh_range at);
void gh_pipe_forget_spool(struct gh_pipe *p, struct gh_spool *sp);

/* ---- pipe_sweep.c */
void gh_pipe_place(struct gh_pipe *p, struct gh_places *l, uint64_t off, uint64_t len);
void gh_pipe_check_padding(struct gh_frame *f, uint64_t off, uint64_t len);
void gh_pipe_late_padding(struct gh_frame *f);
/* Index of the first byte that is not zero; SIZE_MAX when all are. */
size_t gh_pipe_nonzero(struct gh_span s);
/* Show a source that lies in memory as a whole, and so does not flow by. */
void gh_pipe_sweep_stable(struct gh_pipe *p, struct gh_src *src);
void gh_pipe_sweep_spool(void *arg, struct gh_spool *sp, struct gh_span block, uint64_t off);
/* Programs in the file's own data, and in the data of an expanded member. */
void gh_pipe_report_hits(struct gh_frame *root);
void gh_pipe_report_spool_hits(struct gh_frame *f);

/* ---- pipe_show.c */
/* Before a source is read: what is text, and at hand. */
void gh_pipe_show_ahead(struct gh_frame *f, const struct gh_member *m);
/* Once it is known what it is: small sources of any other kind. */
void gh_pipe_show_rest(struct gh_frame *f, const struct gh_member *m);
/* What the checks of a reading remember goes on in the next one of the same source. */
void gh_pipe_show_keep(struct gh_frame *to, const struct gh_frame *from);
/* The file itself, as its bytes flow by for the first time. */
void gh_pipe_show_flow(struct gh_pipe *p, struct gh_span fresh, uint64_t off);

/* ---- pipeline.c */
void gh_pipe_read(struct gh_pipe *p, struct gh_frame *up, const struct gh_member *m, struct gh_range at);
#endif
