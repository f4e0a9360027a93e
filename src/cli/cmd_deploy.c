/* `gatehouse deploy MODEL`: policy gate → sandbox → evidence → key → engine. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/verbs.h"
#include "wire/jout.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct args {
	struct gh_client_args client;
	unsigned format, isolation, restart, least, evidence;
	const char *name, *engine, *engine_dir, *file, *accept;
	uint64_t attempts, memory, cpu, threads, context, parallel;
};
#define AT(field) .at = offsetof(struct args, field)
#define ATTEMPTS_UNSAID UINT64_MAX
static const struct gh_opt opts[] = {
	{ .name = "name",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  AT(name),
	  .about = "Call the deployment this (the model's name without tenant and version)." },
	{ .name = "isolation",
	  .kind = GH_OPT_CHOICE,
	  .value = "sandbox|microvm",
	  AT(isolation),
	  .about = "Run it in this (sandbox)." },
	{ .name = "engine",
	  .kind = GH_OPT_FILE,
	  .value = "ENGINE",
	  AT(engine),
	  .about =
		  "Run it with this engine: llama (the embedded one, default), llama-server, vllm, ollama, or the path "
		  "of a profile (needs config.manage)." },
	{ .name = "engine-dir",
	  .kind = GH_OPT_FILE,
	  .value = "DIR",
	  AT(engine_dir),
	  .about = "Take {engine} of the profile from here (where the profile says; needs config.manage)." },
	{ .name = "file",
	  .kind = GH_OPT_FILE,
	  .value = "PATH",
	  AT(file),
	  .about = "Say which file of the model to run, when it has several GGUF files." },
	{ .name = "evidence",
	  .kind = GH_OPT_CHOICE,
	  .value = "software|tpm",
	  AT(evidence),
	  .about = "Prove it by this: the node's word, or a quote of the host's TPM besides (software)." },
	{ .name = "min-evidence",
	  .kind = GH_OPT_CHOICE,
	  .value = "software|tpm|enclave|vm-tee",
	  AT(least),
	  .about = "Release the key on evidence of this class or better only (software)." },
	{ .name = "accept-measurement",
	  .kind = GH_OPT_FILE,
	  .value = "DIGEST",
	  AT(accept),
	  .about = "Trust this new build of stub, engine and libraries from now on (needs policy.set)." },
	{ .name = "restart",
	  .kind = GH_OPT_CHOICE,
	  .value = "none|on-failure",
	  AT(restart),
	  .about = "Let `gatehouse serve` start it again when it dies (none)." },
	{ .name = "max-attempts",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .max = 1000000,
	  AT(attempts),
	  .about = "Quarantine it when its engine has tried more than N things that it may not (10, or what the policy "
		   "says)." },
	{ .name = "memory",
	  .kind = GH_OPT_MIB,
	  .value = "SIZE",
	  .min = 1 << 20,
	  .max = UINT64_C(1) << 46,
	  AT(memory),
	  .about = "Give it this much memory beside the model (the engine's profile says)." },
	{ .name = "cpu",
	  .kind = GH_OPT_NUMBER,
	  .value = "PERCENT",
	  .min = 1,
	  .max = 100000,
	  AT(cpu),
	  .about = "Give it this share of one processor, 200 for two (no limit)." },
	{ .name = "threads",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 512,
	  AT(threads),
	  .about = "Let the engine use N threads (1)." },
	{ .name = "context",
	  .kind = GH_OPT_NUMBER,
	  .value = "TOKENS",
	  .min = 64,
	  .max = 1 << 24,
	  AT(context),
	  .about = "Give each conversation room for this many tokens (4096)." },
	{ .name = "parallel",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 256,
	  AT(parallel),
	  .about = "Answer N requests at a time (4)." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static void number(struct gh_jout *j, const char *name, uint64_t v)
{
	if (v != 0)
		gh_jout_number(j, name, v);
}

static void question(const struct args *a, const char *model, struct gh_buf *in)
{
	static const char *const classes[] = { "software", "tpm", "enclave", "vm-tee" };
	struct gh_jout j = gh_jout(in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	if (a->name != NULL)
		gh_jout_str(&j, "name", a->name);
	if (a->engine != NULL)
		gh_jout_str(&j, "engine", a->engine);
	if (a->engine_dir != NULL)
		gh_jout_str(&j, "engine_dir", a->engine_dir);
	if (a->file != NULL)
		gh_jout_str(&j, "file", a->file);
	if (a->accept != NULL)
		gh_jout_str(&j, "accept", a->accept);
	gh_jout_str(&j, "isolation", a->isolation == 0 ? "sandbox" : "microvm");
	gh_jout_str(&j, "least", classes[a->least]);
	gh_jout_str(&j, "evidence", a->evidence == 0 ? "software" : "tpm");
	gh_jout_str(&j, "restart", a->restart == 0 ? "none" : "on-failure");
	if (a->attempts != ATTEMPTS_UNSAID)
		gh_jout_number(&j, "tolerated", a->attempts);
	number(&j, "memory", a->memory);
	number(&j, "cpu", a->cpu);
	number(&j, "threads", a->threads);
	number(&j, "context", a->context);
	number(&j, "parallel", a->parallel);
	gh_jout_close(&j, '}');
}

/* The daemon has another working directory, and a deployment that is started again none that counts: paths go there whole. */
static bool whole(struct gh_cli *cli, const char *what, const char **path, char room[PATH_MAX])
{
	if (realpath(*path, room) == NULL) {
		gh_cli_error(cli, "%s %s: %s", what, *path, strerror(errno));
		return false;
	}
	*path = room;
	return true;
}

