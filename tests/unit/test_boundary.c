/* Nothing fits in between: into every seed that is CLEAN, bytes are inserted at every boundary of every structure that its
 * reader claims, at the start and at the end. The scan must then say something that changes the verdict: a finding, or
 * bytes that are not accounted for. Generated for every format of the list alike; exceptions stand in a table, with their reason. */
#include "support/cm.h"

#include "scan/pipeline.h"
#include "support/events.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEED_MAX = 64 << 10, EDGES_MAX = 400, SHOWN = 40 };

/* ---- what is put in ---------------------------------------------------------------------------------------------- */

enum { PUT_BYTE = 1, PUT_LETTER = 2, PUT_RUN = 4, PUT_ZERO = 8, PUT_ZEROS = 16, PUT_ALL = 31 };
static const struct {
	unsigned bit;
	struct gh_span bytes;
} puts_in[] = {
	{ PUT_BYTE, GH_SPAN("\xa5") },
	{ PUT_LETTER, GH_SPAN("A") },
	{ PUT_RUN, GH_SPAN("\xa5\x5aHIDDEN PAYLD\xa5\x5a") },
	{ PUT_ZERO, GH_SPAN("\0") },
	{ PUT_ZEROS, GH_SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
};

enum { AT_START = 1, INSIDE = 2, AT_END = 4, ANYWHERE = 7, BESIDE_FREE = 8 };

/* Where silence is right. */
static const struct exception {
	const char *format; /* NULL: every one */
	unsigned put, place;
	const char *reason;
} exceptions[] = {
	{ NULL, PUT_ALL, BESIDE_FREE,
	  "a field whose content is the author's own (a comment, a name) may say anything; the "
	  "pipeline looks for formats in it" },
	{ "text", PUT_LETTER, ANYWHERE, "text with one more letter is text" },
	{ "text", PUT_BYTE | PUT_RUN, ANYWHERE, "and so is text of an 8-bit character set with more 8-bit letters" },
	{ "jinja", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE,
	  "and in a template: what is no tag is rendered as it stands" },
	{ "html", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE, "the same: in a page whatever is no tag is text" },
	{ "traineddata", PUT_LETTER, INSIDE | AT_END,
	  "its last component is the text of a version: with one more letter it is another version" },
	{ "pbtxt", PUT_LETTER, AT_START,
	  "a name with one more letter is another name, and no schema says which there are" },
	{ "tf-text", PUT_LETTER, AT_START,
	  "the same: with another name in front these are messages of somebody else's" },
	{ "shell", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE,
	  "a script with other letters is another script: what its commands do is judged, not their number" },
	{ "makefile", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE, "the same" },
	{ "python", PUT_LETTER, ANYWHERE, "a program with one more name is a program: what it does is judged" },
	{ "ini", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE,
	  "there is no grammar: a value with one more letter is a value" },
	{ "git-config", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE,
	  "a name or a value with one more letter is another one" },
	{ "git-template", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE,
	  "a sample that differs is a script: what its commands do is judged" },
	{ "toml", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE,
	  "a comment, a key or a value at a border may have one more letter" },
	{ "pip-requirements", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE,
	  "a name with one more letter is another package" },
	{ "dockerfile", PUT_BYTE | PUT_LETTER | PUT_RUN, ANYWHERE, "an argument with one more letter is an argument" },
	{ "json", PUT_BYTE | PUT_LETTER | PUT_RUN, AT_START, "what does not begin as JSON is plain text to everybody" },
	{ "safetensors-index", PUT_BYTE | PUT_LETTER | PUT_RUN, AT_START, "the same" },
	{ "tfjs", PUT_BYTE | PUT_LETTER | PUT_RUN, AT_START, "the same" },
	{ "mxnet-symbol", PUT_BYTE | PUT_LETTER | PUT_RUN, AT_START, "the same" },
	{ "lightgbm", PUT_BYTE | PUT_LETTER | PUT_RUN, AT_START, "what does not begin as such a model is plain text" },
	{ "word2vec", PUT_BYTE | PUT_LETTER, INSIDE, "a word with one more letter is another word" },
	{ "yaml", PUT_LETTER, AT_START | AT_END, "a key or a text with one more letter is another one" },
	{ "jpeg", PUT_ALL, INSIDE,
	  "coded picture data have no sums and are not decoded: with more of them it is another picture" },
	{ "gzip", PUT_ZERO | PUT_ZEROS, INSIDE | AT_END,
	  "gzip allows zeros after a member (tapes); they are checked to be zeros" },
	{ "xz", PUT_ZERO | PUT_ZEROS, INSIDE | AT_END,
	  "xz allows padding of zeros after a stream; that there are four of them at a "
	  "time is left to loaders" },
	{ "tar", PUT_ZERO | PUT_ZEROS, INSIDE | AT_END,
	  "an archive may end in any number of zeros, which are checked to be zeros; "
	  "and zeros put into its last member push others out to there, for "
	  "tar has no sums of contents" },
};

/* Formats of which no file is CLEAN by itself. */
static const struct {
	const char *format, *reason;
} untested[] = {
	{ "script", "the first line leads to the reader of its language, which is tested by itself" },
	{ "python-bytecode", "bytecode is for a person to judge, always" },
	{ "source-code", "source code is for a person to judge, always" },
	{ "torchscript",
	  "source is read as such only inside a PyTorch archive: its boundaries are those of pytorch-zip" },
	{ "pytorch-tar", "its tensors are referred to by numbers, which is for a person to judge" },
	{ "darknet", "which layers its weights belong to stands in another file: never read to the end" },
	{ "tensorrt", "only its frame is read: never read to the end" },
	{ "rknn", "the same" },
	{ "neff", "the same" },
	{ "llamafile", "a program is in it, and programs are for a person to judge" },
	{ "pytorch-tar-storages", "a member of pytorch-tar, known by its place there" },
	{ "pytorch-tar-tensors", "the same" },
	{ "yara-rules", "the same, by their grammar: what is none is plain text" },
	{ "python-metadata", "known by its name alone; what does not begin with its version is plain text" },
	{ "yarn-lock", "known by its name alone; what is no line of such a list is plain text" },
	{ "modelfile", "the same" },
};

static bool testable(const struct gh_fmt *fmt)
{
	for (size_t i = 0; i < GH_ROWS(untested); i++)
		if (strcmp(untested[i].format, fmt->name) == 0)
			return false;
	return fmt->walk != NULL;
}

static const char *excused(const char *format, unsigned put, unsigned place, bool beside_free)
{
	for (size_t i = 0; i < GH_ROWS(exceptions); i++) {
		const struct exception *e = &exceptions[i];
		if ((e->format == NULL || strcmp(e->format, format) == 0) && (e->put & put) != 0 &&
		    ((e->place & place) != 0 || ((e->place & BESIDE_FREE) != 0 && beside_free)))
			return e->reason;
	}
	return NULL;
}

/* ---- scanning in memory ------------------------------------------------------------------------------------------- */

struct seen {
	enum gh_verdict worst;
	size_t n; /* findings of any effect */
	const char *first;
};

static void on_finding(void *arg, const struct gh_rule *rule, struct gh_range at, bool ranged, const char *member,
		       const char *detail)
{
	struct seen *s = arg;
	(void)at, (void)ranged, (void)member, (void)detail;
	if (s->n++ == 0)
		s->first = rule->id;
	if (rule->effect > s->worst)
		s->worst = rule->effect;
}
static void on_times(void *arg, size_t i, uint64_t times) { (void)arg, (void)i, (void)times; }
static int on_spill(void *arg)
{
	char name[] = "/tmp/gatehouse-test-XXXXXX";
	(void)arg;
	int fd = mkstemp(name);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

/* Does the scan have anything to say that keeps the file from being CLEAN? */
static bool speaks(struct gh_span in, const char *name, struct seen *s, struct gh_pipe_result *r)
{
	struct gh_pipe_host host = { .arg = s, .finding = on_finding, .times = on_times, .spill = on_spill };
	struct gh_limits lim = gh_limits_default;
	struct gh_src_mem mem;
	*s = (struct seen){ 0 };
	struct gh_pipe *p = gh_pipe_new(&lim, &host);
	assert_non_null(p);
	gh_pipe_run(p, gh_src_mem(&mem, in), gh_span_str(name), r);
	gh_pipe_free(p);
	return s->worst != GH_CLEAN || r->understood != in.n || r->dropped != 0;
}

/* ---- where the structures are ------------------------------------------------------------------------------------- */

struct edges {
	struct {
		uint64_t at;
		bool beside_free;
	} v[EDGES_MAX];
	size_t n;
};

static void edge(struct edges *e, uint64_t at, bool is_free)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].at == at) {
			e->v[i].beside_free = e->v[i].beside_free || is_free;
			return;
		}
	if (e->n < EDGES_MAX) {
		e->v[e->n].at = at;
		e->v[e->n++].beside_free = is_free;
	}
}

