/* What a clone leaves beside a model: files made by git itself and broken by hand (tests/fuzz/make_git_seeds.py), and the
 * configuration, of which rows are written here. */
#include "support/cm.h"

#include "format/formats.h"
#include "format/git/git.h"
#include "scan/pipeline.h"
#include "support/events.h"
#include "wire/sha1.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- files --------------------------------------------------------------------------------------------------------- */

static const struct row {
	const struct gh_fmt *fmt;
	const char *dir, *file;
	enum gh_rc rc;
	bool gapless;
	size_t members;
	const char *say; /* NULL: no anomaly */
} rows[] = {
#define OBJECT &gh_fmt_git_object, "git-object"
	{ OBJECT, "clean-blob", GH_OK, true, 1, NULL },
	{ OBJECT, "clean-empty", GH_OK, true, 0, NULL },
	{ OBJECT, "clean-tree", GH_OK, true, 0, NULL },
	{ OBJECT, "clean-commit", GH_OK, true, 0, NULL },
	{ OBJECT, "pickle", GH_OK, true, 1, NULL },
	{ OBJECT, "size", GH_E_MALFORMED, true, 1, "GH-GIT-0001" },
	{ OBJECT, "cut", GH_E_MALFORMED, true, 1, "GH-GIT-0001" },
	{ OBJECT, "trailing", GH_OK, false, 1, NULL },
	{ OBJECT, "tree", GH_OK, true, 0, "GH-GIT-0002" },
#define PACK &gh_fmt_git_pack, "git-pack"
	{ PACK, "clean", GH_OK, true, 5, NULL },
	{ PACK, "clean-sha256", GH_OK, true, 5, NULL },
	{ PACK, "clean-by-name", GH_OK, true, 2, NULL },
	{ PACK, "clean-code", GH_OK, true, 2, NULL },
	{ PACK, "by-offset", GH_OK, true, 2, NULL },
	{ PACK, "by-name-first", GH_OK, true, 2, NULL },
	{ PACK, "by-name-of-delta", GH_OK, true, 3, NULL },
	{ PACK, "pickle-in-the-past", GH_OK, true, 6, NULL },
	{ PACK, "no-base", GH_E_UNREAD, false, 1, "GH-GIT-0005" },
	{ PACK, "base-inside", GH_E_UNREAD, false, 1, "GH-GIT-0005" },
	{ PACK, "base-before", GH_E_UNREAD, false, 1, "GH-GIT-0005" },
	{ PACK, "copy-beyond", GH_E_UNREAD, false, 1, "GH-GIT-0006" },
	{ PACK, "other-base", GH_E_UNREAD, false, 1, "GH-GIT-0006" },
	{ PACK, "too-much", GH_E_UNREAD, false, 1, "GH-GIT-0006" },
	{ PACK, "too-little", GH_E_UNREAD, false, 1, "GH-GIT-0006" },
	{ PACK, "reserved", GH_E_UNREAD, false, 1, "GH-GIT-0006" },
	{ PACK, "counts", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ PACK, "one-more", GH_E_MALFORMED, false, 1, "GH-GIT-0001" },
	{ PACK, "one-less", GH_E_MALFORMED, false, 1, "GH-GIT-0001" },
	{ PACK, "size", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ PACK, "kind", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ PACK, "tree-git", GH_OK, true, 0, "GH-GIT-0003" },
	{ PACK, "tree-dots", GH_OK, true, 0, "GH-GIT-0003" },
	{ PACK, "tree-short", GH_OK, true, 0, "GH-GIT-0003" },
	{ PACK, "tree-slash", GH_OK, true, 0, "GH-GIT-0003" },
	{ PACK, "tree-hfs", GH_OK, true, 0, "GH-GIT-0003" },
	{ PACK, "tree-modules", GH_OK, true, 0, "GH-GIT-0004" },
	{ PACK, "tree-mode", GH_OK, true, 0, "GH-GIT-0002" },
	{ PACK, "tree-order", GH_OK, true, 0, "GH-GIT-0002" },
	{ PACK, "tree-cut", GH_OK, true, 0, "GH-GIT-0002" },
	{ PACK, "commit-odd", GH_OK, true, 0, "GH-GIT-0002" },
	{ PACK, "commit-nul", GH_OK, true, 1, "GH-GIT-0008" },
	{ PACK, "tag-odd", GH_OK, true, 0, "GH-GIT-0002" },
	{ PACK, "not-a-pointer", GH_OK, true, 1, NULL },
#define TABLE &gh_fmt_git_pack_index, "git-pack-index"
	{ TABLE, "clean-idx", GH_OK, true, 0, NULL },
	{ TABLE, "clean-idx-1", GH_OK, true, 0, NULL },
	{ TABLE, "clean-idx-sha256", GH_OK, true, 0, NULL },
	{ TABLE, "clean-rev", GH_OK, true, 0, NULL },
	{ TABLE, "clean-mtimes", GH_OK, true, 0, NULL },
	{ TABLE, "clean-midx", GH_OK, true, 0, NULL },
	{ TABLE, "clean-graph", GH_OK, true, 0, NULL },
	{ TABLE, "clean-bitmap", GH_OK, true, 0, NULL },
	{ TABLE, "order", GH_OK, true, 0, "GH-GIT-0007" },
	{ TABLE, "totals", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ TABLE, "cut", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ TABLE, "idx-1-order", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ TABLE, "rev-twice", GH_E_MALFORMED, false, 0, "GH-GIT-0007" },
	{ TABLE, "mtimes-sum", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ TABLE, "midx-name", GH_OK, true, 0, "GH-GIT-0003" },
	{ TABLE, "graph-chunks", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ TABLE, "bitmap-words", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
#define INDEX &gh_fmt_git_index, "git-index"
	{ INDEX, "clean-2", GH_OK, true, 0, NULL },
	{ INDEX, "clean-3", GH_OK, true, 0, NULL },
	{ INDEX, "clean-4", GH_OK, true, 0, NULL },
	{ INDEX, "clean-sha256", GH_OK, true, 0, NULL },
	{ INDEX, "may-know", GH_OK, true, 0, NULL },
	{ INDEX, "must-know", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ INDEX, "cut", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ INDEX, "count", GH_E_MALFORMED, false, 0, "GH-GIT-0001" },
	{ INDEX, "path", GH_OK, true, 0, "GH-GIT-0003" },
	{ INDEX, "into-git", GH_OK, true, 0, "GH-GIT-0003" },
	{ INDEX, "order", GH_OK, true, 0, "GH-GIT-0007" },
};

static struct gh_span seed(const char *dir, const char *file)
{
	char path[160];
	(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s/%s", dir, file);
	struct gh_span in = gh_test_file(path);
	if (in.p == NULL)
		fail_msg("%s is missing: run from the top of the source tree", path);
	return in;
}

static void files(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct row *r = &rows[i];
		struct gh_span in = seed(r->dir, r->file);
		struct gh_probe p = { in, in, in.n };
		if (r->fmt->probe(&p) != GH_STRONG)
			fail_msg("%s/%s is not recognised", r->dir, r->file);
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, r->fmt, in, "x", unstable != 0);
			bool said = r->say == NULL ? !gh_events_has(&ev, "anomaly") : gh_events_has(&ev, r->say);
			if (ev.rc != r->rc || ev.gapless != r->gapless || ev.nmember != r->members || !said) {
				wrong++;
				print_error("%s/%s: rc %d %s, gapless %d, %zu members\n%s\n", r->dir, r->file, ev.rc,
					    ev.why, ev.gapless, ev.nmember, gh_buf_cstr(&ev.log));
			}
			gh_events_free(&ev);
		}
		free((void *)(uintptr_t)in.p);
	}
	assert_int_equal(wrong, 0);
}

