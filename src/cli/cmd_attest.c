/* `gatehouse attest verify|bench|kinds`: is this evidence of hardware genuine, fresh, and good enough? Works on files alone. */
#include "cli/attest_collect.h"
#include "cli/attest_enrol.h"
#include "cli/attest_token.h"
#include "cli/cmds.h"
#include "cli/output.h"
#include "format/format.h"
#include "scan/attest/appraise.h"
#include "wire/datetime.h"
#include "wire/jout.h"

#include <string.h>
#include <time.h>

enum { ROUNDS = 2000, ARENA = 16 << 20 };
#define REPORT_MAX ((size_t)4 << 20)

struct args {
	unsigned format;
	const char *kind, *collateral, *nonce, *report_data, *at, *policy;
	struct gh_opt_files endorsements;
	const char *key, *output, *tcti, *secret, *answer;
	bool token;
	uint64_t rounds;
};
#define AT(field) .at = offsetof(struct args, field)
static const struct gh_opt opts[] = {
	{ .name = "kind",
	  .letter = 'k',
	  .kind = GH_OPT_FILE,
	  .value = "KIND",
	  AT(kind),
	  .about = "Say what kind of evidence FILE is; `gatehouse attest kinds` lists them." },
	{ .name = "endorsements",
	  .letter = 'e',
	  .kind = GH_OPT_FILES,
	  .value = "PATH",
	  AT(endorsements),
	  .about = "Take certificates, keys, signatures and event logs from this file or directory; may be repeated." },
	{ .name = "collateral",
	  .letter = 'c',
	  .kind = GH_OPT_FILE,
	  .value = "DIR",
	  AT(collateral),
	  .about = "Take what the vendor publishes (revocation lists, TCB information) from here." },
	{ .name = "nonce",
	  .kind = GH_OPT_FILE,
	  .value = "HEX",
	  AT(nonce),
	  .about = "Demand that the evidence answers this challenge." },
	{ .name = "report-data",
	  .kind = GH_OPT_FILE,
	  .value = "HEX",
	  AT(report_data),
	  .about = "Demand that the evidence holds this report data; zeros may follow." },
	{ .name = "at",
	  .kind = GH_OPT_FILE,
	  .value = "TIME",
	  AT(at),
	  .about = "Judge as of this moment, such as 2026-11-22T10:00:00Z (now)." },
	{ .name = "policy",
	  .letter = 'p',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(policy),
	  .about = "Judge by this policy (YAML or JSON) instead of the kind's defaults." },
	{ .name = "token",
	  .kind = GH_OPT_FLAG,
	  AT(token),
	  .about = "verify: write the result as a signed token (EAR in a JWT), for those who rely on it." },
	{ .name = "key",
	  .kind = GH_OPT_FILE,
	  .value = "KEY",
	  AT(key),
	  .about = "Sign the token or record with this private key: P-256, P-384 or Ed25519, no passphrase." },
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(output),
	  .about = "Write the token to FILE (to standard output, instead of the report); or what a TPM's enrolment "
		   "makes." },
	{ .name = "tcti",
	  .kind = GH_OPT_FILE,
	  .value = "TCTI",
	  AT(tcti),
	  .about = "identity, activate, collect: reach the TPM so, as tpm2-tss writes it (device:/dev/tpmrm0)." },
	{ .name = "secret",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(secret),
	  .about = "challenge writes, enrol reads: what the enroller keeps to itself in between." },
	{ .name = "answer",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(answer),
	  .about = "enrol: what the TPM answered (attest activate)." },
	{ .name = "rounds",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 50,
	  .max = 100000,
	  AT(rounds),
	  .about = "bench: so many appraisals, cold and again warm (2000)." },
	GH_OPT_FORMAT(struct args),
	{ 0 },
};

/* ---- what is asked -------------------------------------------------------------------------------------------------------- */
static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool hex(const char *text, uint8_t out[GH_ATTEST_NONCE], struct gh_span *bytes)
{
	size_t n = strlen(text);
	if (n == 0 || n % 2 != 0 || n > (size_t)2 * GH_ATTEST_NONCE)
		return false;
	for (size_t i = 0; i < n; i++) {
		int d = digit(text[i]);
		if (d < 0)
			return false;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | d);
	}
	*bytes = (struct gh_span){ out, n / 2 };
	return true;
}

