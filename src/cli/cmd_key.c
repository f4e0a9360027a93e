/* `gatehouse key status|slots|export|rotate|add-slot|remove-slot|recover`. What concerns slots goes from here to the vault itself,
 * since a secret for a new slot is handed over as a descriptor; the rest are operations like others. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *output, *file, *label, *pcrs, *tpm;
	uint64_t generation;
};
#define AT(field) .at = offsetof(struct args, field)
static const struct gh_opt options[] = {
	GH_OPT_FORMAT(struct args),
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(output),
	  .about = "Write the public key to FILE instead of standard output (export)." },
	{ .name = "generation",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  AT(generation),
	  .about = "Export this generation instead of the current one (export).",
	  .max = 4096 },
	{ .name = "file",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(file),
	  .about = "Read the secret of the new slot, or the recovery key, from FILE (add-slot, recover)." },
	{ .name = "label",
	  .kind = GH_OPT_FILE,
	  .value = "TEXT",
	  AT(label),
	  .about = "Call the new slot so (add-slot)." },
	{ .name = "tpm",
	  .kind = GH_OPT_FILE,
	  .value = "TCTI",
	  AT(tpm),
	  .about = "Reach the TPM in this way (add-slot tpm; device:/dev/tpmrm0)." },
	{ .name = "pcrs",
	  .kind = GH_OPT_FILE,
	  .value = "LIST",
	  AT(pcrs),
	  .about = "Open only while these PCRs stay as they are, such as 0,7 (add-slot tpm)." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

/* ---- operations -------------------------------------------------------------------------------------------------------- */
static void status_text(const struct gh_jval *out, struct gh_buf *doc)
{
	static const char *const slots[] = { "SLOT",  "number",	 "METHOD",  "method", "LABEL",
					     "label", "CREATED", "created", NULL };
	static const char *const keys[] = { "KEY",     "key",	  "GENERATION",	 "generation",	"STATE", "state",
					    "CREATED", "created", "FINGERPRINT", "fingerprint", NULL };
	gh_buf_fmt(doc, "root key: generation %s; tenants with keys: %s; entries of the log that were signed: %s\n\n",
		   gh_verbs_cell(out, "root_generation"), gh_verbs_cell(out, "tenants"),
		   gh_verbs_cell(out, "log_size"));
	gh_verbs_table(doc, gh_jget(out, "slots"), "no slots", slots);
	gh_buf_ch(doc, '\n');
	gh_verbs_table(doc, gh_jget(out, "signing"), "no signing keys", keys);
}

static int status(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)argv;
	(void)n;
	int rc = gh_verbs_ask(c, "key.status", &out, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, status_text) : rc;
}

static int ask_public(struct gh_client *c, const char *key, uint64_t generation, const struct gh_jval **out)
{
	gh_auto_buf in = gh_buf(1024);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "key", key);
	if (generation > 0)
		gh_jout_number(&j, "generation", generation);
	gh_jout_close(&j, '}');
	return gh_client_ask(c, "key.public", &in, -1, out, NULL);
}

/* The current key first, then those it replaced: badges that they signed stay verifiable with this one file. */
static int with_older(struct gh_client *c, const char *key, uint64_t generation, struct gh_buf *pem)
{
	const struct gh_jval *v;
	for (uint64_t g = generation; g-- > 1;) {
		int rc = ask_public(c, key, g, &v);
		if (rc != GH_CLI_GO)
			return rc;
		gh_buf_str(pem, gh_verbs_cell(v, "pem"));
	}
	return GH_CLI_GO;
}

