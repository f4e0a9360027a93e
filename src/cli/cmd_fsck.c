/* `gatehouse fsck`: does everything in the catalog fit together? Goes through the parts of the check step by step. */
#include "cli/client.h"
#include "cli/cmds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct args {
	struct gh_client_args client;
	bool deep, repair;
	uint64_t grace;
	unsigned format;
};
static const struct gh_opt options[] = {
	{ .name = "deep",
	  .kind = GH_OPT_FLAG,
	  .about = "Read every stored byte, open every segment with its key.",
	  .at = offsetof(struct args, deep) },
	{ .name = "repair",
	  .kind = GH_OPT_FLAG,
	  .about = "Remove what nobody names: leftovers of imports that died. Nothing else.",
	  .at = offsetof(struct args, repair) },
	{ .name = "grace",
	  .kind = GH_OPT_NUMBER,
	  .value = "SECONDS",
	  .about = "Leave leftovers alone that are younger than this (86400).",
	  .at = offsetof(struct args, grace),
	  .min = 0,
	  .max = 100 * 365 * 86400ULL },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ .name = NULL },
};

#define TAGS "tags" /* the part that needs keys, and blob processes: a task of main */

struct run {
	struct gh_cli *cli;
	const struct args *args;
	struct gh_client client;
	struct gh_buf text; /* the report as text */
	struct gh_buf todo; /* advice of the last line, not written yet: equal advice is given once */
	uint64_t alike;	    /* lines that it is for */
	struct gh_buf json; /* members of "problems" */
	struct gh_jout problems;
	bool locked;					 /* the keys could not be opened */
	uint64_t found, repaired, looked, bytes, unread; /* unread: parts that could not be looked at */
};

/* ---- one part --------------------------------------------------------------------------------------------------------------- */

static bool flag(const struct gh_jval *v, const char *name) { return gh_jtrue(gh_jget(v, name)); }
static const char *word(const struct gh_jval *v, const char *name)
{
	const char *s = gh_jstr(v, name);
	return s == NULL ? "" : s;
}

/* The advice of the last line, or of the last ones. */
static void advise(struct run *r)
{
	if (r->todo.n > 0 && r->alike > 1)
		gh_buf_fmt(&r->text, "\n  for these %" PRIu64 ": ", r->alike);
	else if (r->todo.n > 0)
		gh_buf_str(&r->text, "; ");
	gh_buf_span(&r->text, gh_buf_view(&r->todo));
	if (r->alike > 0)
		gh_buf_ch(&r->text, '\n');
	r->todo.n = 0;
	r->alike = 0;
}

static void problem(struct run *r, const struct gh_jval *p)
{
	bool repaired = flag(p, "repaired");
	r->found += !repaired;
	r->repaired += repaired;
	const char *todo = repaired ? "" : word(p, "todo");
	if (r->alike > 0 && gh_span_is(gh_buf_view(&r->todo), todo))
		gh_buf_ch(&r->text, '\n');
	else
		advise(r);
	r->todo.n = 0;
	gh_buf_str(&r->todo, todo);
	r->alike++;
	gh_buf_fmt(&r->text, "%s: %s: ", repaired ? "repaired" : "problem", word(p, "part"));
	gh_buf_safe(&r->text, gh_span_str(word(p, "what")), 1000);
	gh_jout_open(&r->problems, NULL, '{');
	gh_jout_str(&r->problems, "part", word(p, "part"));
	gh_jout_str(&r->problems, "subject", word(p, "subject"));
	gh_jout_str(&r->problems, "what", word(p, "what"));
	gh_jout_str(&r->problems, "todo", word(p, "todo"));
	gh_jout_bool(&r->problems, "leftover", flag(p, "leftover"));
	gh_jout_bool(&r->problems, "repaired", repaired);
	gh_jout_close(&r->problems, '}');
}

