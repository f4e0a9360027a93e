/* `gatehouse audit verify|proof|check|show|consistency|cosign|export`: the log of what was decided. Works on files alone: no vault, no
 * database, no daemon; only `cosign` uses the network. */
#include "cli/audit_int.h"

#include "audit/logio.h"
#include "catalog/home.h"
#include "cli/cmds.h"
#include "cli/output.h"
#include "format/format.h"
#include "wire/jout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct gh_opt options[] = {
	{ .name = "home",
	  .kind = GH_OPT_FILE,
	  .value = "DIR",
	  .about = "Use the log of this home ($GATEHOUSE_HOME).",
	  .at = offsetof(struct gh_audit_args, home) },
	{ .name = "log",
	  .kind = GH_OPT_FILE,
	  .value = "DIR",
	  .about = "Use the log that lies in this directory.",
	  .at = offsetof(struct gh_audit_args, log) },
	{ .name = "key",
	  .letter = 'k',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  .about = "Trust this verifier key (key.pub of the log).",
	  .at = offsetof(struct gh_audit_args, key) },
	{ .name = "since",
	  .kind = GH_OPT_FILE,
	  .value = "WHAT",
	  .about = "verify: a checkpoint that was seen before; show, export: an index, or a time such as "
		   "2026-11-22T00:00:00Z.",
	  .at = offsetof(struct gh_audit_args, since) },
	{ .name = "save",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  .about = "verify: keep the checkpoint there when all is well, for the next --since.",
	  .at = offsetof(struct gh_audit_args, save) },
	{ .name = "witness-policy",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  .about = "verify, check: demand the cosignatures of this policy (C2SP tlog-policy); cosign: ask for them.",
	  .at = offsetof(struct gh_audit_args, policy) },
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "PATH",
	  .about = "Write to this file (proof) or new directory (export).",
	  .at = offsetof(struct gh_audit_args, out) },
	{ .name = "kind",
	  .kind = GH_OPT_FILE,
	  .value = "KIND",
	  .about = "show, export: only entries of this kind.",
	  .at = offsetof(struct gh_audit_args, kind) },
	{ .name = "entry",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  .about = "check: the bytes that were logged.",
	  .at = offsetof(struct gh_audit_args, entry) },
	{ .name = "limit",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .about = "show: the last N entries that pass (all).",
	  .at = offsetof(struct gh_audit_args, limit),
	  .min = 1,
	  .max = 1000000000 },
	GH_OPT_FORMAT(struct gh_audit_args),
	{ .name = NULL },
};

/* ---- files -------------------------------------------------------------------------------------------------------------------- */
int gh_audit_complain(struct gh_cli *cli, const struct gh_err *err)
{
	char why[1200];
	gh_cli_error(cli, "%s", gh_err_line(err, why, sizeof why));
	return err->rc == GH_E_DENIED || err->rc == GH_E_MALFORMED ? GH_EXIT_FOUND : GH_EXIT_UNFINISHED;
}

enum gh_rc gh_audit_file(const char *path, size_t max, struct gh_buf *out, struct gh_err *err)
{
	return gh_io_get(AT_FDCWD, path, max, out, err);
}

enum gh_rc gh_audit_key_file(const char *path, struct gh_note_key *out, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_NOTE_VKEY);
	GH_TRY(gh_audit_file(path, GH_NOTE_VKEY, &text, err), err, "the log's verifier key");
	return gh_note_vkey_read(gh_buf_view(&text), out, err) == GH_OK ? GH_OK : gh_fail(err, GH_E_IO, "%.100s", path);
}

enum gh_rc gh_audit_place(const struct gh_audit_args *a, struct gh_audit_place *p, struct gh_err *err)
{
	char home[GH_HOME_PATH], key[sizeof p->path + 16];
	memset(p, 0, sizeof *p);
	p->dir = -1;
	p->checkpoint = gh_buf(GH_NOTE_MAX);
	if (a->log != NULL) {
		(void)snprintf(p->path, sizeof p->path, "%s", a->log);
	} else {
		GH_TRY(gh_home_find(a->home, home, err), err, "audit log");
		(void)snprintf(p->path, sizeof p->path, "%s/log", home);
	}
	p->dir = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0)
		return errno == ENOENT
			       ? gh_fail(err, GH_E_ABSENT,
					 "there is no audit log in %.100s: 'gatehouse init' makes one, --home or --log "
					 "say where it is",
					 p->path)
			       : gh_fail_sys(err, errno, "audit log %.100s", p->path);
	p->tiles.dir = p->dir;
	p->own_key = a->key == NULL;
	(void)snprintf(key, sizeof key, "%s/key.pub", p->path);
	return gh_audit_key_file(a->key == NULL ? key : a->key, &p->key, err);
}