static void find_edges(struct edges *e, const struct gh_fmt *fmt, struct gh_span in, const char *name)
{
	struct gh_events ev;
	e->n = 0;
	edge(e, 0, false);
	edge(e, in.n, false);
	gh_events_walk(&ev, fmt, in, name, false);
	const char *line = gh_buf_cstr(&ev.log);
	for (; line != NULL && *line != '\0'; line = strchr(line, '\n'), line += line != NULL) {
		unsigned long long off, len;
		char kind[16];
		if (sscanf(line, "claim %llu+%llu %15s", &off, &len, kind) == 3) {
			bool is_free = strcmp(kind, "free") == 0;
			edge(e, off, is_free);
			edge(e, off + len, is_free);
		}
	}
	gh_events_free(&ev);
}

/* ---- the test ------------------------------------------------------------------------------------------------------ */

struct tally {
	unsigned seeds, used, tried, excused, silent;
};

static void insert_at(struct tally *t, const struct gh_fmt *fmt, const char *path, const char *name, struct gh_span in,
		      uint64_t at, bool beside_free)
{
	unsigned place = at == 0 ? AT_START : at == in.n ? AT_END : INSIDE;
	for (size_t k = 0; k < GH_ROWS(puts_in); k++) {
		struct gh_span put = puts_in[k].bytes;
		uint8_t *out = malloc(in.n + put.n);
		struct seen s;
		struct gh_pipe_result r;
		assert_non_null(out);
		memcpy(out, in.p, at);
		memcpy(out + at, put.p, put.n);
		memcpy(out + at + put.n, in.p + at, in.n - at);
		t->tried++;
		if (!speaks((struct gh_span){ out, in.n + put.n }, name, &s, &r)) {
			if (excused(fmt->name, puts_in[k].bit, place, beside_free) != NULL)
				t->excused++;
			else if (t->silent++ < SHOWN)
				(void)fprintf(stderr, "silent: %s: %zu byte(s) %02x… at %llu of %zu, read as %s\n",
					      path, put.n, put.p[0], (unsigned long long)at, in.n, r.format);
		}
		free(out);
	}
}

