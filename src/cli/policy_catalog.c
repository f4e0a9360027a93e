#include "cli/policy_catalog.h"

#include "cli/verbs.h"

#include <string.h>

int gh_policy_put(struct gh_cli *cli, const struct gh_client_args *how, bool json, const char *tenant, const char *name,
		  struct gh_span text)
{
	gh_auto_buf in = gh_buf(4 << 20), doc = gh_buf(4096);
	const struct gh_jval *v;
	struct gh_client c;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "scope", tenant == NULL ? "platform" : tenant);
	gh_jout_str(&j, "name", name);
	gh_jout_span(&j, "text", text);
	gh_jout_close(&j, '}');
	int rc = gh_client_open(cli, how, true, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = gh_client_ask(&c, "policy.set", &in, -1, &v, NULL);
	if (rc == GH_CLI_GO && json)
		rc = gh_client_json(cli, v);
	else if (rc == GH_CLI_GO) {
		gh_buf_fmt(&doc, "policy %s (number %s) is in force for %s\n  digest sha256:%s\n",
			   gh_verbs_cell(v, "name"), gh_verbs_cell(v, "number"), gh_verbs_cell(v, "scope"),
			   gh_verbs_cell(v, "digest"));
		rc = gh_cli_print(cli, &doc);
	}
	gh_client_close(&c);
	return rc;
}

/* What may be done follows from three things: the scan, the state of the version, and the policy. */
static int judge(const struct gh_jval *v)
{
	const char *decision = gh_jstr(v, "decision"), *state = gh_jstr(v, "state");
	if (decision == NULL || state == NULL)
		return GH_EXIT_UNFINISHED;
	bool allowed = strcmp(decision, "allow") == 0 || strcmp(decision, "warn") == 0;
	return allowed && strcmp(state, "ready") == 0 ? GH_EXIT_OK : GH_EXIT_FOUND;
}

int gh_policy_why(struct gh_cli *cli, const struct gh_client_args *how, bool json, const char *action, bool all,
		  const char *model)
{
	gh_auto_buf in = gh_buf(4096), doc = gh_buf(8 << 20);
	const struct gh_jval *v;
	struct gh_client c;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	if (action != NULL)
		gh_jout_str(&j, "action", action);
	gh_jout_bool(&j, "all", all);
	gh_jout_close(&j, '}');
	int rc = gh_client_open(cli, how, true, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = gh_client_ask(&c, "policy.explain", &in, -1, &v, NULL);
	if (rc == GH_CLI_GO) {
		if (json)
			gh_buf_str(&doc, gh_verbs_cell(v, "result"));
		else {
			v = gh_client_safe(&c, v);
			gh_buf_fmt(&doc, "%s  %s is %s (scan: %s)\npolicy: %s, sha256:%s\n",
				   gh_verbs_cell(v, "decision"), model, gh_verbs_cell(v, "state"),
				   gh_verbs_cell(v, "verdict"), gh_verbs_cell(v, "from"), gh_verbs_cell(v, "digest"));
			gh_client_lines(&doc, gh_verbs_cell(v, "text"));
		}
		rc = gh_cli_print(cli, &doc);
		int judged = judge(v);
		rc = judged != GH_EXIT_OK ? judged : rc;
	}
	gh_client_close(&c);
	return rc;
}

int gh_policy_in_force(struct gh_cli *cli, const struct gh_client_args *how, bool json, const char *tenant)
{
	static const char *const columns[] = { "NAME", "name", "NUMBER", "number", "STATE", "state",
					       "SET",  "set",  "DIGEST", "digest", NULL };
	gh_auto_buf doc = gh_buf(1 << 20);
	const struct gh_jval *v;
	struct gh_client c;
	int rc = gh_client_open(cli, how, false, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = gh_client_ask1(&c, "policy.list", "scope", tenant == NULL ? "platform" : tenant, &v);
	if (rc == GH_CLI_GO && json)
		rc = gh_client_json(cli, v);
	else if (rc == GH_CLI_GO) {
		v = gh_client_safe(&c, v);
		gh_buf_fmt(&doc, "profile where none is set: %s\n", gh_verbs_cell(v, "profile"));
		gh_verbs_table(&doc, gh_jget(v, "policies"), "no policy was set", columns);
		rc = gh_cli_print(cli, &doc);
	}
	gh_client_close(&c);
	return rc;
}