static int export(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	const char *key = n > 0 ? argv[0] : "badge";
	struct gh_err err = { 0 };
	uint64_t generation = 0;
	gh_auto_buf doc = gh_buf(8192), pem = gh_buf(64 << 10);
	int rc = ask_public(c, key, a->generation, &out);
	if (rc != GH_CLI_GO)
		return rc;
	gh_buf_str(&pem, gh_verbs_cell(out, "pem"));
	if (a->generation == 0 && gh_ju64(gh_jget(out, "generation"), &generation))
		rc = with_older(c, key, generation, &pem);
	if (rc != GH_CLI_GO)
		return rc;
	if (a->output != NULL) {
		enum gh_rc wrote = gh_output_write(a->output, gh_buf_view(&pem), &err);
		if (wrote != GH_OK)
			return gh_client_failed(c->cli, wrote, &err);
	}
	if (a->format == GH_FORMAT_JSON)
		return gh_client_json(c->cli, out);
	if (a->output == NULL)
		return gh_cli_print(c->cli, &pem);
	gh_buf_fmt(&doc, "%s key, generation %s, SHA-256 %s: %s\n", gh_verbs_cell(out, "key"),
		   gh_verbs_cell(out, "generation"), gh_verbs_cell(out, "fingerprint"),
		   gh_safe(gh_span_str(a->output)).s);
	return gh_cli_print(c->cli, &doc);
}

static void rotated(const struct gh_jval *out, struct gh_buf *doc)
{
	bool tenant = gh_jget(out, "rewrapped") != NULL;
	gh_buf_fmt(doc, "%s key: generation %s", gh_verbs_cell(out, "key"), gh_verbs_cell(out, "generation"));
	if (tenant)
		gh_buf_fmt(doc, "; %s keys of blobs were wrapped again, no blob was touched",
			   gh_verbs_cell(out, "rewrapped"));
	gh_buf_ch(doc, '\n');
}

static int rotate(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	int rc = gh_verbs_ask(c, "key.rotate", &out, "key", argv[0], "tenant", n > 1 ? argv[1] : NULL,
			      (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, rotated) : rc;
}

/* ---- slots ------------------------------------------------------------------------------------------------------------- */
static enum gh_vault_method method_named(const char *name)
{
	for (enum gh_vault_method m = GH_VAULT_PASSPHRASE; m < GH_VAULT_METHODS_END; m++)
		if (strcmp(gh_vault_method_name(m), name) == 0)
			return m;
	return 0;
}

static bool pcrs_of(const char *text, uint32_t *out)
{
	*out = 0;
	for (const char *p = text; p != NULL && *p != '\0';) {
		char *end;
		errno = 0;
		unsigned long v = strtoul(p, &end, 10);
		if (end == p || *p < '0' || *p > '9' || v > 23 || (*end != '\0' && (*end != ',' || end[1] == '\0')))
			return false;
		*out |= 1u << v;
		p = *end == ',' ? end + 1 : end;
	}
	return true;
}

/* A file that holds a secret, for the vault; it is not read here. */
static int secret_file(struct gh_cli *cli, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		gh_cli_error(cli, "'%s': %s", gh_safe(gh_span_str(path)).s, strerror(errno));
	} else if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		gh_cli_error(cli, "'%s' can be read by others: chmod 600 it", gh_safe(gh_span_str(path)).s);
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

static int from_file_or_terminal(struct gh_client *c, const char *path, const char *prompt)
{
	struct gh_err err = { 0 };
	if (path != NULL)
		return secret_file(c->cli, path);
	int fd = c->how.ask(c->how.arg, prompt, &err);
	if (fd < 0)
		(void)gh_client_failed(c->cli, GH_E_DENIED, &err);
	return fd;
}

/* Log it first: no change is without an entry. */
static int note(struct gh_client *c, const char *slot, const char *action, struct gh_err *err)
{
	const struct gh_jval *out;
	gh_auto_buf in = gh_buf(1024);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "slot", slot);
	gh_jout_str(&j, "action", action);
	gh_jout_close(&j, '}');
	enum gh_rc rc = gh_service_step(c->service, c->how.api_key, "key.slot", gh_buf_view(&in), -1, &c->arena, &out,
					NULL, err);
	return rc == GH_OK ? GH_CLI_GO : gh_client_failed(c->cli, rc, err);
}

