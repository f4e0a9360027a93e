/* SARIF 2.1.0 (OASIS Standard) for code-scanning services and editors. Section numbers are the standard's. */
#include "crypto/digest.h"
#include "wire/jout.h"
#include "scan/report_parts.h"

#include <ctype.h>
#include <stdlib.h>

enum { RULES_MAX = 4096, NO_RULE = -1 };

/* The rules that occur, sorted by id: the same findings give the same indexes. */
struct used {
	const struct gh_rule *rule[RULES_MAX];
	size_t n;
};

struct sarif {
	struct gh_jout j;
	struct used *used;
	struct gh_sha256 *hash; /* NULL: no fingerprints */
};

/* Where the id stands, or would have to be inserted. */
static size_t rule_slot(const struct used *u, const char *id)
{
	size_t lo = 0, hi = u->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (strcmp(u->rule[mid]->id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int rule_index(const struct used *u, const struct gh_rule *rule)
{
	size_t at = rule_slot(u, rule->id);
	return at < u->n && strcmp(u->rule[at]->id, rule->id) == 0 ? (int)at : NO_RULE;
}

static void collect_rules(struct used *u, const struct gh_scan_report *r)
{
	for (size_t i = 0; i < r->nfile; i++)
		for (size_t k = 0; k < r->file[i].nfinding; k++) {
			const struct gh_rule *rule = r->file[i].finding[k].rule;
			if (u->n == RULES_MAX || rule_index(u, rule) != NO_RULE)
				continue;
			size_t at = rule_slot(u, rule->id);
			memmove(&u->rule[at + 1], &u->rule[at], (u->n - at) * sizeof u->rule[0]);
			u->rule[at] = rule;
			u->n++;
		}
}

/* 3.27.10. What blocks is an error; what a person must look at, or what could not be read, is a warning. */
static const char *level(const struct gh_rule *rule)
{
	static const char *const levels[GH_VERDICTS] = {
		[GH_CLEAN] = "note", [GH_REVIEW] = "warning", [GH_INCOMPLETE] = "warning", [GH_UNSAFE] = "error"
	};
	return levels[rule->effect];
}

/* The scale that code-scanning services read from security-severity: over 9 critical, 7 high, 4 medium. */
static const char *score(const struct gh_rule *rule)
{
	static const char *const scores[GH_SEVERITIES] = {
		[GH_INFO] = "0.0", [GH_LOW] = "3.0", [GH_MEDIUM] = "5.5", [GH_HIGH] = "8.0", [GH_CRITICAL] = "9.5"
	};
	return scores[rule->severity];
}

/* A message object (3.11). "[text](target)" in it is a link (3.11.6): hostile text must not be able to make one. */
static void put_message(struct gh_jout *j, const char *key, struct gh_buf *text)
{
	gh_auto_buf safe = gh_buf(text->max + text->max / 2);
	for (size_t i = 0; i < text->n; i++) {
		gh_buf_ch(&safe, (char)text->p[i]);
		if (text->p[i] == ']' && i + 1 < text->n && text->p[i + 1] == '(')
			gh_buf_ch(&safe, ' ');
	}
	gh_jout_open(j, key, '{');
	gh_jout_span(j, "text", gh_buf_view(&safe));
	gh_jout_close(j, '}');
}

static void put_text(struct gh_jout *j, const char *key, const char *text)
{
	gh_jout_open(j, key, '{');
	gh_jout_str(j, "text", text == NULL ? "" : text);
	gh_jout_close(j, '}');
}

/* 3.4.3: a relative reference from where the scan ran, or a file URI. */
static void put_uri(struct gh_jout *j, const char *path)
{
	gh_auto_buf uri = gh_buf(1 << 20);
	if (path[0] == '/')
		gh_buf_str(&uri, "file://");
	while (path[0] == '.' && path[1] == '/' && path[2] != '\0')
		path += path[2] == '/' ? 1 : 2; /* "./a" and ".//a" name a */
	gh_percent(&uri, path[0] == '\0' ? "." : path);
	gh_jout_span(j, "uri", gh_buf_view(&uri));
}

static void put_help(struct gh_jout *j, const struct gh_rule *rule)
{
	gh_auto_buf text = gh_buf(64 << 10);
	gh_auto_buf mark = gh_buf(64 << 10);
	gh_buf_fmt(&text, "What an attacker gains: %s\nWhat to do: %s", rule->gain == NULL ? "-" : rule->gain,
		   rule->fix == NULL ? "-" : rule->fix);
	gh_buf_fmt(&mark, "**What an attacker gains.** %s\n\n**What to do.** %s", rule->gain == NULL ? "-" : rule->gain,
		   rule->fix == NULL ? "-" : rule->fix);
	if (rule->refs != NULL && rule->refs[0] != '\0') {
		gh_buf_fmt(&text, "\nReferences: %s", rule->refs);
		gh_buf_fmt(&mark, "\n\n**References.** %s", rule->refs);
	}
	gh_jout_open(j, "help", '{');
	gh_jout_span(j, "text", gh_buf_view(&text));
	gh_jout_span(j, "markdown", gh_buf_view(&mark));
	gh_jout_close(j, '}');
}

/* "external/cwe/cwe-502" is the form that code-scanning services group by; other references stay as they are. */
static void put_tags(struct gh_jout *j, const struct gh_rule *rule)
{
	gh_jout_open(j, "tags", '[');
	gh_jout_str(j, NULL, "security");
	const char *refs = rule->refs;
	for (struct gh_span ref; (ref = gh_next_ref(&refs)).n > 0;) {
		char tag[96] = "external/cwe/";
		size_t n = strlen(tag);
		if (!gh_span_starts(ref, "CWE-") || ref.n >= sizeof tag - n) {
			gh_jout_span(j, NULL, ref);
			continue;
		}
		for (size_t i = 0; i < ref.n; i++)
			tag[n++] = (char)tolower(ref.p[i]);
		gh_jout_span(j, NULL, (struct gh_span){ (const uint8_t *)tag, n });
	}
	gh_jout_close(j, ']');
}

static void put_rule(struct gh_jout *j, const struct gh_rule *rule)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "id", rule->id);
	put_text(j, "shortDescription", rule->title);
	put_text(j, "fullDescription", rule->gain == NULL ? rule->title : rule->gain);
	put_help(j, rule);
	gh_jout_open(j, "defaultConfiguration", '{');
	gh_jout_str(j, "level", level(rule));
	gh_jout_close(j, '}');
	gh_jout_open(j, "properties", '{');
	put_tags(j, rule);
	gh_jout_str(j, "security-severity", score(rule));
	gh_jout_str(j, "severity", gh_severity_name(rule->severity));
	gh_jout_str(j, "effect", rule->effect == GH_CLEAN ? "none" : gh_verdict_name(rule->effect));
	gh_jout_close(j, '}');
	gh_jout_close(j, '}');
}

static void put_driver(struct sarif *s, const struct gh_scan_report *r)
{
	struct gh_jout *j = &s->j;
	gh_jout_open(j, "tool", '{');
	gh_jout_open(j, "driver", '{');
	gh_jout_str(j, "name", "gatehouse");
	gh_jout_str(j, "version", r->scanner);
	gh_jout_open(j, "rules", '[');
	for (size_t i = 0; i < s->used->n; i++)
		put_rule(j, s->used->rule[i]);
	gh_jout_close(j, ']');
	gh_jout_open(j, "properties", '{');
	gh_jout_str(j, "rulesVersion", r->rules);
	gh_jout_close(j, '}');
	gh_jout_close(j, '}');
	gh_jout_close(j, '}');
}

/* 3.20. A scan that could not read everything did not succeed, whatever it found; each such file says so. */
static void put_invocation(struct gh_jout *j, const struct gh_scan_report *r)
{
	bool complete = r->verdict != GH_INCOMPLETE;
	for (size_t i = 0; i < r->nfile; i++)
		for (size_t k = 0; k <= r->file[i].nfinding && complete; k++)
			complete = k < r->file[i].nfinding ? r->file[i].finding[k].rule->effect != GH_INCOMPLETE
							   : r->file[i].verdict != GH_INCOMPLETE;
	gh_jout_open(j, "invocations", '[');
	gh_jout_open(j, NULL, '{');
	gh_jout_bool(j, "executionSuccessful", complete);
	gh_jout_open(j, "toolExecutionNotifications", '[');
	for (size_t i = 0; i < r->nfile; i++) {
		if (r->file[i].verdict != GH_INCOMPLETE)
			continue;
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "level", "error");
		put_text(j, "message", gh_verdict_means(GH_INCOMPLETE));
		gh_jout_open(j, "locations", '[');
		gh_jout_open(j, NULL, '{');
		gh_jout_open(j, "physicalLocation", '{');
		gh_jout_open(j, "artifactLocation", '{');
		put_uri(j, r->file[i].path);
		gh_jout_number(j, "index", i);
		for (const char *close = "}}}]}"; *close != '\0'; close++)
			gh_jout_close(j, *close);
	}
	for (const char *close = "]}]"; *close != '\0'; close++)
		gh_jout_close(j, *close);
}

