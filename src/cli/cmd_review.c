/* `gatehouse review`: what waits for people, looking at it, deciding it. */
#include "audit/entry.h"
#include "cli/cmds.h"
#include "cli/people_key.h"
#include "cli/verbs.h"
#include "format/format.h"
#include "wire/sha256.h"

#include <string.h>
#include <time.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *state, *message, *key;
	uint64_t needed;
};
static const struct gh_opt options[] = {
	GH_OPT_FORMAT(struct args),
	{ .name = "state",
	  .kind = GH_OPT_FILE,
	  .value = "STATE",
	  .at = offsetof(struct args, state),
	  .about = "List reviews that are open, approved, rejected, void, or all (list; open)." },
	{ .name = "message",
	  .letter = 'm',
	  .kind = GH_OPT_FILE,
	  .value = "TEXT",
	  .at = offsetof(struct args, message),
	  .about = "Say why, in words; kept encrypted under the tenant's key (approve, reject, comment)." },
	{ .name = "sign-key",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  .at = offsetof(struct args, key),
	  .about = "Sign the decision with your own private key (approve, reject)." },
	{ .name = "needed",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 16,
	  .at = offsetof(struct args, needed),
	  .about = "Ask for N persons, when that is more than the tier needs (open)." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

/* ---- looking -------------------------------------------------------------------------------------------------------------- */
static void listed(const struct gh_jval *out, struct gh_buf *doc)
{
	static const char *const columns[] = { "MODEL",	    "model",	 "STATE",  "state",  "VERDICT",
					       "verdict",   "TIER",	 "tier",   "NEEDED", "needed",
					       "APPROVALS", "approvals", "OPENED", "opened", NULL };
	static const char *const stopped[] = { "DEPLOYMENT", "deployment", "MODEL",  "model", "SINCE",
					       "since",	     "REASON",	   "reason", NULL };
	gh_verbs_table(doc, gh_jget(out, "reviews"), "no review is in that state", columns);
	if (gh_jfirst(gh_jget(out, "deployments")) != NULL) {
		gh_buf_str(doc, "\nin quarantine, until somebody decides (review approve|reject DEPLOYMENT):\n");
		gh_verbs_table(doc, gh_jget(out, "deployments"), "", stopped);
	}
}

static int list(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)argv;
	(void)n;
	int rc = gh_verbs_ask(c, "review.list", &out, "state", a->state, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, listed) : rc;
}

static void event_text(const struct gh_jval *e, struct gh_buf *doc)
{
	const char *text = gh_jstr(e, "text"), *problem = gh_jstr(e, "text_problem"), *role = gh_verbs_cell(e, "role");
	gh_buf_fmt(doc, "  %s  %s  %s (%s)%s%s\n", gh_verbs_cell(e, "at"), gh_verbs_cell(e, "act"),
		   gh_verbs_cell(e, "principal"), role,
		   strcmp(gh_verbs_cell(e, "act"), "comment") == 0 ? "" : ", signed by ",
		   strcmp(gh_verbs_cell(e, "act"), "comment") == 0 ? "" : gh_verbs_cell(e, "signed_by"));
	if (text != NULL) { /* somebody's words: a terminal must not be attacked by them */
		gh_buf_str(doc, "      ");
		gh_buf_safe(doc, gh_span_str(text), 16 << 10);
		gh_buf_ch(doc, '\n');
	}
	if (problem != NULL)
		gh_buf_fmt(doc, "      (the comment cannot be read: %s)\n", problem);
}

static void shown(const struct gh_jval *out, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "%s: review %s, %s of %s approvals\n", gh_verbs_cell(out, "model"), gh_verbs_cell(out, "state"),
		   gh_verbs_cell(out, "approvals"), gh_verbs_cell(out, "needed"));
	static const char *const lines[] = { "verdict", "verdict", "tier",   "tier",	    "opened",
					     "opened",	"reason",  "reason", "root digest", "root",
					     "report",	"report",  "author", "author",	    NULL };
	for (size_t i = 0; lines[i] != NULL; i += 2)
		gh_buf_fmt(doc, "  %-12s %s\n", lines[i], gh_verbs_cell(out, lines[i + 1]));
	for (const struct gh_jval *e = gh_jfirst(gh_jget(out, "events")); e != NULL; e = e->next)
		event_text(e, doc);
	const char *why = gh_jstr(out, "why_not");
	if (strcmp(gh_verbs_cell(out, "state"), "open") == 0 && why != NULL)
		gh_buf_fmt(doc, "you cannot decide it: %s\n", why);
}