enum gh_rc gh_audit_place_head(struct gh_audit_place *p, struct gh_err *err)
{
	p->checkpoint.n = 0;
	GH_TRY(gh_io_get(p->dir, "checkpoint", GH_NOTE_MAX, &p->checkpoint, err), err, "audit log");
	GH_TRY(gh_checkpoint_open(gh_buf_view(&p->checkpoint), &p->key, &p->note, &p->head, err), err, "audit log");
	p->tiles.size = p->head.size;
	return GH_OK;
}

void gh_audit_place_free(struct gh_audit_place *p)
{
	if (p->dir >= 0)
		close(p->dir);
	gh_buf_free(&p->checkpoint);
}

/* ---- proof ---------------------------------------------------------------------------------------------------------------------- */
enum gh_rc gh_audit_index(struct gh_audit_place *p, const char *text, uint64_t *index, struct gh_err *err)
{
	struct gh_span id = gh_span_str(text);
	char *end;
	if (id.n == 32) {
		GH_TRY(gh_tiles_find(&p->tiles, &id, 1, 0, index, err), err, "looking for the entry");
		return *index == UINT64_MAX ? gh_fail(err, GH_E_ABSENT, "no entry has the id %s", gh_safe(id).s)
					    : GH_OK;
	}
	errno = 0;
	*index = strtoull(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0')
		return gh_fail(err, GH_E_ABSENT, "'%.60s' is neither an index nor an id of 32 digits", gh_safe(id).s);
	return *index < p->head.size ? GH_OK
				     : gh_fail(err, GH_E_ABSENT, "there is no entry %" PRIu64 ": the log has %" PRIu64,
					       *index, p->head.size);
}

enum gh_rc gh_audit_prove(struct gh_audit_place *p, uint64_t index, struct gh_buf *proof, struct gh_err *err)
{
	struct gh_merkle_proof path;
	gh_auto_buf entry = gh_buf(1 << 17);
	GH_TRY(gh_tiles_entry(&p->tiles, index, &entry, err), err, "proof");
	if (!gh_merkle_prove_inclusion(gh_tiles_read, &p->tiles, index, p->head.size, &path))
		return gh_fail(err, GH_E_DENIED, "tiles are missing or cut: 'gatehouse audit verify' names them");
	/* What is handed out is known to hold. */
	struct gh_mhash leaf = gh_merkle_leaf(gh_buf_view(&entry));
	if (!gh_merkle_check_inclusion(&leaf, index, p->head.size, path.h, path.n, &p->head.root))
		return gh_fail(err, GH_E_DENIED,
			       "entry %" PRIu64 " or its tiles were altered: 'gatehouse audit verify' says which",
			       index);
	gh_tlog_proof_write(index, &path, gh_buf_view(&p->checkpoint), proof);
	return proof->full ? gh_fail(err, GH_E_NOMEM, "no memory for a proof") : GH_OK;
}

static int proof_answer(struct gh_cli *cli, const struct gh_audit_args *a, struct gh_audit_place *p, uint64_t index,
			struct gh_buf *proof)
{
	struct gh_err err = { 0 };
	gh_auto_buf doc = gh_buf(1 << 20), entry = gh_buf(1 << 17);
	if (a->out != NULL && gh_output_write(a->out, gh_buf_view(proof), &err) != GH_OK) {
		gh_cli_error(cli, "%s: %s", a->out, err.text[0]);
		return GH_EXIT_UNFINISHED;
	}
	if (a->format == GH_FORMAT_TEXT && a->out == NULL)
		return gh_cli_print(cli, proof);
	if (a->format == GH_FORMAT_TEXT) {
		gh_buf_fmt(&doc, "entry %" PRIu64 " of %" PRIu64 ": proof written to %s\n", index, p->head.size,
			   a->out);
		return gh_cli_print(cli, &doc);
	}
	if (gh_tiles_entry(&p->tiles, index, &entry, &err) != GH_OK)
		return gh_audit_complain(cli, &err);
	struct gh_jout j = gh_jout(&doc);
	gh_jout_open(&j, NULL, '{');
	gh_jout_number(&j, "index", index);
	gh_jout_number(&j, "size", p->head.size);
	gh_jout_str(&j, "origin", p->key.name);
	gh_jout_raw(&j, "entry", gh_buf_cstr(&entry)); /* canonical JSON itself */
	gh_jout_span(&j, "proof", gh_buf_view(proof));
	gh_jout_str(&j, "file", a->out);
	gh_jout_close(&j, '}');
	return gh_cli_print(cli, &doc);
}

static int proof(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv)
{
	struct gh_audit_place p;
	struct gh_err err = { 0 };
	uint64_t index;
	gh_auto_buf doc = gh_buf(GH_NOTE_MAX * 2);
	(void)n;
	int status;
	if (gh_audit_place(a, &p, &err) == GH_OK && gh_audit_place_head(&p, &err) == GH_OK &&
	    gh_audit_index(&p, argv[0], &index, &err) == GH_OK && gh_audit_prove(&p, index, &doc, &err) == GH_OK)
		status = proof_answer(cli, a, &p, index, &doc);
	else
		status = gh_audit_complain(cli, &err);
	gh_audit_place_free(&p);
	return status;
}

/* ---- dispatch --------------------------------------------------------------------------------------------------------------------- */
static const struct verb {
	const char *name;
	size_t min, max;
	const char *wants;
	int (*run)(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv);
} verbs[] = {
	{ "verify", 0, 0, "no argument", gh_audit_verify },
	{ "proof", 1, 1, "the index or the id of an entry", proof },
	{ "check", 1, 1, "a proof file, or a directory that 'audit export' wrote", gh_audit_check_proof },
	{ "show", 0, 1, "at most the index or the id of one entry", gh_audit_show },
	{ "consistency", 1, 1, "a file with an older checkpoint", gh_audit_consistency },
	{ "cosign", 0, 0, "no argument but --witness-policy FILE", gh_audit_cosign },
	{ "export", 0, 0, "no argument but -o DIR", gh_audit_export },
};

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct gh_audit_args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		const struct verb *v = &verbs[i];
		if (strcmp(argv[0], v->name) != 0)
			continue;
		if (n - 1 < v->min || n - 1 > v->max)
			return gh_cli_wrong(cli, "%s takes %s", v->name, v->wants);
		return v->run(cli, &a, n - 1, argv + 1);
	}
	return gh_cli_wrong(cli, "'%s' is not one of verify, proof, check, show, consistency, cosign, export",
			    gh_safe(gh_span_str(argv[0])).s);
}

