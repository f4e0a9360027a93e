#include "scan/report_cyclonedx.h"

#include "crypto/digest.h"
#include "wire/jout.h"
#include "scan/parts.h"
#include "scan/report_licences.h"
#include "scan/report_parts.h"
#include "scan/vex.h"
#include "wire/purl.h"

#include <stdio.h>
#include <stdlib.h>

/* The serial number: RFC 9562 version 8, from the names and digests of all files. */
static void serial(const struct gh_scan_report *r, char out[64])
{
	char hex[65] = "";
	struct gh_sha256 *h = gh_sha256_new();
	bool ok = h != NULL && gh_sha256_start(h);
	for (size_t i = 0; ok && i < r->nfile; i++)
		ok = gh_sha256_add(h, gh_span_str(r->file[i].path)) && gh_sha256_add(h, GH_SPAN("\n")) &&
		     gh_sha256_add(h, gh_span_str(r->file[i].sha256)) && gh_sha256_add(h, GH_SPAN("\n"));
	ok = ok && gh_sha256_hex(h, hex);
	gh_sha256_free(h);
	if (!ok)
		memset(hex, '0', 64);
	hex[12] = '8';
	hex[16] = "89ab"[hex[16] >= 'a' ? (hex[16] - 'a' + 10) & 3 : (hex[16] - '0') & 3];
	(void)snprintf(out, 64, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void property(struct gh_jout *j, const char *name, const char *value)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "name", name);
	gh_jout_str(j, "value", value);
	gh_jout_close(j, '}');
}
static void property_number(struct gh_jout *j, const char *name, uint64_t v)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	property(j, name, text);
}

/* What files of these formats are: models carry weights or graphs; the rest is named as what it is. */
static bool is_model(const char *format)
{
	static const char *const other[] = { "unknown",
					     "json",
					     "yaml",
					     "toml",
					     "text",
					     "python",
					     "shell",
					     "jinja",
					     "ini",
					     "xml",
					     "html",
					     "pdf",
					     "png",
					     "jpeg",
					     "gif",
					     "bmp",
					     "webp",
					     "pip-requirements",
					     "dockerfile",
					     "makefile",
					     "source-code",
					     "notebook",
					     "zip",
					     "tar",
					     "gzip",
					     "bzip2",
					     "xz",
					     "zstd",
					     "7z",
					     "parquet",
					     "arrow",
					     "elf",
					     "pe",
					     "macho",
					     "script",
					     "safetensors-index",
					     "sentencepiece",
					     "python-bytecode",
					     "git-index",
					     "git-config",
					     "git-object",
					     "git-pack",
					     "git-pack-index",
					     "git-template" };
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
		if (strcmp(format, other[i]) == 0)
			return false;
	return true;
}
static bool is_data(const char *format)
{
	static const char *const data[] = { "parquet", "arrow", "png",	"jpeg",		"gif",
					    "bmp",     "webp",	"json", "sentencepiece" };
	for (size_t i = 0; i < sizeof data / sizeof data[0]; i++)
		if (strcmp(format, data[i]) == 0)
			return true;
	return false;
}

static void put_file(struct gh_jout *j, const struct gh_file_report *f, size_t i)
{
	char ref[40];
	const char *format = f->format == NULL ? "unknown" : f->format;
	bool model = is_model(format);
	(void)snprintf(ref, sizeof ref, "file-%zu", i + 1);
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "type", model ? "machine-learning-model" : is_data(format) ? "data" : "file");
	gh_jout_str(j, "bom-ref", ref);
	gh_jout_str(j, "name", f->path[0] == '\0' ? "-" : f->path);
	if (f->sha256[0] != '\0') {
		gh_jout_open(j, "hashes", '[');
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "alg", "SHA-256");
		gh_jout_str(j, "content", f->sha256);
		gh_jout_close(j, '}');
		gh_jout_close(j, ']');
	}
	gh_report_licences(j, f, 1);
	if (model) { /* what can be told without believing the file */
		gh_jout_open(j, "modelCard", '{');
		gh_jout_open(j, "properties", '[');
		property(j, "gatehouse:format", format);
		gh_jout_close(j, ']');
		gh_jout_close(j, '}');
	}
	gh_jout_open(j, "properties", '[');
	property(j, "gatehouse:format", format);
	property(j, "gatehouse:verdict", gh_verdict_name(f->verdict));
	property_number(j, "gatehouse:size", f->size);
	property_number(j, "gatehouse:findings", f->nfinding + f->dropped);
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

static void put_part(struct gh_jout *j, const struct gh_part *p)
{
	struct gh_span name, version;
	gh_purl_split(gh_span_str(p->purl), &name, &version);
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "type", "library");
	gh_jout_str(j, "bom-ref", p->purl);
	gh_jout_span(j, "name", name);
	if (version.n != 0)
		gh_jout_span(j, "version", version);
	gh_jout_str(j, "purl", p->purl);
	gh_jout_open(j, "properties", '[');
	property(j, "gatehouse:named-by", p->path);
	property(j, "gatehouse:relation", p->producer ? "says that it wrote the file" : "required");
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