static int wrong_kind(struct gh_cli *cli, const char *kind)
{
	gh_auto_buf all = gh_buf(512);
	for (size_t i = 0; i < gh_attest_kinds_n; i++)
		gh_buf_fmt(&all, "%s%s", i == 0 ? "" : ", ", gh_attest_kinds[i]->name);
	return kind == NULL ? gh_cli_wrong(cli, "say what kind of evidence it is: --kind, one of %s", gh_buf_cstr(&all))
			    : gh_cli_wrong(cli, "--kind: '%s' is none of %s", gh_safe(gh_span_str(kind)).s,
					   gh_buf_cstr(&all));
}

/* argv: the evidence, and further endorsements where the shell made several words of one pattern. */
static int job_of(struct gh_cli *cli, const struct args *a, size_t n, char **argv, struct gh_attest_job *job,
		  uint8_t room[2][GH_ATTEST_NONCE])
{
	job->kind = a->kind == NULL ? NULL : gh_attest_kind(a->kind);
	if (job->kind == NULL)
		return wrong_kind(cli, a->kind);
	if (a->nonce != NULL && !hex(a->nonce, room[0], &job->nonce))
		return gh_cli_wrong(cli, "--nonce: 1 to %d bytes in hexadecimal are expected", GH_ATTEST_NONCE);
	if (a->report_data != NULL && !hex(a->report_data, room[1], &job->report_data))
		return gh_cli_wrong(cli, "--report-data: 1 to %d bytes in hexadecimal are expected", GH_ATTEST_NONCE);
	if (a->nonce != NULL && a->report_data != NULL)
		return gh_cli_wrong(cli, "--nonce and --report-data are two ways to say one thing");
	job->at = (int64_t)time(NULL);
	if (a->at != NULL && !gh_datetime_read(gh_span_str(a->at), &job->at))
		return gh_cli_wrong(cli, "--at: '%s' is no time such as 2026-11-22T10:00:00Z",
				    gh_safe(gh_span_str(a->at)).s);
	if (n > 1 && a->endorsements.n == 0)
		return gh_cli_wrong(cli,
				    "one file of evidence is expected; what goes with it is given with --endorsements");
	if (a->endorsements.n + n - 1 > GH_ATTEST_FILES)
		return gh_cli_wrong(cli, "at most %d endorsements are taken", GH_ATTEST_FILES);
	job->evidence = argv[0];
	for (size_t i = 0; i < a->endorsements.n; i++)
		job->endorsement[job->nendorsement++] = a->endorsements.v[i];
	for (size_t i = 1; i < n; i++)
		job->endorsement[job->nendorsement++] = argv[i];
	job->collateral = a->collateral;
	job->policy = a->policy;
	return GH_CLI_GO;
}

/* ---- what is answered ----------------------------------------------------------------------------------------------------- */
static int exit_of(enum gh_attest_verdict v)
{
	return v == GH_ATTEST_ACCEPTED ? GH_EXIT_OK : v == GH_ATTEST_REJECTED ? GH_EXIT_FOUND : GH_EXIT_UNFINISHED;
}

static void head(struct gh_jout *j, const struct gh_attest_job *job, const struct gh_attest_result *r)
{
	char at[GH_DATETIME_TEXT];
	(void)gh_datetime_write(job->at, at);
	gh_jout_str(j, "kind", job->kind->name);
	gh_jout_str(j, "class", gh_attest_class_word(r->cls));
	gh_jout_str(j, "at", at);
}

/* A name that was said before gets a number: an object has each name once. */
static void claim_name(const struct gh_attest_result *r, size_t i, char *out, size_t cap)
{
	unsigned before = 0;
	for (size_t k = 0; k < i; k++)
		before += strcmp(r->claim[k].name, r->claim[i].name) == 0;
	if (before == 0)
		(void)snprintf(out, cap, "%s", r->claim[i].name);
	else
		(void)snprintf(out, cap, "%s.%u", r->claim[i].name, before + 1);
}

