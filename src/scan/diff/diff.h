/* diff.h - is CANDIDATE the model it claims to derive from? Compares two models, files or directories, and says what became
 * of each tensor, of the tokenizer, the chat template and the configuration.
 *
 * The calling process opens the files (read only) and starts one worker, locked down as for a scan, which reads both sides
 * and sends numbers (scan/tool.h, proto.h). What they mean is decided here, by gh_diff_judge(): a function of the numbers.
 * A comparison promises nothing about safety: scan both sides for that. */
#ifndef GH_SCAN_DIFF_DIFF_H
#define GH_SCAN_DIFF_DIFF_H
#include "base/buf.h"
#include "format/format.h"
#include "scan/diff/proto.h"
#include "scan/report.h"

/* What became of a tensor. Later ones are worse. */
enum gh_diff_class {
	GH_DIFF_IDENTICAL, /* every element is equal */
	GH_DIFF_CONVERTED, /* equal after storing it in another type of number */
	GH_DIFF_QUANTISED, /* equal but for the error of quantisation */
	GH_DIFF_TUNED,	   /* changed, and clearly the same tensor */
	GH_DIFF_REORDERED, /* the same rows and columns, in another order */
	GH_DIFF_C_ADDED,   /* BASE has none like it */
	GH_DIFF_C_REMOVED, /* CANDIDATE has none like it */
	GH_DIFF_RESHAPED,  /* the same name, a shape that cannot be compared */
	GH_DIFF_REPLACED,  /* the same name, unrelated numbers */
	GH_DIFF_UNREAD,	   /* could not be compared */
	GH_DIFF_CLASSES
};

struct gh_diff_row {
	const char *text[GH_DIFF_TEXTS]; /* by enum gh_diff_text; safe to print; "" when there is none */
	enum gh_diff_class cls;
	enum gh_diff_match match;
	enum gh_diff_part part;
	unsigned flags;
	uint32_t layer;				      /* number + 1, 0: none */
	uint64_t base, cand, compared, same, outside; /* elements */
	uint64_t rows, cols;
	double relative;	    /* Frobenius norm of the difference over that of BASE; -1: BASE is zero */
	double cosine, max, energy; /* energy: square of the norm of the difference */
	unsigned rank, width;	    /* effective rank of the difference, of at most width; 0: not known */
	double top;		    /* share of the first direction */
	double scale;		    /* norm of what was compared, CANDIDATE over BASE; 0: one of them is zero */
	/* By gh_diff_judge(): medians over the changed matrices with this name but for numbers; siblings: how many. */
	uint64_t family;
	size_t siblings;
	double usual_relative, usual_top;
};

struct gh_diff_change_row {
	enum gh_diff_section section;
	enum gh_diff_change change;
	const char *key, *before, *after; /* safe to print */
};
struct gh_diff_count_row {
	const char *what;
	uint64_t before, after, changed, added, removed;
};
struct gh_diff_trouble_row {
	enum gh_diff_side side;
	const char *file, *why;
};
struct gh_diff_adapter_row {
	enum gh_diff_fit fit;
	uint64_t rank, wanted;
	const char *module, *why;
	uint64_t odd; /* NaN and infinite values in it */
	double share; /* norm of what it adds over that of the weight, about; 0: not known */
};

/* What a person should know beyond the table. */
enum gh_diff_mark {
	GH_DIFF_M_NOT_DERIVED,
	GH_DIFF_M_REPLACED,
	GH_DIFF_M_KNOWLEDGE,
	GH_DIFF_M_DIRECTION,
	GH_DIFF_M_STRUCTURE,
	GH_DIFF_M_VALUES,
	GH_DIFF_M_TOKENIZER,
	GH_DIFF_M_TEMPLATE,
	GH_DIFF_M_CODE,
	GH_DIFF_M_MISFIT,
	GH_DIFF_M_NAMES,
	GH_DIFF_M_REORDERED,
	GH_DIFF_M_INSIDE,
	GH_DIFF_M_COMPUTE,
	GH_DIFF_M_LOCAL,
	GH_DIFF_M_SCALED,
	GH_DIFF_M_LORA,
	GH_DIFF_M_CONFIG,
	GH_DIFF_MARKS /* at most 32 */
};
struct gh_diff_mark_row {
	const char *name; /* "knowledge-edit": stable, for JSON */
	bool alarm;	  /* exit status 1 */
	const char *title, *gain, *fix;
};
extern const struct gh_diff_mark_row gh_diff_marks[GH_DIFF_MARKS];