/* ---- vulnerabilities --------------------------------------------------------------------------------------------------------- */
struct subject {
	struct gh_span id, purl;
	const struct gh_finding *f;
	const char *path;
	size_t order;
};

static bool lookup(const struct gh_advset *set, struct gh_span id, struct gh_adv_record *r)
{
	for (unsigned d = set == NULL ? 0 : set->n; d > 0; d--) {
		uint32_t k = gh_advdb_by_id(&set->db[d - 1], id);
		if (k != UINT32_MAX) {
			*r = gh_advdb_record(&set->db[d - 1], k);
			return true;
		}
	}
	return false;
}

static const char *source_of(struct gh_span id)
{
	static const char *const t[][2] = { { "CVE-", "NVD" }, { "GHSA-", "GitHub Advisories" }, { "PYSEC-", "PyPA" } };
	for (size_t i = 0; i < 3; i++)
		if (gh_span_starts(id, t[i][0]))
			return t[i][1];
	return "OSV";
}

/* The method's name belongs to the vector; a bare score has none. */
static void put_rating(struct gh_jout *j, const struct gh_adv_record *r, const char *severity)
{
	gh_jout_open(j, "ratings", '[');
	gh_jout_open(j, NULL, '{');
	if (r->score >= 0) {
		char text[16];
		(void)snprintf(text, sizeof text, "%d.%d", r->score / 10, r->score % 10);
		gh_jout_raw(j, "score", text);
	}
	gh_jout_str(j, "severity", severity);
	if (r->vector.n != 0) {
		const char *method = gh_span_starts(r->vector, "CVSS:3.1/")   ? "CVSSv31"
				     : gh_span_starts(r->vector, "CVSS:3.0/") ? "CVSSv3"
				     : gh_span_starts(r->vector, "CVSS:4.0/") ? "CVSSv4"
									      : "other";
		gh_jout_str(j, "method", method);
		gh_jout_span(j, "vector", r->vector);
	}
	gh_jout_close(j, '}');
	gh_jout_close(j, ']');
}

static void put_vulnerability(struct gh_jout *j, const struct gh_advset *set, const struct subject *s)
{
	struct gh_adv_record r = { .score = -1 };
	bool known = lookup(set, s->id, &r), silenced = gh_vex_silenced(s->f);
	static const char *const severities[] = { "unknown", "low", "medium", "high", "critical" };
	gh_jout_open(j, NULL, '{');
	gh_jout_span(j, "id", s->id);
	gh_jout_open(j, "source", '{');
	gh_jout_str(j, "name", source_of(s->id));
	gh_jout_close(j, '}');
	if (known && r.aliases.n != 0) {
		struct gh_span rest = r.aliases;
		gh_jout_open(j, "references", '[');
		while (rest.n != 0) {
			const uint8_t *at = memchr(rest.p, ' ', rest.n);
			struct gh_span one = at == NULL ? rest : gh_span_cut(rest, 0, (uint64_t)(at - rest.p));
			rest = at == NULL ? (struct gh_span){ 0 } : gh_span_cut(rest, one.n + 1, rest.n);
			gh_jout_open(j, NULL, '{');
			gh_jout_span(j, "id", one);
			gh_jout_open(j, "source", '{');
			gh_jout_str(j, "name", source_of(one));
			gh_jout_close(j, '}');
			gh_jout_close(j, '}');
		}
		gh_jout_close(j, ']');
	}
	put_rating(j, &r, severities[r.severity]);
	gh_jout_str(j, "description", s->f->detail);
	gh_jout_str(j, "recommendation", s->f->rule->fix);
	gh_jout_open(j, "analysis", '{');
	gh_jout_str(j, "state", silenced ? "not_affected" : "in_triage");
	if (silenced)
		gh_jout_str(j, "detail", s->f->detail);
	gh_jout_close(j, '}');
	gh_jout_open(j, "affects", '[');
	gh_jout_open(j, NULL, '{');
	gh_jout_span(j, "ref", s->purl);
	gh_jout_close(j, '}');
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

static int bytes_cmp(struct gh_span a, struct gh_span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}
static int by_id(const void *a, const void *b)
{
	const struct subject *x = a, *y = b;
	int c = bytes_cmp(x->id, y->id);
	if (c == 0)
		c = bytes_cmp(x->purl, y->purl);
	return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}
static int by_purl(const void *a, const void *b)
{
	const struct subject *x = a, *y = b;
	int c = bytes_cmp(x->purl, y->purl);
	return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

/* All vulnerabilities found, by id and package; the same one of the same package in several files stands once. NULL with *n 0:
 * there are none; with *n SIZE_MAX: no memory. The caller frees it. */
static struct subject *subjects(const struct gh_scan_report *r, size_t *n)
{
	struct subject s = { 0 }, *v = NULL;
	size_t all = 0, kept = 0;
	*n = 0;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < r->nfile; i++)
			for (size_t k = 0; k < r->file[i].nfinding; k++) {
				s.f = &r->file[i].finding[k];
				s.path = r->file[i].path;
				if (!gh_vex_subject(s.f, &s.id, &s.purl) || !gh_purl_valid(s.purl) ||
				    strcmp(s.f->rule->id, "GH-DEP-0101") == 0) /* said by the advisory too */
					continue;
				s.order = pass == 0 ? all++ : kept;
				if (pass == 1)
					v[kept++] = s;
			}
		if (pass == 0 && all == 0)
			return NULL;
		if (pass == 0 && (v = calloc(all, sizeof *v)) == NULL) {
			*n = SIZE_MAX;
			return NULL;
		}
	}
	qsort(v, all, sizeof *v, by_id);
	for (size_t i = 0; i < all; i++)
		if (*n == 0 || bytes_cmp(v[*n - 1].id, v[i].id) != 0 || bytes_cmp(v[*n - 1].purl, v[i].purl) != 0)
			v[(*n)++] = v[i];
	return v;
}