static void to_json(const struct gh_attest_job *job, const struct gh_attest_result *r, const char *error,
		    struct gh_buf *doc)
{
	struct gh_jout j = gh_jout(doc);
	char name[GH_ATTEST_NAME + 12];
	enum gh_attest_verdict v = error != NULL ? GH_ATTEST_INCOMPLETE : gh_attest_verdict(r);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "verdict", gh_attest_verdict_word(v));
	head(&j, job, r);
	if (error != NULL)
		gh_jout_str(&j, "error", error);
	gh_jout_open(&j, "checks", '[');
	for (size_t i = 0; i < r->nchecks; i++) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "name", r->check[i].name);
		gh_jout_str(&j, "outcome", gh_attest_outcome_word(r->check[i].outcome));
		gh_jout_str(&j, "detail", r->check[i].detail);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_bool(&j, "claims_trusted", error == NULL && gh_attest_trusted(r));
	gh_jout_open(&j, "claims", '{');
	for (size_t i = 0; i < r->nclaims; i++) {
		claim_name(r, i, name, sizeof name);
		gh_jout_str(&j, name, r->claim[i].value);
	}
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
}

static void to_text(const struct gh_attest_job *job, const struct gh_attest_result *r, struct gh_buf *doc)
{
	static const char *const mark[] = { "ok      ", "FAIL    ", "skipped ", "UNKNOWN " };
	enum gh_attest_verdict v = gh_attest_verdict(r);
	gh_buf_fmt(doc, "%s: %s evidence (class %s)\n\n",
		   v == GH_ATTEST_ACCEPTED   ? "ACCEPTED"
		   : v == GH_ATTEST_REJECTED ? "REJECTED"
					     : "INCOMPLETE",
		   job->kind->name, gh_attest_class_word(r->cls));
	for (size_t i = 0; i < r->nchecks; i++)
		gh_buf_fmt(doc, "  %s%-22s %s\n", mark[r->check[i].outcome], r->check[i].name, r->check[i].detail);
	gh_buf_fmt(doc, "\nClaims%s:\n", gh_attest_trusted(r) ? "" : " (not proven: do not rely on them)");
	for (size_t i = 0; i < r->nclaims; i++)
		gh_buf_fmt(doc, "  %-26s %s\n", r->claim[i].name, r->claim[i].value);
}

static int could_not(struct gh_cli *cli, const struct args *a, const struct gh_attest_job *job,
		     const struct gh_attest_result *r, const struct gh_err *err)
{
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_cli_error(cli, "%s", gh_err_line(err, why, sizeof why));
	if (a->format == GH_FORMAT_JSON) { /* programs get a document, whatever happened */
		gh_auto_buf doc = gh_buf(REPORT_MAX);
		to_json(job, r, why, &doc);
		(void)gh_cli_print(cli, &doc);
	}
	return GH_EXIT_UNFINISHED;
}

/* What can be known to be wrong about the token before anything is judged. */
static int token_key(struct gh_cli *cli, const struct args *a, struct gh_key **key)
{
	struct gh_err err = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	if (!a->token)
		return a->key == NULL && a->output == NULL ? GH_CLI_GO
							   : gh_cli_wrong(cli, "--key and --output go with --token");
	if (a->key == NULL)
		return gh_cli_wrong(cli,
				    "--token: a token that nobody signed proves nothing: say what to sign it with, "
				    "--key KEY");
	if (a->output != NULL && strcmp(a->output, "-") != 0 && gh_output_check(a->output, &err) != GH_OK) {
		gh_cli_error(cli, "--output: %s", gh_err_line(&err, why, sizeof why));
		return GH_EXIT_UNFINISHED;
	}
	return gh_attest_token_key(cli, a->key, key);
}

static int verify(struct gh_cli *cli, const struct args *a, const struct gh_attest_job *job)
{
	gh_auto_key *key = NULL;
	int go = token_key(cli, a, &key);
	if (go != GH_CLI_GO)
		return go;
	gh_auto_arena arena = { .max = ARENA };
	gh_auto_buf doc = gh_buf(REPORT_MAX);
	struct gh_attest_result *r = GH_NEW(&arena, struct gh_attest_result, 1);
	struct gh_err err = { 0 };
	enum gh_rc rc = r == NULL ? GH_E_NOMEM : gh_attest_see(job, &arena, r, NULL, &err);
	if (rc != GH_OK)
		return r == NULL ? GH_EXIT_UNFINISHED : could_not(cli, a, job, r, &err);
	if (a->format == GH_FORMAT_JSON)
		to_json(job, r, NULL, &doc);
	else
		to_text(job, r, &doc);
	const char *output = a->output == NULL ? "-" : a->output;
	int is = exit_of(gh_attest_verdict(r)),
	    told = a->token ? gh_attest_token(cli, key, output, job, r) : GH_EXIT_OK,
	    said = a->token && strcmp(output, "-") == 0 ? GH_EXIT_OK : gh_cli_print(cli, &doc);
	return is != GH_EXIT_OK ? is : told != GH_EXIT_OK ? told : said;
}