static int add_slot(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	struct gh_err err = { 0 };
	struct gh_vault *v;
	struct gh_vault_secret s = { .method = method_named(argv[0]), .fd = -1, .label = a->label };
	unsigned number = 0;
	(void)n;
	int rc = note(c, argv[0], "add", &err);
	if (rc != GH_CLI_GO)
		return rc;
	(void)pcrs_of(a->pcrs, &s.pcrs);
	enum gh_rc got = gh_service_vault(c->service, &v, &err);
	if (got == GH_OK && s.method != GH_VAULT_TPM) {
		s.fd = from_file_or_terminal(c, a->file, "New passphrase of the slot");
		if (s.fd < 0)
			return GH_EXIT_UNFINISHED;
	}
	if (got == GH_OK)
		got = gh_vault_slot_add(v, &s, &number, &err);
	if (s.fd >= 0)
		(void)close(s.fd);
	if (got != GH_OK)
		return gh_client_failed(c->cli, got, &err);
	gh_auto_buf doc = gh_buf(1024);
	if (a->format == GH_FORMAT_JSON)
		gh_buf_fmt(&doc, "{\"number\": %u}\n", number);
	else
		gh_buf_fmt(&doc, "slot %u (%s) opens the root key from now on\n", number, argv[0]);
	return gh_cli_print(c->cli, &doc);
}

static int remove_slot(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	struct gh_err err = { 0 };
	struct gh_vault *v;
	struct gh_vp_slot slot[GH_VP_SLOTS];
	size_t slots = 0;
	unsigned number = (unsigned)strtoul(argv[0], NULL, 10);
	const char *method = NULL;
	(void)n;
	enum gh_rc rc = gh_service_vault(c->service, &v, &err);
	if (rc == GH_OK)
		rc = gh_vault_slots(v, slot, &slots, &err);
	for (size_t i = 0; i < slots; i++)
		if (slot[i].number == number)
			method = gh_vault_method_name((enum gh_vault_method)slot[i].method);
	if (rc == GH_OK && method == NULL)
		rc = gh_fail(&err, GH_E_ABSENT, "there is no slot %u; 'gatehouse key slots' lists them", number);
	if (rc == GH_OK) {
		int told = note(c, method, "remove", &err);
		if (told != GH_CLI_GO)
			return told;
		rc = gh_vault_slot_remove(v, number, &err);
	}
	if (rc != GH_OK)
		return gh_client_failed(c->cli, rc, &err);
	gh_auto_buf doc = gh_buf(1024);
	if (a->format == GH_FORMAT_JSON)
		gh_buf_fmt(&doc, "{\"removed\": %u}\n", number);
	else
		gh_buf_fmt(&doc, "slot %u (%s) opens nothing any more\n", number, method);
	return gh_cli_print(c->cli, &doc);
}

/* A new passphrase in place of all earlier ones, and a new recovery key in place of the one that was just shown to a machine. */
static enum gh_rc replace(struct gh_vault *v, int fd, char recovery[GH_VP_RECOVERY], struct gh_err *err)
{
	struct gh_vp_slot slot[GH_VP_SLOTS];
	struct gh_vault_secret s = { .method = GH_VAULT_PASSPHRASE, .fd = fd };
	size_t n = 0;
	unsigned number = 0;
	enum gh_rc rc = gh_vault_slots(v, slot, &n, err);
	if (rc == GH_OK)
		rc = gh_vault_slot_add(v, &s, &number, err);
	for (size_t i = 0; rc == GH_OK && i < n; i++)
		if (slot[i].method == GH_VAULT_PASSPHRASE)
			rc = gh_vault_slot_remove(v, slot[i].number, err);
	return rc == GH_OK ? gh_vault_recovery_new(v, recovery, err) : rc;
}