static bool has_part(const struct gh_parts *p, struct gh_span purl)
{
	size_t lo = 0, hi = p == NULL ? 0 : p->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = bytes_cmp(gh_span_str(p->v[mid].purl), purl);
		if (c == 0)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* From a member of a container no fact is collected: the component is named by its vulnerability. */
static void put_lone_parts(struct gh_jout *j, const struct gh_scan_report *r, struct subject *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof *v, by_purl);
	for (size_t i = 0; i < n; i++) {
		if ((i != 0 && gh_span_eq(v[i - 1].purl, v[i].purl)) || has_part(r->parts, v[i].purl))
			continue;
		char text[GH_PURL];
		(void)snprintf(text, sizeof text, "%.*s", (int)v[i].purl.n, (const char *)v[i].purl.p);
		put_part(j, &(struct gh_part){ text, v[i].path, false });
	}
	if (n > 1)
		qsort(v, n, sizeof *v, by_id);
}

static void put_metadata(struct gh_jout *j, const struct gh_scan_report *r, const char *timestamp)
{
	gh_jout_open(j, "metadata", '{');
	if (timestamp != NULL)
		gh_jout_str(j, "timestamp", timestamp);
	gh_jout_open(j, "tools", '{');
	gh_jout_open(j, "components", '[');
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "type", "application");
	gh_jout_str(j, "name", "gatehouse");
	gh_jout_str(j, "version", r->scanner);
	gh_jout_close(j, '}');
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
	gh_jout_open(j, "component", '{');
	gh_jout_str(j, "type", "machine-learning-model");
	gh_jout_str(j, "bom-ref", "artifact");
	gh_jout_str(j, "name", r->target[0] == '\0' ? "-" : r->target);
	gh_report_licences(j, r->file, r->nfile);
	gh_jout_close(j, '}');
	gh_jout_open(j, "properties", '[');
	property(j, "gatehouse:verdict", gh_verdict_name(r->verdict));
	property(j, "gatehouse:rules", r->rules);
	const struct gh_stage_report *v = &r->stage[GH_STAGE_VULNERABILITIES];
	property(j, "gatehouse:vulnerabilities", gh_stage_state_name(v->state));
	if (v->with != NULL)
		property(j, "gatehouse:vulnerabilities-with", v->with);
	if (v->reason != NULL)
		property(j, "gatehouse:vulnerabilities-reason", v->reason);
	if (r->parts != NULL && r->parts->lost)
		property(j, "gatehouse:components", "there are more packages than are listed here");
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

void gh_report_cyclonedx(const struct gh_scan_report *r, const struct gh_advset *set, const char *timestamp,
			 struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	char number[64];
	serial(r, number);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
	gh_jout_str(&j, "bomFormat", "CycloneDX");
	gh_jout_str(&j, "specVersion", "1.6");
	gh_jout_str(&j, "serialNumber", number);
	gh_jout_number(&j, "version", 1);
	put_metadata(&j, r, timestamp);
	gh_jout_open(&j, "components", '[');
	for (size_t i = 0; i < r->nfile; i++)
		put_file(&j, &r->file[i], i);
	for (size_t i = 0; r->parts != NULL && i < r->parts->n; i++)
		put_part(&j, &r->parts->v[i]);
	size_t n;
	struct subject *v = subjects(r, &n);
	out->full = out->full || n == SIZE_MAX;
	put_lone_parts(&j, r, v, v == NULL ? 0 : n);
	gh_jout_close(&j, ']');
	gh_jout_open(&j, "vulnerabilities", '[');
	for (size_t i = 0; v != NULL && i < n; i++)
		put_vulnerability(&j, set, &v[i]);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
	free(v);
}