static int bench(struct gh_cli *cli, const struct args *a, struct gh_attest_job *job)
{
	gh_auto_arena arena = { .max = ARENA };
	gh_auto_buf doc = gh_buf(REPORT_MAX);
	struct gh_attest_result *r = GH_NEW(&arena, struct gh_attest_result, 1);
	struct gh_attest_rates rates;
	struct gh_err err = { 0 };
	job->rounds = a->rounds != 0 ? (uint32_t)a->rounds : ROUNDS;
	enum gh_rc rc = r == NULL ? GH_E_NOMEM : gh_attest_see(job, &arena, r, &rates, &err);
	if (rc != GH_OK)
		return r == NULL ? GH_EXIT_UNFINISHED : could_not(cli, a, job, r, &err);
	const char *verdict = gh_attest_verdict_word(gh_attest_verdict(r));
	if (a->format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		head(&j, job, r);
		gh_jout_str(&j, "verdict", verdict);
		gh_jout_number(&j, "rounds", job->rounds);
		gh_jout_real(&j, "cold_per_second", rates.cold);
		gh_jout_real(&j, "warm_per_second", rates.warm);
		gh_jout_real(&j, "cold_per_cpu_second", rates.cpu_cold);
		gh_jout_real(&j, "warm_per_cpu_second", rates.cpu_warm);
		gh_jout_close(&j, '}');
	} else {
		gh_buf_fmt(&doc,
			   "%s, %s: %.0f/s cold, %.0f/s warm (%u appraisals each, one core); by processor time %.0f/s "
			   "cold, "
			   "%.0f/s warm\n",
			   job->kind->name, verdict, rates.cold, rates.warm, job->rounds, rates.cpu_cold,
			   rates.cpu_warm);
	}
	return gh_cli_print(cli, &doc);
}

static int kinds(struct gh_cli *cli, const struct args *a)
{
	static const char *const type[] = { "true|false", "number", "hex list", "word list" };
	gh_auto_buf doc = gh_buf(REPORT_MAX);
	struct gh_jout j = gh_jout(&doc);
	bool json = a->format == GH_FORMAT_JSON;
	if (json)
		gh_jout_open(&j, NULL, '[');
	for (size_t i = 0; i < gh_attest_kinds_n; i++) {
		const struct gh_attest_kind *k = gh_attest_kinds[i];
		if (json) {
			gh_jout_open(&j, NULL, '{');
			gh_jout_str(&j, "kind", k->name);
			gh_jout_str(&j, "class", gh_attest_class_word(k->cls));
			gh_jout_str(&j, "about", k->about);
			gh_jout_str(&j, "files", k->files);
			gh_jout_open(&j, "policy", '[');
		} else {
			gh_buf_fmt(&doc, "%s%s (%s)\n  %s\n  %s\n  policy:\n", i == 0 ? "" : "\n", k->name,
				   gh_attest_class_word(k->cls), k->about, k->files);
		}
		for (const struct gh_attest_key *key = k->keys; key != NULL && key->name != NULL; key++) {
			if (!json) {
				gh_buf_fmt(&doc, "    %-26s %-10s %s\n", key->name, type[key->type], key->about);
				continue;
			}
			gh_jout_open(&j, NULL, '{');
			gh_jout_str(&j, "name", key->name);
			gh_jout_str(&j, "type", type[key->type]);
			gh_jout_str(&j, "about", key->about);
			gh_jout_close(&j, '}');
		}
		if (json) {
			gh_jout_close(&j, ']');
			gh_jout_close(&j, '}');
		}
	}
	if (json)
		gh_jout_close(&j, ']');
	return gh_cli_print(cli, &doc);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_attest_job job = { 0 };
	uint8_t room[2][GH_ATTEST_NONCE] = { 0 };
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (gh_attest_enrol_is(argv[0])) {
		const struct gh_attest_enrol o = { a.tcti, a.secret, a.answer, a.key, a.output };
		return gh_attest_enrol(cli, argv[0], &o, n - 1, argv + 1);
	}
	if (strcmp(argv[0], "collect") == 0) {
		if (n != 2)
			return gh_cli_wrong(cli, "collect: one way to get evidence is expected, tpm or tsm");
		if (a.report_data != NULL && !hex(a.report_data, room[1], &job.report_data))
			return gh_cli_wrong(cli, "--report-data: 1 to %d bytes in hexadecimal are expected",
					    GH_ATTEST_NONCE);
		return gh_attest_collect(cli, argv[1], job.report_data, a.tcti, a.output);
	}
	if (a.tcti != NULL || a.secret != NULL || a.answer != NULL)
		return gh_cli_wrong(cli, "--tcti, --secret and --answer go with collect and the enrolment of a TPM");
	bool is_verify = strcmp(argv[0], "verify") == 0, is_bench = strcmp(argv[0], "bench") == 0;
	if (strcmp(argv[0], "kinds") == 0)
		return n == 1 ? kinds(cli, &a) : gh_cli_wrong(cli, "kinds takes no argument");
	if (!is_verify && !is_bench)
		return gh_cli_wrong(cli,
				    "'%s' is none of verify, bench, kinds, collect, identity, challenge, "
				    "activate, enrol",
				    gh_safe(gh_span_str(argv[0])).s);
	if (n < 2)
		return gh_cli_wrong(cli, "say which file holds the evidence: attest %s FILE --kind KIND",
				    is_bench ? "bench" : "verify");
	if (is_bench && (a.token || a.key != NULL || a.output != NULL))
		return gh_cli_wrong(cli, "--token, --key and --output go with verify");
	if (a.rounds != 0 && !is_bench)
		return gh_cli_wrong(cli, "--rounds goes with bench");
	rc = job_of(cli, &a, n - 1, argv + 1, &job, room);
	if (rc != GH_CLI_GO)
		return rc;
	return is_bench ? bench(cli, &a, &job) : verify(cli, &a, &job);
}