static int show(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	int rc = gh_verbs_ask(c, "review.show", &out, "model", argv[0], (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, shown) : rc;
}

static int open_review(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	gh_auto_buf in = gh_buf(4096);
	struct gh_jout j = gh_jout(&in);
	(void)n;
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", argv[0]);
	if (a->needed != 0)
		gh_jout_number(&j, "needed", a->needed);
	gh_jout_close(&j, '}');
	int rc = gh_client_ask(c, "review.open", &in, -1, &out, NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, shown) : rc;
}

/* ---- deciding ------------------------------------------------------------------------------------------------------------- */
struct signature {
	char at[GH_ENTRY_TIME + 1], signer[GH_DIGEST_HEX + 1], sig[GH_PEOPLE_KEY_HEX];
	const char *root, *report;
};

/* Sign what is there to be seen now: review, digests, decision, comment, time. */
static int sign(struct gh_client *c, const struct args *a, const char *model, enum gh_review_act act,
		struct signature *s)
{
	const struct gh_jval *seen;
	int rc = gh_verbs_ask(c, "review.show", &seen, "model", model, (const char *)NULL);
	if (rc != GH_CLI_GO)
		return rc;
	struct gh_review_event e = {
		.review = gh_id(gh_span_str(gh_jstr(seen, "id"))),
		.principal = gh_id(gh_span_str(gh_jstr(seen, "you"))),
		.at = (int64_t)time(NULL),
		.act = act,
	};
	if (gh_id_none(&e.principal)) {
		gh_cli_error(c->cli, "a decision is a person's: set GATEHOUSE_API_KEY to your API key");
		return GH_EXIT_FOUND;
	}
	s->root = gh_jstr(seen, "root");
	s->report = gh_jstr(seen, "report");
	if (s->root != NULL && strlen(s->root) == GH_DIGEST_HEX)
		memcpy(e.root, s->root, sizeof e.root);
	if (s->report != NULL && strlen(s->report) == GH_DIGEST_HEX)
		memcpy(e.report_digest, s->report, sizeof e.report_digest);
	if (a->message != NULL) {
		uint8_t digest[GH_SHA256_BYTES];
		struct gh_sha256_state h = gh_sha256_begin();
		gh_sha256_put(&h, gh_span_str(a->message));
		gh_sha256_end(&h, digest);
		gh_hex_put(e.comment_digest, digest, sizeof digest);
	}
	(void)gh_entry_time(e.at, s->at);
	return gh_people_key_sign(c->cli, a->key, &e, s->signer, s->sig);
}

static void decided(const struct gh_jval *out, struct gh_buf *doc)
{
	const struct gh_jval *badge = gh_jget(out, "badge");
	gh_buf_fmt(doc, "%s: review %s, %s of %s approvals; the version is %s\n", gh_verbs_cell(out, "model"),
		   gh_verbs_cell(out, "state"), gh_verbs_cell(out, "approvals"), gh_verbs_cell(out, "needed"),
		   gh_verbs_cell(out, "version_state"));
	const char *why = gh_jstr(badge, "reason");
	if (badge != NULL)
		gh_buf_fmt(doc, "badge: %s%s%s\n", gh_verbs_cell(badge, "state"),
			   why != NULL && why[0] != '\0' ? ": " : "", why != NULL ? why : "");
}

static void cleared(const struct gh_jval *out, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "%s/%s is %s; its model may %sbe deployed again (it was in quarantine: %s)\n",
		   gh_verbs_cell(out, "tenant"), gh_verbs_cell(out, "name"),
		   strcmp(gh_verbs_cell(out, "state"), "stopped") == 0 ? "cleared" : "rejected",
		   strcmp(gh_verbs_cell(out, "state"), "stopped") == 0 ? "" : "not ", gh_verbs_cell(out, "was"));
}