static void put_artifact(struct gh_jout *j, const struct gh_file_report *f)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_open(j, "location", '{');
	put_uri(j, f->path);
	gh_jout_close(j, '}');
	gh_jout_number(j, "length", f->size);
	gh_jout_open(j, "roles", '[');
	gh_jout_str(j, NULL, "analysisTarget");
	gh_jout_close(j, ']');
	if (f->sha256[0] != '\0') {
		gh_jout_open(j, "hashes", '{');
		gh_jout_str(j, "sha-256", f->sha256);
		gh_jout_close(j, '}');
	}
	gh_jout_open(j, "properties", '{');
	gh_jout_str(j, "verdict", gh_verdict_name(f->verdict));
	gh_jout_str(j, "format", f->format);
	gh_jout_number(j, "understood", f->understood);
	gh_jout_number(j, "findingsDropped", f->dropped);
	gh_jout_close(j, '}');
	gh_jout_close(j, '}');
}

/* 3.28. A region's bytes are those of the artifact, so a range within a member is told in the logical location. */
static void put_location(struct gh_jout *j, const struct gh_file_report *file, size_t index, const struct gh_finding *f)
{
	bool in_member = f->member != NULL && f->member[0] != '\0';
	gh_jout_open(j, "locations", '[');
	gh_jout_open(j, NULL, '{');
	gh_jout_open(j, "physicalLocation", '{');
	gh_jout_open(j, "artifactLocation", '{');
	put_uri(j, file->path);
	gh_jout_number(j, "index", index);
	gh_jout_close(j, '}');
	if (f->ranged && !in_member) {
		gh_jout_open(j, "region", '{');
		gh_jout_number(j, "byteOffset", f->off);
		gh_jout_number(j, "byteLength", f->len);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, '}');
	if (in_member) {
		gh_jout_open(j, "logicalLocations", '[');
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", f->member);
		gh_jout_str(j, "kind", "member");
		if (f->ranged) {
			gh_jout_open(j, "properties", '{');
			gh_jout_number(j, "byteOffset", f->off);
			gh_jout_number(j, "byteLength", f->len);
			gh_jout_close(j, '}');
		}
		gh_jout_close(j, '}');
		gh_jout_close(j, ']');
	}
	gh_jout_close(j, '}');
	gh_jout_close(j, ']');
}