static int recover(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	struct gh_err err = { 0 };
	struct gh_vault *v;
	char recovery[GH_VP_RECOVERY] = "";
	const char *file = a->client.passphrase_file != NULL ? a->client.passphrase_file
							     : getenv("GATEHOUSE_PASSPHRASE_FILE");
	(void)argv;
	(void)n;
	int rc = note(c, "recovery", "used", &err);
	if (rc != GH_CLI_GO)
		return rc;
	int fd = from_file_or_terminal(c, file != NULL && file[0] != '\0' ? file : NULL, "New passphrase");
	if (fd < 0)
		return GH_EXIT_UNFINISHED;
	enum gh_rc got = gh_service_vault(c->service, &v, &err);
	if (got == GH_OK)
		got = replace(v, fd, recovery, &err);
	(void)close(fd);
	if (got != GH_OK)
		return gh_client_failed(c->cli, got, &err);
	gh_auto_buf doc = gh_buf(1024);
	if (a->format == GH_FORMAT_JSON)
		gh_buf_fmt(&doc, "{\"recovery_key\": \"%s\"}\n", recovery);
	else
		gh_buf_fmt(&doc,
			   "The new passphrase opens the keys; earlier ones do not any more.\n\n"
			   "  Recovery key    %s\n"
			   "                  It replaces the one you used. It is shown once: write it down.\n",
			   recovery);
	explicit_bzero(recovery, sizeof recovery);
	return gh_cli_print(c->cli, &doc);
}

/* Without opening anything: who lost a passphrase sees here what else there is. */
static int slots_only(struct gh_cli *cli, const struct args *a)
{
	struct gh_client c;
	struct gh_err err = { 0 };
	struct gh_vault *v;
	struct gh_vp_slot slot[GH_VP_SLOTS];
	size_t n = 0;
	int rc = gh_client_how(cli, &a->client, &c);
	if (rc != GH_CLI_GO)
		return rc;
	enum gh_rc got = gh_service_open_vault(&c.how, &c.service, &err);
	if (got == GH_OK)
		got = gh_service_vault(c.service, &v, &err);
	if (got == GH_OK)
		got = gh_vault_slots(v, slot, &n, &err);
	gh_auto_buf doc = gh_buf(8192);
	if (got == GH_OK && a->format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		gh_jout_open(&j, "slots", '[');
		for (size_t i = 0; i < n; i++) {
			gh_jout_open(&j, NULL, '{');
			gh_jout_number(&j, "number", slot[i].number);
			gh_jout_str(&j, "method", gh_vault_method_name((enum gh_vault_method)slot[i].method));
			gh_jout_str(&j, "label", slot[i].label);
			gh_jout_close(&j, '}');
		}
		gh_jout_close(&j, ']');
		gh_jout_close(&j, '}');
	}
	for (size_t i = 0; got == GH_OK && a->format != GH_FORMAT_JSON && i < n; i++)
		gh_buf_fmt(&doc, "%u  %-11s %s\n", slot[i].number,
			   gh_vault_method_name((enum gh_vault_method)slot[i].method),
			   gh_safe(gh_span_str(slot[i].label)).s);
	if (got != GH_OK)
		(void)gh_client_failed(cli, got, &err);
	rc = got == GH_OK ? gh_cli_print(cli, &doc) : GH_EXIT_UNFINISHED;
	gh_client_close(&c);
	return rc;
}

/* The service of this very process, with keys, opened by what `how` says: never a daemon, whose vault has other work. */
static int with_vault(struct gh_cli *cli, const struct args *a, bool recovery,
		      int (*fn)(struct gh_client *c, const void *args, char **argv, size_t n), char **argv, size_t n)
{
	struct gh_client c;
	struct gh_err err = { 0 };
	int rc = gh_client_how(cli, &a->client, &c);
	if (rc != GH_CLI_GO)
		return rc;
	c.how.keys = c.how.alone = true;
	c.how.tpm = a->tpm;
	if (recovery) {
		c.how.secret = (struct gh_vault_secret){ .method = GH_VAULT_RECOVERY,
							 .fd = from_file_or_terminal(&c, a->file, "Recovery key") };
		if (c.how.secret.fd < 0)
			return GH_EXIT_UNFINISHED;
	}
	enum gh_rc got = gh_service_open(&c.how, &c.service, &err);
	if (got == GH_OK) {
		rc = fn(&c, a, argv, n);
	} else {
		(void)gh_client_failed(cli, got, &err);
		rc = GH_EXIT_UNFINISHED; /* whatever it was: nothing could be opened */
	}
	gh_client_close(&c);
	if (recovery)
		(void)close(c.how.secret.fd);
	return rc;
}