static bool whole_paths(struct gh_cli *cli, struct args *a, char engine[PATH_MAX], char dir[PATH_MAX])
{
	const size_t n = a->engine == NULL ? 0 : strlen(a->engine);
	const bool path = n > 0 &&
			  (strchr(a->engine, '/') != NULL || (n > 5 && strcmp(a->engine + n - 5, ".yaml") == 0));
	return (!path || whole(cli, "engine profile", &a->engine, engine)) &&
	       (a->engine_dir == NULL || whole(cli, "directory of the engine", &a->engine_dir, dir));
}

static void text(const struct gh_jval *v, struct gh_buf *doc)
{
	const struct gh_jval *e = gh_jget(v, "evidence"), *t = gh_jget(v, "timings_ms");
	gh_buf_fmt(doc, "%s runs %s\n", gh_verbs_cell(v, "name"), gh_verbs_cell(v, "model"));
	gh_buf_fmt(doc, "  isolation    %s, engine %s\n", gh_verbs_cell(v, "isolation"), gh_verbs_cell(v, "engine"));
	gh_buf_fmt(doc, "  evidence     class %s (%s)\n", gh_verbs_cell(e, "class"), gh_verbs_cell(e, "kind"));
	gh_buf_fmt(doc, "  measurement  %s\n", gh_verbs_cell(gh_jget(v, "measurements"), "digest"));
	gh_buf_fmt(doc, "  socket       %s\n", gh_verbs_cell(v, "socket"));
	gh_buf_fmt(doc, "  ready after  %s ms (policy %s, launch %s, evidence %s, key %s, decryption %s, engine %s)\n",
		   gh_verbs_cell(t, "total"), gh_verbs_cell(t, "policy"), gh_verbs_cell(t, "launch"),
		   gh_verbs_cell(t, "attest"), gh_verbs_cell(t, "key"), gh_verbs_cell(t, "decrypt"),
		   gh_verbs_cell(t, "ready"));
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { .attempts = ATTEMPTS_UNSAID };
	struct gh_client c;
	gh_auto_buf in = gh_buf(64 << 10);
	const struct gh_jval *v;
	char engine[PATH_MAX], dir[PATH_MAX];
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (!whole_paths(cli, &a, engine, dir))
		return GH_EXIT_UNFINISHED;
	rc = gh_client_open(cli, &a.client, true, &c);
	if (rc != GH_CLI_GO)
		return rc;
	question(&a, argv[0], &in);
	rc = gh_client_ask(&c, "deploy", &in, -1, &v, NULL);
	if (rc == GH_CLI_GO)
		rc = gh_verbs_print(&c, v, a.format, text);
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_deploy = {
	.name = "deploy",
	.about = "Run a model in isolation; it gets its key after proving what runs.",
	.usage = "[OPTION]... MODEL",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "MODEL is TENANT/[PROJECT/]NAME:VERSION. The policy is asked first (action\n"
		 "deploy); what is not ready, in quarantine, UNSAFE or INCOMPLETE is never run.\n"
		 "It runs on when this command has ended: ps, inspect, logs, chat, stop.\n"
		 "\n"
		 "Exit status: 0 it answers; 1 denied: the policy, the evidence or a check said\n"
		 "no, no key was released; 2 could not be done; 64 wrong usage.",
	.run = run,
};
