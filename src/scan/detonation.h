/* detonation.h - what came of loading a model in a sandbox: plain data for the report, and the rules. The work is done in
 * src/runtime; the scanner knows only its result. */
#ifndef GH_SCAN_DETONATION_H
#define GH_SCAN_DETONATION_H
#include "scan/report.h"

#include <stdbool.h>
#include <stdint.h>

enum gh_detonation_kind {		 /* of events; each has its rule, in this order */
			  GH_DET_EXEC,	 /* another program */
			  GH_DET_NET,	 /* the network */
			  GH_DET_SECRET, /* credentials */
			  GH_DET_WRITE,	 /* files outside its own */
			  GH_DET_FORK,	 /* another process */
			  GH_DET_OTHERS, /* processes that are not its own */
			  GH_DET_KERNEL, /* settings of the kernel */
			  GH_DET_NATIVE, /* machine code that came with the model */
			  GH_DET_ODD,	 /* what loaders do not do, without obvious harm */
			  GH_DET_KINDS
};

enum gh_detonation_rule { /* rules that are not about an event follow those that are */
			  GH_DR_FAILED = GH_DET_KINDS,
			  GH_DR_FLOOD,
			  GH_DR_NOT_EXERCISED,
			  GH_DR_RULES
};
extern const struct gh_rule gh_detonation_rules[GH_DR_RULES + 1];
const char *gh_detonation_kind_name(enum gh_detonation_kind k); /* "exec", "network", … for the report */

struct gh_detonation_event {
	enum gh_detonation_kind kind;
	const char *text; /* "/bin/sh -c id"; safe to print */
	unsigned times;
};

/* One file that was loaded, or was to be. Texts are safe to print. */
struct gh_detonation {
	const char *path;   /* of the file's row */
	const char *member; /* of an archive: "inner.tar > model.pkl"; "": the file itself */
	const char *loader; /* "python3 3.11.2, torch 1.13.0"; "" when none ran */
	const char *layers; /* what held it: "namespaces, mounts, …" */
	const char *why;    /* not exercised to the end: the reason; NULL: it was */
	const char *spared; /* not loaded, and nothing is missed by it: why not; else NULL */
	const char *const *exercised, *const *not_exercised;
	size_t nexercised, nnot_exercised;
	const struct gh_detonation_event *event;
	size_t nevent;
	uint64_t ms;	  /* of the run, by the clock */
	uint64_t bytes;	  /* size of the file */
	uint64_t refused; /* calls that were refused */
	bool ran;	  /* the loader was started */
	bool flooded;
	struct gh_detonation *part; /* members of it, each loaded by itself, or not; they have no parts */
	size_t npart;
};

/* Findings of a detonation into the row of its file, whose verdict changes accordingly. False: no memory. */
bool gh_detonation_judge(const struct gh_detonation *d, struct gh_arena *a, struct gh_file_report *r);
/* What the report says about the stage. Texts are made in the arena. */
struct gh_stage_report gh_detonation_stage(const struct gh_detonation *v, size_t n, struct gh_arena *a);

/* One sentence for a reader: what loaded this file, what was exercised and what was not. */
void gh_detonation_line(struct gh_buf *b, const struct gh_detonation *d);

struct gh_jout;
/* The member "detonation" of the JSON report. */
void gh_detonation_json(struct gh_jout *j, const struct gh_detonation *v, size_t n);
#endif