static bool has_member(const struct gh_events *ev, const char *what)
{
	for (size_t i = 0; i < ev->nmember; i++)
		if (ev->member[i].n == strlen(what) && memcmp(ev->member[i].p, what, ev->member[i].n) == 0)
			return true;
	return false;
}

/* What deltas restore, byte for byte. */
static void restored(void **state)
{
	(void)state;
	static const char base[] = "some text of a file that has several versions\n";
	static const char second[] = "some text of a file that has several versions\nmore\n";
	static const char pickle[] = "cposix\nsystem\n(S'id'\ntR.";
	static const struct {
		const char *file, *a, *b;
	} want[] = {
		{ "by-offset", base, second },
		{ "clean-by-name", base, second },
		{ "by-name-first", base, pickle },
		{ "by-name-of-delta", second, pickle },
		{ "pickle-in-the-past", pickle, "{\"hidden_size\": 4}\n" },
	};
	for (size_t i = 0; i < GH_ROWS(want); i++) {
		struct gh_span in = seed("git-pack", want[i].file);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_git_pack, in, "x.pack", true);
		if (!has_member(&ev, want[i].a) || !has_member(&ev, want[i].b))
			fail_msg("%s\n%s", want[i].file, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

/* All four versions of a text that git stored as deltas. */
static void versions(void **state)
{
	(void)state;
	static const char *const dirs[] = { "clean", "clean-sha256" };
	for (size_t k = 0; k < GH_ROWS(dirs); k++) {
		struct gh_span in = seed("git-pack", dirs[k]);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_git_pack, in, "x.pack", false);
		for (int v = -1; v < 3; v++) {
			char text[8192] = "";
			size_t n = 0;
			for (int i = 0; i < 40; i++)
				n += (size_t)snprintf(text + n, sizeof text - n,
						      "%s %d says what the model is for and how it was made.\n",
						      v >= 0 && i == v * 7 ? "Row" : "Line",
						      v >= 0 && i == v * 7 ? v : i);
			if (!has_member(&ev, text))
				fail_msg("version %d of the text is missing in %s", v, dirs[k]);
		}
		assert_true(gh_events_has(&ev, "text documentation \"commit\""));
		assert_true(gh_events_has(&ev, "text documentation \"tag\""));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

static void on_finding(void *arg, const struct gh_rule *rule, struct gh_range at, bool ranged, const char *member,
		       const char *detail)
{
	(void)at, (void)ranged;
	if (rule->effect != GH_CLEAN)
		print_error("%s %s: %s\n", rule->id, member, detail);
	*(enum gh_verdict *)arg = rule->effect > *(enum gh_verdict *)arg ? rule->effect : *(enum gh_verdict *)arg;
}
static void on_times(void *arg, size_t i, uint64_t times) { (void)arg, (void)i, (void)times; }
static int on_spill(void *arg)
{
	(void)arg;
	return -1;
}

/* Through all of the pipeline: scripts and source in a history are files of a repository, not a model's data. */
static void verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct row *r = &rows[i];
		bool clean = strncmp(r->file, "clean", 5) == 0, past = strstr(r->file, "pickle") != NULL;
		if (!clean && !past)
			continue;
		struct gh_span in = seed(r->dir, r->file);
		enum gh_verdict worst = GH_CLEAN;
		struct gh_pipe_host host = {
			.arg = &worst, .finding = on_finding, .times = on_times, .spill = on_spill
		};
		struct gh_src_mem mem;
		struct gh_pipe_result res;
		struct gh_pipe *p = gh_pipe_new(&gh_limits_default, &host);
		assert_non_null(p);
		gh_pipe_run(p, gh_src_mem(&mem, in), GH_SPAN("x"), &res);
		gh_pipe_free(p);
		if (worst != (past ? GH_UNSAFE : GH_CLEAN) || res.understood != in.n || strcmp(res.format, r->dir) != 0)
			fail_msg("%s/%s: %d, read as %s", r->dir, r->file, (int)worst, res.format);
		free((void *)(uintptr_t)in.p);
	}
}

/* Every level is sixteen times its base: it ends at a budget, and soon. */
static void bombs(void **state)
{
	(void)state;
	struct gh_span in = seed("git-pack", "bomb");
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_git_pack, in, "x.pack", false);
	assert_true(ev.rc == GH_E_LIMIT || ev.rc == GH_E_UNREAD);
	gh_events_free(&ev);
	free((void *)(uintptr_t)in.p);
}

