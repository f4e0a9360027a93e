/* Software evidence: what a trusted launcher started, signed by its node. */
#include "attest/software.h"

#include "attest/kinds.h"
#include "crypto/pubkey.h"
#include "crypto/secret.h"
#include "wire/datetime.h"

#include <stdio.h>

enum {
	VERSION = 1,
	AT_VERSION = 8,
	AT_LENGTH = 12,
	AT_DATA = 16,
	AT_MEASUREMENT = 80,
	AT_NODE = 112,
	AT_DEPLOYMENT = 144,
	AT_MADE = 160,
	AT_BOOTED = 168,
	AT_BOOT_ID = 176,
	AT_LAYERS = 192,
	AT_LANDLOCK = 196,
	AT_ISOLATION = 200,
	AT_ZERO = 204,
	AT_KERNEL = 208,
	AT_PROFILE = 272,
	MAX_AGE = 300,
	LAYERS_BY_DEFAULT = GH_SL_USER | GH_SL_PID | GH_SL_NET | GH_SL_MOUNT | GH_SL_IPC | GH_SL_UTS | GH_SL_ROOT |
			    GH_SL_RIGHTS | GH_SL_LANDLOCK | GH_SL_SECCOMP | GH_SL_LISTENER | GH_SL_RLIMITS,
};
static const uint8_t magic[8] = { 'G', 'H', 'S', 'W', 'E', 'V', '\r', '\n' };

static const char *const layer_words[] = {
	"user",	    "pid",     "net",	   "mount",   "ipc",	"uts",	"cgroup-ns", "root", "rights",
	"landlock", "seccomp", "listener", "rlimits", "memory", "pids", "cpu",	     "vm",
};

const char *gh_software_layer_word(enum gh_software_layer l)
{
	for (size_t i = 0; i < sizeof layer_words / sizeof *layer_words; i++)
		if ((unsigned)l == 1u << i)
			return layer_words[i];
	return NULL;
}

/* ---- the structure --------------------------------------------------------------------------------------------------------- */

static void le(uint8_t *p, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Printable ASCII without blanks, a NUL, nothing but zeros behind it. */
static bool word_ok(const char *s, size_t cap)
{
	size_t n = 0;
	while (n < cap && s[n] > 0x20 && s[n] < 0x7f)
		n++;
	return n != 0 && n < cap && gh_attest_zero((struct gh_span){ (const uint8_t *)s + n, cap - n });
}

static bool fields_ok(const struct gh_software *s)
{
	return s->made >= 0 && s->booted >= 0 && (s->layers & ~(uint32_t)GH_SL_ALL) == 0 && s->landlock <= 1000 &&
	       (s->isolation == GH_SI_SANDBOX || s->isolation == GH_SI_MICROVM) &&
	       word_ok(s->kernel, sizeof s->kernel) && word_ok(s->profile, sizeof s->profile);
}

bool gh_software_tbs(const struct gh_software *s, uint8_t out[GH_SOFTWARE_TBS])
{
	uint8_t *p = out + sizeof GH_SOFTWARE_LABEL;
	if (!fields_ok(s))
		return false;
	memcpy(out, GH_SOFTWARE_LABEL, sizeof GH_SOFTWARE_LABEL);
	memset(p, 0, GH_SOFTWARE_SIGNED);
	memcpy(p, magic, sizeof magic);
	le(p + AT_VERSION, VERSION, 4);
	le(p + AT_LENGTH, GH_SOFTWARE_SIZE, 4);
	memcpy(p + AT_DATA, s->report_data, sizeof s->report_data);
	memcpy(p + AT_MEASUREMENT, s->measurement, sizeof s->measurement);
	memcpy(p + AT_NODE, s->node, sizeof s->node);
	memcpy(p + AT_DEPLOYMENT, s->deployment, sizeof s->deployment);
	le(p + AT_MADE, (uint64_t)s->made, 8);
	le(p + AT_BOOTED, (uint64_t)s->booted, 8);
	memcpy(p + AT_BOOT_ID, s->boot_id, sizeof s->boot_id);
	le(p + AT_LAYERS, s->layers, 4);
	le(p + AT_LANDLOCK, s->landlock, 4);
	le(p + AT_ISOLATION, s->isolation, 4);
	memcpy(p + AT_KERNEL, s->kernel, sizeof s->kernel);
	memcpy(p + AT_PROFILE, s->profile, sizeof s->profile);
	return true;
}

void gh_software_put(const uint8_t tbs[GH_SOFTWARE_TBS], const uint8_t sig[GH_SOFTWARE_SIG],
		     uint8_t out[GH_SOFTWARE_SIZE])
{
	memcpy(out, tbs + sizeof GH_SOFTWARE_LABEL, GH_SOFTWARE_SIGNED);
	memcpy(out + GH_SOFTWARE_SIGNED, sig, GH_SOFTWARE_SIG);
}

bool gh_software_read(struct gh_span e, struct gh_software *out)
{
	const uint8_t *p = e.p;
	*out = (struct gh_software){ 0 };
	if (e.n != GH_SOFTWARE_SIZE || memcmp(p, magic, sizeof magic) != 0 || gh_le32(p + AT_VERSION) != VERSION ||
	    gh_le32(p + AT_LENGTH) != GH_SOFTWARE_SIZE || gh_le32(p + AT_ZERO) != 0 ||
	    gh_le64(p + AT_MADE) > INT64_MAX || gh_le64(p + AT_BOOTED) > INT64_MAX)
		return false;
	memcpy(out->report_data, p + AT_DATA, sizeof out->report_data);
	memcpy(out->measurement, p + AT_MEASUREMENT, sizeof out->measurement);
	memcpy(out->node, p + AT_NODE, sizeof out->node);
	memcpy(out->deployment, p + AT_DEPLOYMENT, sizeof out->deployment);
	memcpy(out->boot_id, p + AT_BOOT_ID, sizeof out->boot_id);
	out->made = (int64_t)gh_le64(p + AT_MADE);
	out->booted = (int64_t)gh_le64(p + AT_BOOTED);
	out->layers = gh_le32(p + AT_LAYERS);
	out->landlock = gh_le32(p + AT_LANDLOCK);
	out->isolation = (enum gh_software_isolation)gh_le32(p + AT_ISOLATION);
	memcpy(out->kernel, p + AT_KERNEL, sizeof out->kernel);
	memcpy(out->profile, p + AT_PROFILE, sizeof out->profile);
	return fields_ok(out);
}

/* ---- appraisal ------------------------------------------------------------------------------------------------------------- */

static const struct gh_attest_key keys[] = {
	{ "nodes", GH_AT_HEX, 32, "SHA-256 of the public keys (SPKI) of nodes that are believed; must be given" },
	{ "measurement", GH_AT_HEX, 32, "measurements that are allowed ('gatehouse measure'); must be given" },
	{ "layers", GH_AT_WORDS, 0, "layers of isolation that must be in force (all but the cgroup's)" },
	{ "min_landlock", GH_AT_NUMBER, 0, "lowest ABI of Landlock (1)" },
	{ "isolation", GH_AT_WORDS, 0, "sandbox, microvm (any)" },
	{ "max_age_seconds", GH_AT_NUMBER, 0, "how old the evidence may be, in seconds (300)" },
	{ 0 },
};

static const char *isolation_word(enum gh_software_isolation i) { return i == GH_SI_MICROVM ? "microvm" : "sandbox"; }

static void layer_list(uint32_t set, char *buf, size_t cap)
{
	size_t n = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < sizeof layer_words / sizeof *layer_words && n < cap; i++)
		if ((set & 1u << i) != 0)
			n += (size_t)snprintf(buf + n, cap - n, "%s%s", n == 0 ? "" : " ", layer_words[i]);
}