static const struct gh_verb verbs[] = {
	{ "status", "", 0, 0, true, status },
	{ "export", "[badge|log|node]", 0, 1, true, export },
	{ "rotate", "root|badge|node, or tenant NAME", 1, 2, true, rotate },
};

static int add_slot_checked(struct gh_cli *cli, const struct args *a, char **argv, size_t n)
{
	uint32_t pcrs;
	enum gh_vault_method m = n == 2 ? method_named(argv[1]) : 0;
	struct args with = *a;
	if (m == 0 || m == GH_VAULT_RECOVERY)
		return gh_cli_wrong(cli, "add-slot takes passphrase, key-file, credential or tpm%s",
				    m == GH_VAULT_RECOVERY ? "; a new recovery key is made by 'gatehouse key recover'"
							   : "");
	if ((a->pcrs != NULL || a->tpm != NULL) && m != GH_VAULT_TPM)
		return gh_cli_wrong(cli, "--pcrs and --tpm belong to add-slot tpm");
	if (!pcrs_of(a->pcrs, &pcrs))
		return gh_cli_wrong(cli, "--pcrs: a list of numbers from 0 to 23, such as 0,7");
	if (m == GH_VAULT_TPM && a->file != NULL)
		return gh_cli_wrong(cli, "a TPM needs no --file");
	if (m != GH_VAULT_TPM && m != GH_VAULT_PASSPHRASE && a->file == NULL)
		return gh_cli_wrong(
			cli, "--file FILE: which file opens the keys from now on? (32 bytes at least: head -c 32 "
			     "/dev/urandom)");
	if (m == GH_VAULT_TPM && with.tpm == NULL)
		with.tpm = "device:/dev/tpmrm0";
	return with_vault(cli, &with, false, add_slot, argv + 1, 1);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (strcmp(argv[0], "add-slot") == 0)
		return add_slot_checked(cli, &a, argv, n);
	if (strcmp(argv[0], "slots") == 0)
		return n == 1 ? slots_only(cli, &a) : gh_cli_wrong(cli, "slots takes no arguments");
	if (strcmp(argv[0], "recover") == 0)
		return n == 1 ? with_vault(cli, &a, true, recover, argv + 1, 0)
			      : gh_cli_wrong(
					cli,
					"recover takes no arguments: the recovery key is asked, or read from --file");
	if (strcmp(argv[0], "remove-slot") == 0) {
		bool number = n == 2 && argv[1][0] != '\0' && strspn(argv[1], "0123456789") == strlen(argv[1]) &&
			      strlen(argv[1]) < 6;
		return number ? with_vault(cli, &a, false, remove_slot, argv + 1, 1)
			      : gh_cli_wrong(
					cli,
					"remove-slot takes the number of a slot: 'gatehouse key slots' lists them");
	}
	return gh_verbs_run(cli, verbs, sizeof verbs / sizeof *verbs, &a.client, &a, argv, n);
}

const struct gh_cmd gh_cmd_key = {
	.name = "key",
	.about = "Show, export and rotate keys; say what opens them.",
	.usage = "[OPTION]... VERB [ARGUMENT]...",
	.opts = options,
	.min_args = 1,
	.max_args = 3,
	.words = "status slots export rotate add-slot remove-slot recover",
	.notes = "status          ways to open the root key, signing keys, generations\n"
		 "slots           ways to open the root key, without opening it\n"
		 "export          the public key that badges are verified with (badge, log, node)\n"
		 "rotate          root, badge, node, or tenant NAME: a new key; no model is\n"
		 "                encrypted again, old badges stay valid\n"
		 "add-slot        passphrase, key-file, credential or tpm opens the keys too\n"
		 "remove-slot     a slot opens nothing any more; the last one stays\n"
		 "recover         the recovery key in place of a lost passphrase: sets a new\n"
		 "                passphrase and prints a new recovery key\n"
		 "\n"
		 "Exit status: 0 done; 1 denied; 2 could not be done.\n",
	.run = run,
};