/* Cut anywhere, it is never whole. */
static void cut(void **state)
{
	(void)state;
	static const char *const dirs[][2] = { { "git-pack", "clean" },
					       { "git-index", "clean-4" },
					       { "git-pack-index", "clean-bitmap" },
					       { "git-pack-index", "clean-midx" },
					       { "git-pack-index", "clean-idx" },
					       { "git-object", "clean-blob" } };
	for (size_t k = 0; k < GH_ROWS(dirs); k++) {
		struct gh_span in = seed(dirs[k][0], dirs[k][1]);
		const struct gh_fmt *fmt = gh_fmt_named(dirs[k][0]);
		assert_non_null(fmt);
		for (size_t n = 12; n < in.n; n += n < 200 ? 1 : 37) {
			struct gh_events ev;
			gh_events_walk(&ev, fmt, gh_span_cut(in, 0, n), "x", true);
			if (ev.rc == GH_OK && ev.gapless && !gh_events_has(&ev, "anomaly"))
				fail_msg("%s/%s: %zu of %zu bytes pass", dirs[k][0], dirs[k][1], n, in.n);
			gh_events_free(&ev);
		}
		free((void *)(uintptr_t)in.p);
	}
}

/* ---- texts ---------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text, *say, *also; /* say == NULL: nothing */
} settings[] = {
	{ "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n", NULL, NULL },
	{ "[core]\n\tfsmonitor = true\n[pager]\n\tlog = false\n", NULL, NULL },
	{ "[core]\n\tfsmonitor = sh -c id\n", "GH-GIT-0101", "code shell" },
	{ "[CORE]\n\tFSMonitor = \"sh \\\n -c id\"\n", "GH-GIT-0101", "code shell" },
	{ "[core] sshCommand = x\n", "GH-GIT-0101", NULL },
	{ "[core]\n\tpager=x;y\n", "GH-GIT-0101 8+9 core.pager = x", NULL },
	{ "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n\trequired = true\n", NULL, NULL },
	{ "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f; id\n", NULL, NULL }, /* a comment */
	{ "[filter \"lfs\"]\n\tclean = \"git-lfs clean -- %f; id\"\n", "GH-GIT-0101", NULL },
	{ "[filter \"a\"]\n\tprocess = x\n", "GH-GIT-0101", NULL },
	{ "[filter.a]\n\tsmudge = x\n", "GH-GIT-0101", NULL },
	{ "[diff \"a\"]\n\ttextconv = x\n", "GH-GIT-0101", NULL },
	{ "[diff]\n\texternal = x\n", "GH-GIT-0101", NULL },
	{ "[merge \"a\"]\n\tdriver = x\n", "GH-GIT-0101", NULL },
	{ "[future]\n\tsomeCommand = x\n[core]\n", "GH-GIT-0101", NULL },
	{ "[alias]\n\tst = status\n", NULL, NULL },
	{ "[alias]\n\tst = !id\n", "GH-GIT-0101", "code shell" },
	{ "[credential]\n\thelper = store\n", NULL, NULL },
	{ "[credential]\n\thelper = cache --timeout=60\n", NULL, NULL },
	{ "[credential]\n\thelper = /tmp/x\n", "GH-GIT-0101", NULL },
	{ "[credential \"https://h\"]\n\thelper = \"!f() { id; }; f\"\n", "GH-GIT-0101", "code shell" },
	{ "[core]\n\thooksPath = .husky\n", "GH-GIT-0102", NULL },
	{ "[core]\n\thooksPath = /tmp/h\n", "GH-GIT-0101", NULL },
	{ "[include]\n\tpath = ../x\n", "GH-GIT-0102", NULL },
	{ "[includeIf \"gitdir:~/\"]\n\tpath = x\n", "GH-GIT-0102", NULL },
	{ "[http]\n\tsslVerify = false\n", "GH-GIT-0102", NULL },
	{ "[remote \"o\"]\n\turl = https://h/a.git\n", NULL, NULL },
	{ "[remote \"o\"]\n\turl = git@h:a/b.git\n", NULL, NULL },
	{ "[remote \"o\"]\n\turl = ssh://git@[::1]/b.git\n", NULL, NULL },
	{ "[remote \"o\"]\n\turl = ext::sh -c id\n", "GH-GIT-0103", NULL },
	{ "[remote \"o\"]\n\turl = ssh://-oProxyCommand=id/x\n", "GH-GIT-0103", NULL },
	{ "[url \"ext::sh -c id \"]\n\tinsteadOf = https://\n", "GH-GIT-0103", NULL },
	{ "[protocol \"ext\"]\n\tallow = always\n", "GH-GIT-0103", NULL },
	{ "[submodule \"a\"]\n\tpath = a\n\turl = ../a.git\n", NULL, NULL },
	{ "[submodule \"a\"]\n\tpath = a\n\turl = -u./x\n", "GH-GIT-0103", NULL },
	{ "[submodule \"a\"]\n\tpath = ../a\n", "GH-GIT-0103", NULL },
	{ "[submodule \"a\"]\n\tupdate = !id\n", "GH-GIT-0101", NULL },
	{ "[remote \"o\"]\n\turl = https://u:secret@h/a.git\n", "GH-GIT-0105", NULL },
	{ "[http \"https://h/\"]\n\textraheader = AUTHORIZATION: basic eDp5\n", "GH-GIT-0105", NULL },
	{ "[core]\n\tbare = \"no\n", "GH-GIT-0104", NULL },
	{ "[core]\n= x\n\tfsmonitor = id\n", "GH-GIT-0104", "GH-GIT-0101" },
};