static void claims(const struct gh_software *s, struct gh_attest_result *r)
{
	char time[GH_DATETIME_TEXT], layers[200];
	gh_attest_claim_hex(r, "measurement", (struct gh_span){ s->measurement, sizeof s->measurement });
	gh_attest_claim_hex(r, "report_data", (struct gh_span){ s->report_data, sizeof s->report_data });
	gh_attest_claim_hex(r, "node", (struct gh_span){ s->node, sizeof s->node });
	gh_attest_claim_hex(r, "deployment", (struct gh_span){ s->deployment, sizeof s->deployment });
	if (gh_datetime_write(s->made, time))
		gh_attest_claim(r, "made", "%s", time);
	if (gh_datetime_write(s->booted, time))
		gh_attest_claim(r, "booted", "%s", time);
	gh_attest_claim_hex(r, "boot_id", (struct gh_span){ s->boot_id, sizeof s->boot_id });
	gh_attest_claim(r, "isolation", "%s", isolation_word(s->isolation));
	layer_list(s->layers, layers, sizeof layers);
	gh_attest_claim(r, "layers", "%s", layers);
	gh_attest_claim(r, "landlock", "%u", s->landlock);
	gh_attest_claim(r, "kernel", "%s", s->kernel);
	gh_attest_claim(r, "profile", "%s", s->profile);
}

/* Of the endorsements the one that is the key the evidence names. */
static struct gh_key *node_key(const struct gh_attest_question *q, const struct gh_software *s)
{
	for (size_t i = 0; i < q->nendorsement; i++) {
		struct gh_key *k = NULL;
		uint8_t id[32];
		if (gh_key_public(q->endorsement[i].bytes, &k, NULL) == GH_OK && gh_key_kind(k) == GH_KEY_ED25519 &&
		    gh_key_id(k, id) && gh_same_bytes(id, s->node, sizeof id))
			return k;
		gh_key_free(k);
	}
	return NULL;
}

static void signature(const struct gh_attest_question *q, const struct gh_key *k, struct gh_attest_result *r)
{
	uint8_t tbs[GH_SOFTWARE_TBS];
	memcpy(tbs, GH_SOFTWARE_LABEL, sizeof GH_SOFTWARE_LABEL);
	memcpy(tbs + sizeof GH_SOFTWARE_LABEL, q->evidence.p, GH_SOFTWARE_SIGNED);
	const struct gh_span sig = { q->evidence.p + GH_SOFTWARE_SIGNED, GH_SOFTWARE_SIG };
	(void)gh_attest_test(r, "signature", gh_key_verify(k, (struct gh_span){ tbs, sizeof tbs }, sig, NULL) == GH_OK,
			     "signed by the node's key", "not signed by the node's key: altered, or of another node");
}