enum gh_diff_verdict {
	GH_DIFF_V_IDENTICAL,
	GH_DIFF_V_CONVERTED,
	GH_DIFF_V_QUANTISED,
	GH_DIFF_V_TUNED,
	GH_DIFF_V_ADAPTER,
	GH_DIFF_V_EDITED,
	GH_DIFF_V_CHANGED, /* derived, but with marks */
	GH_DIFF_V_NOT_DERIVED,
	GH_DIFF_V_UNFINISHED,
	GH_DIFF_VERDICTS
};
const char *gh_diff_verdict_name(enum gh_diff_verdict v); /* "fine-tuned": stable, for JSON */
const char *gh_diff_class_name(enum gh_diff_class c);
const char *gh_diff_section_name(enum gh_diff_section s);
const char *gh_diff_part_name(enum gh_diff_part p);

struct gh_diff_report {
	struct gh_arena arena;
	const char *path[2]; /* as given */
	const char *format[2];
	uint64_t tensors[2], elements[2], files[2], bytes[2];
	bool adapter;		  /* CANDIDATE is one, BASE a model */
	bool adapters;		  /* both are */
	const char *adapter_base; /* what it says it is for; "" */
	struct gh_diff_row *row;  /* worst first after gh_diff_judge() */
	size_t nrow, row_cap;
	struct gh_diff_change_row *change;
	size_t nchange, change_cap;
	struct gh_diff_count_row *count;
	size_t ncount, count_cap;
	struct gh_diff_trouble_row *trouble;
	size_t ntrouble, trouble_cap;
	struct gh_diff_adapter_row *fit;
	size_t nfit, fit_cap;
	/* set by gh_diff_judge() */
	uint64_t classes[GH_DIFF_CLASSES];
	bool mark[GH_DIFF_MARKS];
	char why[GH_DIFF_MARKS][320]; /* what exactly, for the marks that are set */
	enum gh_diff_verdict verdict;
	char sentence[640]; /* for people, without the names of the two */
};

struct gh_diff_options {
	struct gh_limits limits;
	size_t memory;						  /* address space of the worker, bytes */
	unsigned seconds;					  /* 0: by the size of the input */
	const char *worker;					  /* see gh_tool_job */
	void (*progress)(void *arg, uint64_t done, uint64_t all); /* bytes compared; may be NULL */
	void *arg;
};
extern const struct gh_diff_options gh_diff_options_default;

/* Compare. GH_OK: a judged report, which may be unfinished (trouble says why). Another code: err says why nothing could be
 * compared; the report is unfinished and says the same. Free the report in either case. */
enum gh_rc gh_diff_run(const char *base, const char *cand, const struct gh_diff_options *opt, struct gh_diff_report *r,
		       struct gh_err *err);
void gh_diff_free(struct gh_diff_report *r);

/* Class of one row from its numbers; and the report as a whole: classes, marks, verdict, order. Pure. */
enum gh_diff_class gh_diff_class_of(const struct gh_diff_row *row);
void gh_diff_judge(struct gh_diff_report *r);
/* 0 as expected, 1 an alarm, 2 unfinished. */
int gh_diff_exit(const struct gh_diff_report *r);

/* Complete documents. rows: at most so many rows of the table in text (0: all). */
void gh_diff_text(const struct gh_diff_report *r, const struct gh_report_style *style, size_t rows, struct gh_buf *out);
void gh_diff_json(const struct gh_diff_report *r, struct gh_buf *out);
void gh_diff_html(const struct gh_diff_report *r, struct gh_buf *out);
#endif