static void configuration(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(settings); i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_git_config, gh_span_str(settings[i].text), "config", unstable != 0);
			bool ok = settings[i].say == NULL ? !gh_events_has(&ev, "anomaly")
							  : gh_events_has(&ev, settings[i].say);
			ok = ok && (settings[i].also == NULL || gh_events_has(&ev, settings[i].also));
			if (!ok || ev.rc != GH_OK || !ev.gapless)
				fail_msg("%s: rc %d %s\n%s", settings[i].text, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
}

static void names_of_texts(void **state)
{
	(void)state;
	static const struct {
		const char *name, *format;
	} names[] = {
		{ "config", "git-config" },
		{ "a/.git/config", "git-config" },
		{ ".gitmodules", "git-config" },
		{ "a/.GitModules", "git-config" },
		{ "x.gitconfig", "git-config" },
		{ "config.json", "git-template" },
		{ "myconfig", "git-template" },
		{ "", "git-template" },
		{ "a/very/long/name/of/some/directory/config", "git-config" },
	};
	for (size_t i = 0; i < GH_ROWS(names); i++)
		assert_string_equal(gh_git_text(gh_span_str(names[i].name))->name, names[i].format);
	/* A file called config that is somebody else's. */
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_git_config, GH_SPAN("Host a\n\tUser b\n"), "config", false);
	assert_int_equal(ev.rc, GH_E_NOTTHIS);
	gh_events_free(&ev);
	/* Samples are known by their content alone: one byte more and it is a script. */
	struct gh_span in = seed("git-template", "clean-post-update");
	gh_events_walk(&ev, &gh_fmt_git_template, in, "evil", false);
	assert_int_equal(ev.rc, GH_OK);
	assert_true(ev.gapless);
	gh_events_free(&ev);
	gh_events_walk(&ev, &gh_fmt_git_template, gh_span_cut(in, 1, in.n), "post-update.sample", false);
	assert_int_equal(ev.rc, GH_E_NOTTHIS);
	gh_events_free(&ev);
	((uint8_t *)(uintptr_t)in.p)[20] ^= 1;
	gh_events_walk(&ev, &gh_fmt_git_template, in, "post-update.sample", false);
	assert_int_equal(ev.rc, GH_E_NOTTHIS);
	gh_events_free(&ev);
	free((void *)(uintptr_t)in.p);
}

