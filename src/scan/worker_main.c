/* gatehouse-worker - parses hostile bytes and can do nothing else. Started by gatehouse with the socket as descriptor
 * 3, the shared memory as 4 and data for the checks as 5; not for use by hand. Arguments: depth, members, expanded, ratio,
 * steps, memory, CPU seconds, size of the data. Or the name of a tool's mode first: see tool_side.h. */
#include "os/sandbox.h"
#include "scan/data.h"
#include "scan/link.h"
#include "scan/pipeline.h"
#include "scan/tool_side.h"
#include "scan/worker_probe.h"
#include "scan/yara.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void on_finding(void *arg, const struct gh_rule *rule, struct gh_range at, bool ranged, const char *member,
		       const char *detail)
{
	struct gh_link *l = arg;
	char text[GH_MSG_TEXT];
	size_t id = strlen(rule->id) + 1, m = strlen(member), d = strlen(detail);
	if (m > 1000)
		m = 1000;
	if (d > sizeof text - id - m)
		d = sizeof text - id - m;
	memcpy(text, rule->id, id);
	memcpy(text + id, member, m);
	memcpy(text + id + m, detail, d);
	gh_link_say(l, GH_FROM_FINDING, at.off, at.len, ranged, m,
		    (struct gh_span){ (const uint8_t *)text, id + m + d });
}

static void on_times(void *arg, size_t i, uint64_t times)
{
	gh_link_say(arg, GH_FROM_TIMES, i, times, 0, 0, (struct gh_span){ 0 });
}

static void on_fact(void *arg, const struct gh_fact *f)
{
	gh_link_say(arg, GH_FROM_FACT, f->kind, f->a, f->b, f->c, gh_span_str(f->target));
}

static int on_spill(void *arg) { return gh_link_spill(arg); }

static void on_swept(void *arg, struct gh_span block, uint64_t off, uint64_t fresh)
{
	gh_pipe_swept(arg, block, off, fresh);
}

static void on_released(void *arg, struct gh_span span, uint64_t off, uint64_t below)
{
	gh_pipe_released(arg, span, off, below);
}

static void one_file(struct gh_link *l, const char *name, const struct gh_limits *lim, const struct gh_data *data,
		     struct gh_yara *yara)
{
	const struct gh_pipe_host host = { l, on_finding, on_times, on_spill, on_fact, data, yara };
	struct gh_pipe *p = gh_pipe_new(lim, &host);
	struct gh_pipe_result r;
	if (p == NULL)
		_exit(1); /* a dead worker is an INCOMPLETE file */
	l->swept = on_swept;
	l->released = on_released;
	l->arg = p;
	if (l->ndeclared != 0)
		gh_pipe_declare(p, l->declared, l->ndeclared);
	gh_link_start(l);
	gh_pipe_run(p, &l->src, gh_span_str(name), &r);
	gh_link_say(l, GH_FROM_DONE, r.understood, r.members, r.expanded, r.dropped, gh_span_str(r.format));
	gh_pipe_free(p);
}

static uint64_t number(const char *s) { return strtoull(s, NULL, 10); }

int main(int argc, char **argv)
{
	static struct gh_link link;
	static char name[1025];
	static struct gh_data data;
	const struct gh_tool_mode *mode = argc > 1 ? gh_tool_mode(argv[1]) : NULL;
	if (mode != NULL)
		return gh_tool_worker(mode, argc, argv);
	if (argc != 9 || !gh_link_open(&link) || !gh_data_map(GH_WORKER_DATA, number(argv[8]), &data)) {
		static const char usage[] = "gatehouse-worker is started by gatehouse; it is not for use by hand\n";
		(void)!write(2, usage, sizeof usage - 1);
		return 64;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct gh_limits lim = gh_limits_default;
	lim.depth = (unsigned)number(argv[1]);
	lim.members = number(argv[2]);
	lim.expanded = number(argv[3]);
	lim.ratio = (unsigned)number(argv[4]);
	lim.steps = number(argv[5]);
	size_t memory = (size_t)number(argv[6]);
	lim.arena = memory / 2;
	/* One allocation now: malloc sets itself up with calls that are refused later. */
	free(malloc(1));
	const struct gh_lockdown lock = { .memory = memory + (size_t)number(argv[8]),
					  .file_bytes = lim.expanded,
					  .cpu_seconds = (unsigned)number(argv[7]) * GH_WORKER_JOBS };
	const char *layer = gh_lock_down(&lock);
	gh_link_say(&link, GH_FROM_READY, 0, 0, 0, 0, gh_span_str(layer == NULL ? "" : layer));
	if (layer != NULL)
		return 1;
	/* Half of what the trusted process waits for a file: then it is this worker that says what took so long. */
	struct gh_yara *yara = gh_yara_new(data.section[GH_DATA_YARA], (unsigned)number(argv[7]) / 2 + 1);
	if (yara == NULL)
		return 1;
	while (gh_link_next(&link, name, sizeof name)) {
		gh_worker_probe(name);
		one_file(&link, name, &lim, &data, yara);
	}
	return 0;
}