/* An allow-list without which nothing can be said: UNKNOWN, so that nothing is accepted for want of a question. */
static void must_list(const struct gh_attest_question *q, const char *name, const char *key, struct gh_span have,
		      const char *what, struct gh_attest_result *r)
{
	size_t n;
	const struct gh_span *want = gh_attest_list(q->policy, key, &n);
	if (n == 0) {
		(void)gh_attest_check(r, name, GH_AT_UNKNOWN, "the policy has no list '%s': nobody vouches for %s", key,
				      what);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (gh_span_eq(want[i], have)) {
			(void)gh_attest_check(r, name, GH_AT_PASS, "%s is one that the policy names", what);
			return;
		}
	(void)gh_attest_check(r, name, GH_AT_FAIL, "%s is none that the policy names", what);
}

static void fresh(const struct gh_attest_question *q, const struct gh_software *s, struct gh_attest_result *r)
{
	uint64_t age = gh_attest_number(q->policy, "max_age_seconds", MAX_AGE);
	/* A node's clock may be ahead of the appraiser's by as much. */
	bool old = q->at > s->made && (uint64_t)(q->at - s->made) > age;
	bool early = s->made > q->at && (uint64_t)(s->made - q->at) > age;
	(void)gh_attest_check(r, "time", old || early ? GH_AT_FAIL : GH_AT_PASS,
			      old     ? "made more than %llu seconds before the moment it is judged for"
			      : early ? "made more than %llu seconds after the moment it is judged for"
				      : "made within %llu seconds of the moment it is judged for",
			      (unsigned long long)age);
}

static void layers(const struct gh_attest_question *q, const struct gh_software *s, struct gh_attest_result *r)
{
	size_t n;
	char missing[200];
	const struct gh_span *want = gh_attest_list(q->policy, "layers", &n);
	uint32_t must = n == 0 ? LAYERS_BY_DEFAULT : 0;
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < sizeof layer_words / sizeof *layer_words && !gh_span_is(want[i], layer_words[k]))
			k++;
		if (k == sizeof layer_words / sizeof *layer_words) {
			(void)gh_attest_check(r, "layers", GH_AT_FAIL, "the policy names a layer that there is not: %s",
					      gh_attest_safe(r, want[i], 40));
			return;
		}
		must |= 1u << k;
	}
	layer_list(must & ~s->layers, missing, sizeof missing);
	(void)gh_attest_check(r, "layers", missing[0] == '\0' ? GH_AT_PASS : GH_AT_FAIL,
			      missing[0] == '\0' ? "every layer that is asked for is in force%s" : "not in force: %s",
			      missing);
	uint64_t abi = gh_attest_number(q->policy, "min_landlock", 1);
	(void)gh_attest_check(r, "landlock", s->landlock >= abi ? GH_AT_PASS : GH_AT_FAIL, "ABI %u, asked for: %llu",
			      s->landlock, (unsigned long long)abi);
}

static void appraise(const struct gh_attest_question *q, struct gh_attest_result *r)
{
	struct gh_software s;
	if (!gh_attest_test(r, "format", gh_software_read(q->evidence, &s), "software evidence, version 1",
			    "no software evidence of version 1: wrong length, or a field that cannot be"))
		return;
	claims(&s, r);
	gh_auto_key *k = node_key(q, &s);
	must_list(q, "node", "nodes", (struct gh_span){ s.node, sizeof s.node }, "the node's key", r);
	if (!gh_attest_check(r, "node_key", k != NULL ? GH_AT_PASS : GH_AT_UNKNOWN,
			     k != NULL ? "the node's public key was given"
				       : "the public key that the evidence names was not given as endorsement"))
		return;
	signature(q, k, r);
	(void)gh_attest_report_data(q, (struct gh_span){ s.report_data, sizeof s.report_data }, r);
	fresh(q, &s, r);
	layers(q, &s, r);
	(void)gh_attest_allowed(q->policy, "isolation", gh_span_str(isolation_word(s.isolation)), r);
	must_list(q, "measurement", "measurement", (struct gh_span){ s.measurement, sizeof s.measurement },
		  "the measurement", r);
}

static const char *const signatures[] = { "node", "node_key", "signature", NULL };
static const char *const musts[] = { "format", "node",	 "node_key", "signature",   "report_data",
				     "time",   "layers", "landlock", "measurement", NULL };

const struct gh_attest_kind gh_attest_software = {
	.name = "software",
	.about = "what a launcher of Gatehouse started, signed by its node: worth what the host is worth",
	.files = "--endorsements: the node's public key (Ed25519, PEM or DER)",
	.cls = GH_AC_SOFTWARE,
	.keys = keys,
	.signatures = signatures,
	.musts = musts,
	.appraise = appraise,
};