/* 3.27.17. Tells the same finding in the next version of a file from a new one, so it leaves out the offset. A real
 * digest: a file's author must not be able to make a new finding look like one that was dismissed before. */
static void put_fingerprint(struct sarif *s, const struct gh_file_report *file, const struct gh_finding *f)
{
	const char *const part[] = { f->rule->id, file->path, f->member, f->detail };
	char hex[65];
	if (s->hash == NULL || !gh_sha256_start(s->hash))
		return;
	for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
		const char *text = part[i] == NULL ? "" : part[i];
		if (!gh_sha256_add(s->hash, (struct gh_span){ (const uint8_t *)text, strlen(text) + 1 }))
			return;
	}
	if (!gh_sha256_hex(s->hash, hex))
		return;
	gh_jout_open(&s->j, "partialFingerprints", '{');
	gh_jout_str(&s->j, "gatehouse/v1", hex);
	gh_jout_close(&s->j, '}');
}

static void put_result(struct sarif *s, const struct gh_file_report *file, size_t index, const struct gh_finding *f)
{
	struct gh_jout *j = &s->j;
	gh_auto_buf text = gh_buf(64 << 10);
	gh_buf_str(&text, f->rule->title);
	if (f->detail != NULL && f->detail[0] != '\0')
		gh_buf_fmt(&text, ": %s", f->detail);
	if (f->member != NULL && f->member[0] != '\0')
		gh_buf_fmt(&text, " (in %s)", f->member);

	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "ruleId", f->rule->id);
	int rule = rule_index(s->used, f->rule);
	if (rule != NO_RULE)
		gh_jout_number(j, "ruleIndex", (uint64_t)rule);
	gh_jout_str(j, "level", level(f->rule));
	put_message(j, "message", &text);
	put_location(j, file, index, f);
	put_fingerprint(s, file, f);
	if (f->times > 1)
		gh_jout_number(j, "occurrenceCount", f->times);
	gh_jout_open(j, "properties", '{');
	gh_jout_str(j, "detail", f->detail == NULL ? "" : f->detail);
	gh_jout_str(j, "effect", f->rule->effect == GH_CLEAN ? "none" : gh_verdict_name(f->rule->effect));
	gh_jout_str(j, "fileVerdict", gh_verdict_name(file->verdict));
	gh_jout_close(j, '}');
	gh_jout_close(j, '}');
}

