/* `gatehouse doctor`: what this host can give. */
#include "cli/cmds.h"
#include "runtime/host.h"
#include "wire/jout.h"

struct args {
	unsigned format;
};
static const struct gh_opt opts[] = { GH_OPT_FORMAT(struct args), { 0 } };

static void as_json(struct gh_jout *j, const struct gh_host_probe *p, enum gh_host_has h, struct gh_buf *found)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "name", p->name);
	gh_jout_str(j, "has", gh_host_word(h));
	gh_jout_span(j, "found", gh_buf_view(found));
	gh_jout_str(j, "for", p->for_what);
	gh_jout_str(j, "get", p->get);
	gh_jout_bool(j, "needed", p->needed);
	gh_jout_close(j, '}');
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	gh_auto_buf doc = gh_buf(64 << 10);
	struct gh_jout j = gh_jout(&doc);
	size_t n = 0;
	bool able = true, json;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	json = a.format == GH_FORMAT_JSON;
	if (json) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_open(&j, "probes", '[');
	}
	for (size_t i = 0; i < gh_host_probes_n; i++) {
		const struct gh_host_probe *p = &gh_host_probes[i];
		gh_auto_buf found = gh_buf(1000), safe = gh_buf(4000);
		enum gh_host_has h = p->look(&found);
		able = able && (!p->needed || h != GH_HOST_NO);
		gh_buf_safe(&safe, gh_buf_view(&found), 3000);
		if (json) {
			as_json(&j, p, h, &found);
			continue;
		}
		gh_buf_fmt(&doc, "%-14s %-7s %s\n%-23sfor: %s\n", p->name, gh_host_word(h), gh_buf_cstr(&safe), "",
			   p->for_what);
		if (h != GH_HOST_YES)
			gh_buf_fmt(&doc, "%-23sget: %s\n", "", p->get);
	}
	if (json) {
		gh_jout_close(&j, ']');
		gh_jout_bool(&j, "able", able);
		gh_jout_close(&j, '}');
	} else {
		gh_buf_fmt(&doc, "\n%s\n",
			   able ? "Models can be deployed here, in a sandbox."
				: "Models cannot be deployed here: see the lines with 'no' above.");
	}
	rc = gh_cli_print(cli, &doc);
	return rc != GH_EXIT_OK ? rc : able ? GH_EXIT_OK : GH_EXIT_FOUND;
}

const struct gh_cmd gh_cmd_doctor = {
	.name = "doctor",
	.about = "Say what this host can give: sandbox, micro-VM, evidence, engines.",
	.usage = "[OPTION]...",
	.opts = opts,
	.notes = "Looks, and changes nothing. Each line says what there is, what it is for, and\n"
		 "how to get it.\n"
		 "\n"
		 "Exit status: 0 models can be deployed in a sandbox; 1 something that this needs\n"
		 "is missing; 2 the output could not be written.",
	.run = run,
};
