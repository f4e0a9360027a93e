/* `gatehouse measure`: what a deployment executes, as reference values for policies. */
#include "cli/cmds.h"
#include "runtime/engines.h"
#include "runtime/vm/machine.h"
#include "wire/jout.h"

enum { ARENA = 4 << 20, DOC = 1 << 20 };

struct args {
	unsigned format, isolation;
	const char *engine, *dir;
};
static const struct gh_opt opts[] = {
	{ .name = "engine",
	  .kind = GH_OPT_FILE,
	  .value = "ENGINE",
	  .about = "Measure this engine: llama, llama-server, vllm, ollama, or the path of a profile (llama).",
	  .at = offsetof(struct args, engine) },
	{ .name = "engine-dir",
	  .kind = GH_OPT_FILE,
	  .value = "DIR",
	  .about = "Take {engine} of the profile from here (where gatehouse-engine is installed).",
	  .at = offsetof(struct args, dir) },
	{ .name = "isolation",
	  .kind = GH_OPT_CHOICE,
	  .value = "sandbox|microvm",
	  .about = "Measure what runs in a sandbox, or in a machine with its kernel (sandbox).",
	  .at = offsetof(struct args, isolation) },
	GH_OPT_FORMAT(struct args),
	{ .name = NULL },
};

static void hex(char out[65], const uint8_t d[32])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = digits[d[i] >> 4];
		out[2 * i + 1] = digits[d[i] & 15];
	}
	out[64] = '\0';
}

static void to_json(const struct gh_engine_profile *p, const struct gh_measurement *m, struct gh_buf *doc)
{
	struct gh_jout j = gh_jout(doc);
	char text[65];
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "engine", p->name);
	hex(text, m->digest);
	gh_jout_str(&j, "measurement", text);
	gh_jout_open(&j, "parts", '[');
	for (size_t i = 0; i < m->nparts; i++) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "kind", gh_part_word(m->part[i].kind));
		gh_jout_str(&j, "name", m->part[i].name);
		hex(text, m->part[i].sha256);
		gh_jout_str(&j, "sha256", text);
		gh_jout_number(&j, "size", m->part[i].size);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	gh_auto_arena arena = { .max = ARENA };
	gh_auto_buf doc = gh_buf(DOC);
	struct gh_engine_profile p;
	struct gh_engine_image *image = NULL;
	struct gh_vm_image *vm = NULL;
	struct gh_err err = { 0 };
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	size_t n;
	int go = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (go != GH_CLI_GO)
		return go;
	enum gh_rc rc = gh_engine_named(&arena, a.engine == NULL ? gh_engine_name_at(0) : a.engine, &p, &err);
	if (rc == GH_OK)
		rc = gh_engine_load(&p, a.dir, &image, &err);
	if (rc == GH_OK && a.isolation != 0)
		rc = gh_vm_load(image, GH_VM_Q35, gh_vm_accel_here(), &vm, &err);
	if (rc != GH_OK) {
		gh_engine_free(image);
		gh_cli_error(cli, "%s", gh_err_line(&err, line, sizeof line));
		return GH_EXIT_UNFINISHED;
	}
	const struct gh_measurement *m = vm != NULL ? &vm->measured : gh_engine_measurement(image);
	if (a.format == GH_FORMAT_JSON)
		to_json(&p, m, &doc);
	else {
		hex(line, m->digest);
		gh_buf_fmt(&doc, "%s\n\n", line);
		gh_measure_text(m, &doc);
	}
	gh_vm_free(vm);
	gh_engine_free(image);
	return gh_cli_print(cli, &doc);
}

const struct gh_cmd gh_cmd_measure = {
	.name = "measure",
	.about = "Say what a deployment executes, as reference values for policies.",
	.usage = "[OPTION]...",
	.opts = opts,
	.notes = "Digests stub, engine, libraries, system call filter and configuration: the\n"
		 "very bytes that would be executed. The measurement is the SHA-256 of the list\n"
		 "that --format text prints after the empty line; the same files give the same\n"
		 "one on every machine.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   measured\n"
		 "  2   something of the engine is missing or cannot be read\n"
		 "  64  wrong usage",
	.run = run,
};