/* The name a file of this format usually has: a name that belongs to nothing else. */
static void usual_name(const struct gh_fmt *fmt, char *name, size_t cap)
{
	const char *exts = fmt->exts[0] != '\0' || fmt->over == NULL ? fmt->exts : gh_fmt_named(fmt->over)->exts;
	int n = (int)strcspn(exts, " ");
	(void)snprintf(name, cap, n == 0 ? "seed" : "seed.%.*s", n, exts);
}

static void one_seed(struct tally *t, const struct gh_fmt *fmt, const char *path)
{
	struct gh_span in = gh_test_file(path);
	struct gh_pipe_result r;
	struct seen s;
	char name[64];
	static struct edges e;
	usual_name(fmt, name, sizeof name);
	t->seeds++;
	/* Broken seeds speak already; and a seed may belong to a format that refines this one. */
	if (in.n != 0 && in.n <= SEED_MAX && !speaks(in, name, &s, &r) && strcmp(r.format, fmt->name) == 0) {
		t->used++;
		find_edges(&e, fmt, in, name);
		for (size_t i = 0; i < e.n; i++)
			insert_at(t, fmt, path, name, in, e.v[i].at, e.v[i].beside_free);
	}
	free((void *)(size_t)in.p);
}

static void one_format(struct tally *t, const struct gh_fmt *fmt)
{
	char dir[200], path[500];
	unsigned used = t->used;
	(void)snprintf(dir, sizeof dir, "tests/fuzz/seeds/%s", fmt->name);
	struct dirent **v;
	int n = scandir(dir, &v, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (v[i]->d_name[0] != '.') {
			(void)snprintf(path, sizeof path, "%s/%s", dir, v[i]->d_name);
			one_seed(t, fmt, path);
		}
		free(v[i]);
	}
	if (n >= 0)
		free(v);
	if (t->used == used && testable(fmt)) {
		(void)fprintf(stderr, "no seed of %s is CLEAN: nothing can be tested with it\n", fmt->name);
		t->silent++;
	}
}

static void every_boundary_of_every_format(void **state)
{
	(void)state;
	struct tally t = { 0 };
	for (size_t i = 0; i < gh_fmts_n; i++)
		one_format(&t, gh_fmts[i]);
	(void)printf("%u of %u seeds are CLEAN; %u insertions, %u excused\n", t.used, t.seeds, t.tried, t.excused);
	assert_true(t.used != 0);
	if (t.silent != 0)
		fail_msg("%u insertions went unnoticed (or formats untested)", t.silent);
}

/* The test itself can fail: a seed without its insertion is silent, and an unclaimed byte speaks. */
static void silence_and_speech(void **state)
{
	(void)state;
	struct seen s;
	struct gh_pipe_result r;
	assert_true(speaks(GH_SPAN("\x01\x02\x03 no format at all \xff\xfe\x00\x01"), "seed.bin", &s, &r));
	assert_int_equal(s.worst, GH_INCOMPLETE);
	assert_string_equal(s.first, "GH-SCAN-0001");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_boundary_of_every_format),
		cmocka_unit_test(silence_and_speech),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
