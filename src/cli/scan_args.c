#include "cli/scan_args.h"

#include "cli/limits.h"
#include "scan/report_parts.h"

#include <unistd.h>

enum { JOBS_MAX = 64 };
#define AT(field) .at = offsetof(struct gh_scan_args, field)

const struct gh_opt gh_scan_opts[] = {
	{ .name = "format",
	  .letter = 'f',
	  .kind = GH_OPT_CHOICE,
	  .value = "text|json|sarif|html|cyclonedx",
	  AT(format),
	  .about = "Choose the form of the report (text)." },
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(output),
	  .about = "Write the report to FILE, whole or not at all." },
	{ .name = "fail-on",
	  .kind = GH_OPT_CHOICE,
	  .value = "unsafe|review",
	  AT(fail_on),
	  .about = "Exit with 1 from this verdict on (unsafe)." },
	{ .name = "vex",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(vex),
	  .about = "Silence known vulnerabilities by the OpenVEX statements in FILE." },
	{ .name = "timestamp",
	  .kind = GH_OPT_FILE,
	  .value = "DATE",
	  AT(timestamp),
	  .about = "Take DATE as the time of the scan: VEX statements expire by it, CycloneDX shows it." },
	{ .name = "quiet",
	  .letter = 'q',
	  .kind = GH_OPT_FLAG,
	  AT(quiet),
	  .about = "Print one line for each file that is not clean, and nothing else." },
	{ .name = "verbose",
	  .letter = 'v',
	  .kind = GH_OPT_FLAG,
	  AT(verbose),
	  .about = "Show every finding and every file, clean ones too." },
	{ .name = "colour",
	  .alias = "color",
	  .kind = GH_OPT_CHOICE,
	  .value = "auto|always|never",
	  AT(colour),
	  .about = "Colour the text report (auto: on a terminal, unless NO_COLOR is set)." },
	{ .name = "no-progress", .kind = GH_OPT_FLAG, AT(no_progress), .about = "Show no progress on the terminal." },
	{ .name = "jobs",
	  .letter = 'j',
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = JOBS_MAX,
	  AT(jobs),
	  .about = "Run N workers at a time (as many as processors)." },
	{ .name = "yara",
	  .kind = GH_OPT_FILES,
	  .value = "FILE|DIR",
	  AT(yara),
	  .about = "Look for these YARA rules too; may be given several times." },
	{ .name = "known-bad",
	  .kind = GH_OPT_FILES,
	  .value = "FILE",
	  AT(known_bad),
	  .about = "Look for these digests of bad files too; may be given several times." },
	{ .name = "clamd",
	  .kind = GH_OPT_FILE,
	  .value = "SOCKET",
	  AT(clamd),
	  .about = "Let ClamAV look at every file: the path of clamd's socket, or HOST:PORT." },
	GH_OPT_LIMIT_TIME(struct gh_scan_args, seconds, "Stop reading a file after this time (60)."),
	GH_OPT_LIMIT_MEMORY(struct gh_scan_args, memory, 64,
			    "Give each worker this much memory (128); takes M, G too."),
	GH_OPT_LIMIT_EXPANDED(struct gh_scan_args, expanded, "Unpack at most this much of one file (16G)."),
	{ .name = "limit-depth",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 64,
	  AT(depth),
	  .about = "Open containers within containers down to this depth (16)." },
	{ .name = "limit-members",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 1 << 30,
	  AT(members),
	  .about = "Open at most this many members of one file (1048576)." },
	{ .name = "limit-ratio",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 1000000,
	  AT(ratio),
	  .about = "Stop at members that expand more than N times (1000)." },
	{ .name = "detonate",
	  .kind = GH_OPT_FLAG,
	  AT(detonate),
	  .about = "Load each model with its real loader, in a sandbox, and watch what it does." },
	{ .name = "detonate-with",
	  .kind = GH_OPT_FILE,
	  .value = "COMMAND",
	  AT(detonate_with),
	  .about = "Detonate with this command; {path} stands for the file." },
	{ .name = "detonate-python",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(detonate_python),
	  .about = "Load with this Python (the first python3 that has what is needed)." },
	{ .name = "detonate-engine",
	  .kind = GH_OPT_FILE,
	  .value = "DIR",
	  AT(detonate_engine),
	  .about = "Load GGUF with the libraries of llama.cpp in DIR." },
	{ .name = "detonate-time",
	  .kind = GH_OPT_NUMBER,
	  .value = "SECONDS",
	  .min = 1,
	  .max = 86400,
	  AT(detonate_seconds),
	  .about = "End a loader after this time (60)." },
	{ .name = "detonate-memory",
	  .kind = GH_OPT_MIB,
	  .value = "MIB",
	  .min = 64 << 20,
	  .max = (uint64_t)1 << 40,
	  AT(detonate_memory),
	  .about = "Give a loader this much memory (4096); takes M, G too." },
	{ .name = NULL }
};