static int decide(struct gh_client *c, const struct args *a, const char *model, const char *task,
		  enum gh_review_act act)
{
	const struct gh_jval *out;
	if (strchr(model, ':') == NULL) { /* a deployment: no version has a name without one */
		int said = gh_verbs_ask(c, "deploy.decide", &out, "name", model, "decision",
					act == GH_REVIEW_APPROVE ? "approve" : "reject", (const char *)NULL);
		return said == GH_CLI_GO ? gh_verbs_print(c, out, a->format, cleared) : said;
	}
	struct signature s = { .at = "" };
	int rc = a->key != NULL ? sign(c, a, model, act, &s) : GH_CLI_GO;
	if (rc == GH_CLI_GO)
		rc = gh_verbs_ask(c, task, &out, "model", model, "text", a->message, "root", s.root, "report", s.report,
				  "at", a->key != NULL ? s.at : NULL, "signer", a->key != NULL ? s.signer : NULL,
				  "signature", a->key != NULL ? s.sig : NULL, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, decided) : rc;
}

static int approve(struct gh_client *c, const void *args, char **argv, size_t n)
{
	(void)n;
	return decide(c, args, argv[0], "review.approve", GH_REVIEW_APPROVE);
}
static int reject(struct gh_client *c, const void *args, char **argv, size_t n)
{
	(void)n;
	return decide(c, args, argv[0], "review.reject", GH_REVIEW_REJECT);
}
static int comment(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	(void)n;
	if (a->message == NULL)
		return gh_cli_wrong(c->cli, "comment needs --message TEXT");
	if (a->key != NULL)
		return gh_cli_wrong(c->cli, "--sign-key is for decisions");
	return decide(c, a, argv[0], "review.comment", GH_REVIEW_COMMENT);
}

static const struct gh_verb verbs[] = {
	{ "list", "", 0, 0, false, list },
	{ "show", "MODEL", 1, 1, true, show },
	{ "open", "MODEL", 1, 1, true, open_review },
	{ "approve", "MODEL", 1, 1, true, approve },
	{ "reject", "MODEL", 1, 1, true, reject },
	{ "comment", "MODEL --message TEXT", 1, 1, true, comment },
};

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	return rc != GH_CLI_GO ? rc : gh_verbs_run(cli, verbs, sizeof verbs / sizeof *verbs, &a.client, &a, argv, n);
}

const struct gh_cmd gh_cmd_review = {
	.name = "review",
	.about = "See what waits for people; approve, reject and comment.",
	.usage = "[OPTION]... list | show MODEL | open MODEL | approve MODEL | reject MODEL | comment MODEL",
	.opts = options,
	.min_args = 1,
	.max_args = 2,
	.words = "list show open approve reject comment",
	.notes = "MODEL is TENANT/[PROJECT/]NAME:VERSION. A decision is a person's: it needs an\n"
		 "API key (GATEHOUSE_API_KEY) of somebody to whom a role grants review.decide.\n"
		 "Who imported the model never counts, the same person counts once, the tier\n"
		 "'high' needs two persons, one rejection ends it. It is bound to the files and to\n"
		 "the scan report: a new report voids it.\n"
		 "\n"
		 "Exit status: 0 done; 1 denied; 2 could not be done.",
	.run = run,
};