static enum gh_rc step(struct run *r, const char *part, char cursor[200], struct gh_err *err)
{
	gh_auto_arena a = { .max = 64 << 20 };
	gh_auto_buf in = gh_buf(1024);
	const struct gh_jval *out = NULL;
	uint64_t n;
	struct gh_jout j = gh_jout(&in);
	bool tags = strcmp(part, TAGS) == 0;
	gh_jout_open(&j, NULL, '{');
	if (cursor[0] != '\0')
		gh_jout_str(&j, "cursor", cursor);
	if (!tags) {
		gh_jout_str(&j, "part", part);
		gh_jout_bool(&j, "deep", r->args->deep);
		gh_jout_number(&j, "grace", r->args->grace);
	}
	gh_jout_close(&j, '}');
	const char *op = tags ? "fsck.tags" : r->args->repair && !r->locked ? "fsck.repair" : "fsck.step";
	enum gh_rc rc = gh_service_ask(r->client.service, op, gh_buf_view(&in), -1, &a, &out, NULL, err);
	for (const struct gh_jval *p = gh_jfirst(gh_jget(out, "problems")); p != NULL; p = p->next)
		problem(r, p);
	if (rc != GH_OK)
		return rc;
	r->looked += gh_ju64(gh_jget(out, "looked"), &n) ? n : 0;
	r->bytes += gh_ju64(gh_jget(out, "bytes"), &n) ? n : 0;
	return (size_t)snprintf(cursor, 200, "%s", word(out, "cursor")) < 200
		       ? GH_OK
		       : gh_fail(err, GH_E_BUG, "a cursor too long");
}

static void one_part(struct run *r, const char *part)
{
	char cursor[200] = "", before[200];
	do {
		struct gh_err err = { 0 };
		char line[1000];
		(void)snprintf(before, sizeof before, "%s", cursor);
		if (step(r, part, cursor, &err) != GH_OK) {
			r->unread++;
			gh_cli_error(r->cli, "%s: could not be looked at: %s", part,
				     gh_err_line(&err, line, sizeof line));
			return;
		}
	} while (cursor[0] != '\0' && (strcmp(cursor, "more") == 0 || strcmp(cursor, before) != 0));
}

/* ---- all of them -------------------------------------------------------------------------------------------------------------- */

static enum gh_rc all_parts(struct run *r, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	const struct gh_jval *out = NULL;
	enum gh_rc rc = gh_service_ask(r->client.service, "fsck.parts", (struct gh_span){ 0 }, -1, &a, &out, NULL, err);
	if (rc != GH_OK)
		return rc;
	for (const struct gh_jval *p = gh_jfirst(gh_jget(out, "parts")); p != NULL; p = p->next)
		one_part(r, word(p, "name"));
	if (r->args->deep && !r->locked)
		one_part(r, TAGS);
	if (r->args->deep && r->locked) {
		r->unread++;
		gh_cli_error(r->cli, TAGS ": could not be looked at: the keys could not be opened");
	}
	return GH_OK;
}

/* A check that changed something is logged; one that only looked need not open the keys. */
static enum gh_rc log_it(struct run *r, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	const struct gh_jval *out = NULL;
	return gh_service_ask(r->client.service, "fsck.done", (struct gh_span){ 0 }, -1, &a, &out, NULL, err);
}

static int answer(struct run *r)
{
	static const char *const words[] = { "fine", "problems", "unfinished" };
	int status = r->found > 0 ? GH_EXIT_FOUND : r->unread > 0 ? GH_EXIT_UNFINISHED : GH_EXIT_OK;
	gh_auto_buf doc = gh_buf((size_t)64 << 20);
	if (r->args->format == GH_FORMAT_JSON) {
		gh_buf_fmt(&doc, "{\n  \"result\": \"%s\",\n  \"problems\": ", words[status]);
		gh_buf_span(&doc, gh_buf_view(&r->json));
		while (doc.n > 0 && doc.p[doc.n - 1] == '\n')
			doc.n--;
		gh_buf_fmt(&doc,
			   ",\n  \"found\": %" PRIu64 ",\n  \"repaired\": %" PRIu64 ",\n  \"looked_at\": %" PRIu64
			   ",\n  \"bytes_read\": %" PRIu64 ",\n  \"parts_unread\": %" PRIu64 "\n}\n",
			   r->found, r->repaired, r->looked, r->bytes, r->unread);
	} else {
		advise(r);
		gh_buf_span(&doc, gh_buf_view(&r->text));
		gh_buf_fmt(&doc, "%s: %" PRIu64 " problem%s, %" PRIu64 " repaired; looked at %" PRIu64 " things%s\n",
			   words[status], r->found, r->found == 1 ? "" : "s", r->repaired, r->looked,
			   r->args->deep && !r->locked ? ", every stored byte included" : "");
	}
	int printed = gh_cli_print(r->cli, &doc);
	return printed != GH_EXIT_OK && status == GH_EXIT_OK ? printed : status;
}