/* As many workers as processors: how many there are changes the time a scan takes, never its result. */
static uint64_t processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > JOBS_MAX ? JOBS_MAX : (uint64_t)n;
}

struct gh_scan_args gh_scan_args_default(void)
{
	const struct gh_scan_options *d = &gh_scan_options_default;
	return (struct gh_scan_args){
		.jobs = processors(),
		.seconds = d->seconds,
		.memory = d->memory,
		.expanded = d->limits.expanded,
		.depth = d->limits.depth,
		.members = d->limits.members,
		.ratio = d->limits.ratio,
	};
}

struct gh_scan_options gh_scan_args_options(const struct gh_scan_args *a)
{
	struct gh_scan_options o = gh_scan_options_default;
	o.jobs = (unsigned)a->jobs;
	o.seconds = (unsigned)a->seconds;
	o.memory = (size_t)a->memory;
	o.limits.expanded = a->expanded;
	o.limits.depth = (unsigned)a->depth;
	o.limits.members = a->members;
	o.limits.ratio = (unsigned)a->ratio;
	return o;
}

struct gh_detonate_options gh_scan_args_detonate(const struct gh_scan_args *a)
{
	struct gh_detonate_options o = gh_detonate_options_default;
	o.command = a->detonate_with;
	o.python = a->detonate_python;
	o.engine = a->detonate_engine;
	if (a->detonate_seconds != 0)
		o.seconds = (unsigned)a->detonate_seconds;
	if (a->detonate_memory != 0)
		o.memory = a->detonate_memory;
	return o;
}

enum gh_exit gh_scan_exit(const struct gh_scan_report *r, enum gh_fail_on fail_on)
{
	struct gh_totals t = gh_report_totals(r);
	bool unsafe = r->verdict == GH_UNSAFE || t.files[GH_UNSAFE] > 0 || t.findings[GH_UNSAFE] > 0;
	bool review = r->verdict == GH_REVIEW || t.files[GH_REVIEW] > 0 || t.findings[GH_REVIEW] > 0;
	if (unsafe || (fail_on == GH_FAIL_REVIEW && review))
		return GH_EXIT_FOUND;
	bool cut = r->verdict == GH_INCOMPLETE || t.files[GH_INCOMPLETE] > 0 || t.findings[GH_INCOMPLETE] > 0;
	return cut ? GH_EXIT_UNFINISHED : GH_EXIT_OK;
}

void gh_scan_brief(const struct gh_scan_report *r, struct gh_buf *out)
{
	for (int v = GH_UNSAFE; v > GH_CLEAN; v--)
		for (size_t i = 0; i < r->nfile; i++) {
			const struct gh_file_report *f = &r->file[i];
			if (f->verdict != (enum gh_verdict)v)
				continue;
			gh_buf_fmt(out, "%s ", gh_verdict_name(f->verdict));
			gh_plain_path(out, f->path);
			if (f->nfinding > 0) {
				gh_buf_fmt(out, ": %s %s", f->finding[0].rule->id, f->finding[0].rule->title);
				gh_buf_str(out, f->finding[0].detail == NULL ? "" : ": ");
				gh_plain(out, f->finding[0].detail);
			}
			gh_buf_ch(out, '\n');
		}
	if (r->nfile == 0 && r->verdict != GH_CLEAN) {
		gh_buf_fmt(out, "%s ", gh_verdict_name(r->verdict));
		gh_plain_path(out, r->target);
		gh_buf_str(out, ": no file was scanned\n");
	}
}