static void put_run(struct sarif *s, const struct gh_scan_report *r)
{
	struct gh_jout *j = &s->j;
	gh_jout_open(j, NULL, '{');
	put_driver(s, r);
	put_invocation(j, r);
	gh_jout_open(j, "artifacts", '[');
	for (size_t i = 0; i < r->nfile; i++)
		put_artifact(j, &r->file[i]);
	gh_jout_close(j, ']');
	gh_jout_open(j, "results", '[');
	for (size_t i = 0; i < r->nfile; i++)
		for (size_t k = 0; k < r->file[i].nfinding; k++)
			put_result(s, &r->file[i], i, &r->file[i].finding[k]);
	gh_jout_close(j, ']');
	gh_jout_open(j, "properties", '{');
	gh_jout_str(j, "verdict", gh_verdict_name(r->verdict));
	gh_jout_close(j, '}');
	gh_jout_close(j, '}');
}

void gh_report_sarif(const struct gh_scan_report *r, struct gh_buf *out)
{
	struct sarif s = { .j = gh_jout(out), .used = calloc(1, sizeof(struct used)), .hash = gh_sha256_new() };
	if (s.used == NULL) {
		out->full = true; /* the caller's one question: did it fit? */
		gh_sha256_free(s.hash);
		return;
	}
	collect_rules(s.used, r);
	gh_jout_open(&s.j, NULL, '{');
	gh_jout_str(&s.j, "$schema",
		    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
	gh_jout_str(&s.j, "version", "2.1.0");
	gh_jout_open(&s.j, "runs", '[');
	put_run(&s, r);
	gh_jout_close(&s.j, ']');
	gh_jout_close(&s.j, '}');
	free(s.used);
	gh_sha256_free(s.hash);
}