/* Only looking needs no keys. With them the log is brought up to date first, as after a crash, and the receipts of reviews are
 * checked too: so they are opened where nobody has to be asked for it, and for a deep look in any case. */
static bool with_keys(const struct args *a)
{
	char dir[GH_HOME_PATH];
	struct gh_home home;
	struct gh_err err = { 0 };
	if (a->repair || a->deep || a->client.passphrase_file != NULL || getenv("GATEHOUSE_PASSPHRASE_FILE") != NULL)
		return true;
	return gh_home_find(a->client.home, dir, &err) == GH_OK && gh_home_load(dir, &home, &err) == GH_OK &&
	       strcmp(home.unlock, "passphrase") != 0;
}

/* What keeps the keys from being opened is the first problem; everything that needs none is looked at all the same. */
static void locked(struct run *r, const char *why)
{
	r->found++;
	gh_buf_str(&r->text, "problem: keys: ");
	gh_buf_safe(&r->text, gh_span_str(why), 1000);
	gh_buf_str(&r->text, "; looked at everything else without the keys: nothing can be repaired or logged\n");
	gh_jout_open(&r->problems, NULL, '{');
	gh_jout_str(&r->problems, "part", "keys");
	gh_jout_str(&r->problems, "subject", "");
	gh_jout_str(&r->problems, "what", why);
	gh_jout_str(&r->problems, "todo", "restore keys/ from a backup with `gatehouse restore`");
	gh_jout_bool(&r->problems, "leftover", false);
	gh_jout_bool(&r->problems, "repaired", false);
	gh_jout_close(&r->problems, '}');
}

static int open_it(struct run *r)
{
	struct gh_err err = { 0 }, again = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	int status = gh_client_how(r->cli, &r->args->client, &r->client);
	if (status != GH_CLI_GO)
		return status;
	r->client.how.keys = with_keys(r->args);
	enum gh_rc rc = gh_service_open(&r->client.how, &r->client.service, &err);
	if (rc == GH_OK)
		return GH_CLI_GO;
	(void)gh_err_line(&err, why, sizeof why);
	/* A passphrase that is wrong is the user's; a file that was altered is what this command is for. */
	bool fallback = r->client.how.keys && (rc == GH_E_UNREAD || rc == GH_E_ABSENT);
	r->client.how.keys = false;
	if (fallback && gh_service_open(&r->client.how, &r->client.service, &again) == GH_OK) {
		r->locked = true;
		locked(r, why);
		return GH_CLI_GO;
	}
	gh_cli_error(r->cli, "%s", why);
	gh_client_close(&r->client);
	return GH_EXIT_UNFINISHED;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { .grace = 86400 };
	size_t n;
	int status = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (status != GH_CLI_GO)
		return status;
	struct run r = { .cli = cli,
			 .args = &a,
			 .text = gh_buf((size_t)32 << 20),
			 .json = gh_buf((size_t)32 << 20),
			 .todo = gh_buf(4096) };
	r.problems = gh_jout(&r.json);
	gh_jout_open(&r.problems, NULL, '[');
	status = open_it(&r);
	if (status == GH_CLI_GO) {
		struct gh_err err = { 0 };
		enum gh_rc rc = all_parts(&r, &err);
		if (rc == GH_OK && a.repair && !r.locked)
			rc = log_it(&r, &err);
		gh_jout_close(&r.problems, ']');
		status = rc != GH_OK ? gh_client_failed(cli, rc, &err) : answer(&r);
		gh_client_close(&r.client);
	}
	gh_buf_free(&r.text);
	gh_buf_free(&r.json);
	gh_buf_free(&r.todo);
	return status;
}

const struct gh_cmd gh_cmd_fsck = {
	.name = "fsck",
	.about = "Check the catalog, its blobs and its log against each other.",
	.usage = "[OPTION]...",
	.opts = options,
	.notes = "May run at any time. Leftovers of imports that died are told after a day\n"
		 "(--grace) and removed by --repair; nothing else is ever changed.\n"
		 "docs/storage.md explains each kind of problem.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   everything fits\n"
		 "  1   something does not\n"
		 "  2   a part could not be looked at\n"
		 "  64  wrong usage\n",
	.run = run,
};