/* FIPS 180-4's own examples, in pieces of every size. */
static void sums(void **state)
{
	(void)state;
	static const struct {
		const char *text, *sum;
	} known[] = {
		{ "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmn"
		  "opqrstnopqrstu",
		  "a49b2446a02c645bf419f995b67091253a04a259" },
	};
	for (size_t i = 0; i < GH_ROWS(known); i++)
		for (size_t piece = 1; piece < 130; piece++) {
			struct gh_sha1 s = gh_sha1();
			struct gh_span in = gh_span_str(known[i].text);
			uint8_t out[GH_SHA1_BYTES];
			char text[41] = "";
			for (size_t at = 0; at < in.n; at += piece)
				gh_sha1_put(&s, gh_span_cut(in, at, piece));
			gh_sha1_end(&s, out);
			for (unsigned k = 0; k < GH_SHA1_BYTES; k++)
				(void)snprintf(text + (size_t)2 * k, 3, "%02x", out[k]);
			assert_string_equal(text, known[i].sum);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),	 cmocka_unit_test(restored), cmocka_unit_test(versions),
		cmocka_unit_test(verdicts),	 cmocka_unit_test(bombs),    cmocka_unit_test(cut),
		cmocka_unit_test(configuration), cmocka_unit_test(sums),     cmocka_unit_test(names_of_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