const struct gh_cmd gh_cmd_audit = {
	.name = "audit",
	.about = "Check, show and prove what the audit log records.",
	.usage = "[OPTION]... verify | proof ENTRY | check PROOF | show [ENTRY] | consistency OLD | cosign | export -o "
		 "DIR",
	.opts = options,
	.min_args = 1,
	.max_args = 2,
	.words = "verify proof check show consistency cosign export",
	.notes = "verify           re-check everything: each entry, each tile, the signed\n"
		 "                 checkpoint, cosignatures, and that history was not rewritten\n"
		 "                 since a checkpoint that was kept (--since, --save)\n"
		 "proof ENTRY      a proof file (C2SP tlog-proof) that an entry stands in the log;\n"
		 "                 ENTRY is an index or the id of an entry\n"
		 "check PROOF      does the proof hold for the bytes in --entry FILE? Needs --key.\n"
		 "                 PROOF may be a directory that export wrote: then all of it\n"
		 "show [ENTRY]     entries as they were logged (--kind, --since, --limit)\n"
		 "consistency OLD  the proof that the log begins with the log of checkpoint OLD\n"
		 "cosign           ask the witnesses of --witness-policy that have a URL to cosign\n"
		 "                 the checkpoint, and keep what they signed beside it\n"
		 "export -o DIR    an evidence pack: entries, proofs, checkpoint, the controls\n"
		 "                 that each kind of entry is evidence for; verifiable offline\n"
		 "\n"
		 "Exit status: 0 all is well, 1 something is wrong, 2 it could not be told.",
	.run = run,
};