const struct gh_cmd gh_cmd_attest = {
	.name = "attest",
	.about = "Judge whether evidence of confidential hardware is genuine, fresh and good enough.",
	.usage = "verify|bench FILE --kind KIND [OPTION]... | kinds | collect tpm|tsm | "
		 "identity|challenge|activate|enrol ...",
	.opts = opts,
	.min_args = 1,
	.max_args = 2 + GH_ATTEST_FILES,
	.words = "verify bench kinds collect identity challenge activate enrol",
	.notes = "verify  judges FILE offline, against roots of the vendors that are compiled in,\n"
		 "        and lists every check with its outcome, and what the evidence claims.\n"
		 "bench   says how many appraisals per second one core does: cold (nothing is\n"
		 "        remembered) and warm (verified endorsements are, the evidence is not).\n"
		 "kinds   lists the kinds of evidence, the files that each wants, and what a\n"
		 "        policy may say.\n"
		 "\n"
		 "With --token the result is written for others: an EAT Attestation Result\n"
		 "(draft-ietf-rats-ear) as a JWT, signed by --key, valid for five minutes.\n"
		 "\n"
		 "collect asks this machine for evidence over --report-data (a TPM through\n"
		 "tpm2-tss, SEV-SNP or TDX through configfs-tsm), writes it to --output DIR, and\n"
		 "says how to judge it elsewhere.\n"
		 "\n"
		 "A TPM's attestation key is bound to its endorsement key once, in four steps:\n"
		 "  identity -o DIR                     on the host: ek.crt, ek.pub, ak.pub\n"
		 "  challenge EK.CRT AK.PUB -o C --secret S   on yours: for that TPM only\n"
		 "  activate C -o A                     on the host: what only it can answer\n"
		 "  enrol EK.CRT AK.PUB [CHAIN.CRT]... --secret S --answer A --key K -o R\n"
		 "R is a record, signed by K, to be given with --endorsements; the policy names\n"
		 "K in enrolled_by.\n"
		 "\n"
		 "Without --nonce or --report-data nobody knows how old the evidence is, and\n"
		 "without a policy any measurement will do: then \"accepted\" says that it is\n"
		 "genuine, and no more.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   accepted\n"
		 "  1   rejected: a check failed\n"
		 "  2   incomplete: something that is needed was not given, or cannot be read\n"
		 "  64  wrong usage; nothing was judged",
	.run = run,
};
