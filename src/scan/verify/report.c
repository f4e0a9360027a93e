/* What was verified, for people and for programs. */
#include "scan/verify/verify.h"
#include "wire/datetime.h"
#include "wire/jout.h"

static const char *verdict_name(enum gh_verify_verdict v)
{
	return v == GH_VERIFY_VALID ? "VALID" : v == GH_VERIFY_INVALID ? "INVALID" : "UNKNOWN";
}

static const char *mode_name(enum gh_vmode m)
{
	static const char *const names[] = { "key", "key and trusted root", "certificate", "trusted root" };
	return names[m];
}

static void line(struct gh_buf *out, const char *what, const char *value)
{
	if (value[0] != '\0')
		gh_buf_fmt(out, "  %-12s %s\n", what, value);
}

static void text_signer(const struct gh_verify_report *r, struct gh_buf *out)
{
	char t[GH_DATETIME_TEXT];
	line(out, "signer", r->text[GH_VERIFY_T_IDENTITY]);
	line(out, "issuer", r->text[GH_VERIFY_T_ISSUER]);
	line(out, "certificate", r->text[GH_VERIFY_T_SUBJECT]);
	if (r->text[GH_VERIFY_T_KEY][0] != '\0')
		gh_buf_fmt(out, "  %-12s %s %s\n", "key", r->text[GH_VERIFY_T_KIND], r->text[GH_VERIFY_T_KEY]);
	for (size_t i = 0; i < r->ntimes; i++)
		if (gh_datetime_write(r->time[i], t))
			line(out, "signed at", t);
	if (r->has_log_index)
		gh_buf_fmt(out, "  %-12s %llu\n", "log index", (unsigned long long)r->log_index);
	line(out, "statement", r->text[GH_VERIFY_T_PREDICATE]);
	if (!r->has_model)
		return;
	line(out, "model", r->name);
	line(out, "root digest", r->root);
	gh_buf_fmt(out, "  %-12s %llu, %llu bytes\n", "files", (unsigned long long)r->files,
		   (unsigned long long)r->bytes);
}

void gh_verify_text(const struct gh_verify_report *r, bool colour, bool verbose, struct gh_buf *out)
{
	static const char *const colours[] = { "\033[32m", "\033[31m", "\033[33m" };
	gh_buf_fmt(out, "%s%s%s", colour ? colours[r->verdict] : "", verdict_name(r->verdict), colour ? "\033[0m" : "");
	gh_buf_fmt(out, "%s%s\n\n", r->why[0] != '\0' ? "  " : "", r->why);
	/* Who a signature is by is known when it is good, and only then. */
	if (r->verdict == GH_VERIFY_VALID) {
		text_signer(r, out);
		gh_buf_ch(out, '\n');
	}
	for (unsigned i = 0; i < GH_VC_CHECKS; i++) {
		enum gh_voutcome o = r->checks.v[i].outcome;
		if (o == GH_VC_NOT_REACHED && !verbose)
			continue;
		gh_buf_fmt(out, "  %-11s %-17s %s\n", gh_voutcome_name(o), gh_vcheck_name((enum gh_vcheck)i),
			   r->checks.v[i].detail[0] != '\0' ? r->checks.v[i].detail
							    : gh_vcheck_about((enum gh_vcheck)i));
	}
	for (size_t i = 0; i < r->problems && i < GH_VERIFY_PROBLEMS; i++)
		gh_buf_fmt(out, "%s  %s: %s\n", i == 0 ? "\n" : "", r->problem[i].file, r->problem[i].why);
	if (r->problems > GH_VERIFY_PROBLEMS)
		gh_buf_fmt(out, "  and %llu more\n", (unsigned long long)(r->problems - GH_VERIFY_PROBLEMS));
}

static void json_checks(const struct gh_verify_report *r, struct gh_jout *j)
{
	gh_jout_open(j, "checks", '[');
	for (unsigned i = 0; i < GH_VC_CHECKS; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", gh_vcheck_name((enum gh_vcheck)i));
		gh_jout_str(j, "outcome", gh_voutcome_name(r->checks.v[i].outcome));
		gh_jout_str(j, "detail", r->checks.v[i].detail);
		gh_jout_str(j, "about", gh_vcheck_about((enum gh_vcheck)i));
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

static void json_signer(const struct gh_verify_report *r, struct gh_jout *j)
{
	static const char *const names[GH_VERIFY_TEXTS] = { "key_sha256", "key_kind",	 "identity",
							    "issuer",	  "certificate", "predicate_type" };
	char t[GH_DATETIME_TEXT];
	gh_jout_open(j, "signer", '{');
	for (unsigned i = 0; i < GH_VERIFY_TEXTS; i++)
		if (r->text[i][0] != '\0')
			gh_jout_str(j, names[i], r->text[i]);
	gh_jout_open(j, "times", '[');
	for (size_t i = 0; i < r->ntimes; i++)
		if (gh_datetime_write(r->time[i], t))
			gh_jout_str(j, NULL, t);
	gh_jout_close(j, ']');
	if (r->has_log_index)
		gh_jout_number(j, "log_index", r->log_index);
	gh_jout_close(j, '}');
}

void gh_verify_json(const struct gh_verify_report *r, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "schema", "gatehouse-verify-report/1");
	gh_jout_str(&j, "version", GH_VERSION);
	gh_jout_str(&j, "verdict", verdict_name(r->verdict));
	gh_jout_str(&j, "reason", r->why);
	gh_jout_str(&j, "trust", mode_name(r->mode));
	json_signer(r, &j);
	if (r->has_model) {
		gh_jout_open(&j, "model", '{');
		gh_jout_str(&j, "name", r->name);
		gh_jout_str(&j, "sha256", r->root);
		gh_jout_str(&j, "method", r->method == GH_OMS_SHARDS ? "shards" : "files");
		gh_jout_str(&j, "hash", gh_oms_md_name(r->md));
		if (r->method == GH_OMS_SHARDS)
			gh_jout_number(&j, "shard_size", r->shard_size);
		gh_jout_number(&j, "files", r->files);
		gh_jout_number(&j, "bytes", r->bytes);
		gh_jout_number(&j, "unsigned", r->extra);
		gh_jout_close(&j, '}');
	}
	json_checks(r, &j);
	gh_jout_open(&j, "problems", '[');
	for (size_t i = 0; i < r->problems && i < GH_VERIFY_PROBLEMS; i++) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "check", gh_vcheck_name(r->problem[i].check));
		gh_jout_str(&j, "file", r->problem[i].file);
		gh_jout_str(&j, "reason", r->problem[i].why);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_number(&j, "problem_count", r->problems);
	gh_jout_close(&j, '}');
}
