/* Credentials in texts. Tokens are made here, from a fixed sequence of numbers: none was ever given out, and none stands in
 * this file. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "check/roll.h"
#include "check/secrets.h"
#include "check/secrets_int.h"
#include "support/judged.h"
#include "wire/keywords.h"

static const char b62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char b64u[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char hex[] = "0123456789abcdef", up32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dec[] = "123456789";

static uint64_t seed = 88172645463325252u;
static unsigned next(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % n);
}

static void grow(char *out, size_t cap, const char *set, size_t n)
{
	size_t at = strlen(out);
	for (size_t i = 0; i < n && at + 1 < cap; i++)
		out[at++] = set[next((unsigned)strlen(set))];
	out[at] = '\0';
}

/* The six digits that GitHub puts behind the thirty of a token. */
static void sign(char *token, size_t prefix)
{
	uint32_t crc = 0xffffffffu;
	for (const char *p = token + prefix; *p != '\0'; p++) {
		crc ^= (uint8_t)*p;
		for (unsigned k = 0; k < 8; k++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
	}
	crc = ~crc;
	char six[7] = "000000";
	for (int i = 5; i >= 0; i--, crc /= 62)
		six[i] = b62[crc % 62];
	(void)snprintf(token + strlen(token), 8, "%s", six);
}

static struct gh_test_judged judged;

static const char *judge(const char *name, const char *text)
{
	gh_test_judge(&judged, gh_span_str(text), name);
	return judged.ids;
}

static void shows(const char *what, const char *name, const char *text, const char *id, const char *kind)
{
	(void)judge(name, text);
	if (strstr(judged.all, id) == NULL || strstr(judged.all, kind) == NULL)
		fail_msg("%s: %s (%s) expected, found:\n%s", what, id, kind, judged.all);
}

static void providers(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *set;
		size_t n;
		const char *suffix, *kind;
	} rows[] = {
		{ "github_pat_11", b62, 70, "", "GitHub fine-grained" },
		{ "glpat-", b62, 20, "", "GitLab personal" },
		{ "ATBB", b62, 32, "", "Bitbucket" },
		{ "dckr_pat_", b64u, 27, "", "Docker Hub" },
		{ "AKIA", up32, 16, "", "AWS access key" },
		{ "ASIA", up32, 16, "", "AWS temporary" },
		{ "AIza", b64u, 35, "", "Google API" },
		{ "GOCSPX-", b64u, 28, "", "Google OAuth" },
		{ "sk-proj-", b64u, 120, "", "OpenAI project" },
		{ "sk-ant-api03-", b64u, 93, "AA", "Anthropic" },
		{ "sk-or-v1-", hex, 64, "", "OpenRouter" },
		{ "hf_", b62, 34, "", "Hugging Face" },
		{ "r8_", b62, 37, "", "Replicate" },
		{ "gsk_", b62, 52, "", "Groq" },
		{ "pplx-", b62, 48, "", "Perplexity" },
		{ "nvapi-", b64u, 64, "", "NVIDIA" },
		{ "xoxb-", dec, 12, "-1827364554637-aB3dE5fG7hJ9kL1mN3pQ5rS7", "Slack bot" },
		{ "sk_live_", b62, 24, "", "Stripe secret" },
		{ "SG.", b64u, 22, ".a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0uVw", "SendGrid" },
		{ "key-", hex, 32, "", "Mailgun" },
		{ "shpat_", hex, 32, "", "Shopify" },
		{ "dop_v1_", hex, 64, "", "DigitalOcean" },
		{ "dapi", hex, 32, "", "Databricks" },
		{ "hvs.", b62, 90, "", "Vault" },
		{ "pul-", hex, 40, "", "Pulumi" },
		{ "glsa_", b62, 32, "_1a2b3c4d", "Grafana" },
		{ "NRAK-", b62, 27, "", "New Relic" },
		{ "rubygems_", hex, 48, "", "RubyGems" },
		{ "pypi-AgEIcHlwaS5vcmcCJ", b64u, 120, "", "PyPI" },
		{ "lin_api_", b62, 40, "", "Linear" },
		{ "figd_", b62, 40, "", "Figma" },
		{ "sq0atp-", b62, 22, "", "Square" },
		{ "tskey-auth-", b62, 30, "", "Tailscale" },
		{ "pcsk_", b62, 60, "", "Pinecone" },
		{ "lsv2_pt_", hex, 32, "_0a1b2c3d4e", "LangSmith" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char token[400], text[600];
		(void)snprintf(token, sizeof token, "%s", rows[i].prefix);
		grow(token, sizeof token, rows[i].set, rows[i].n);
		(void)snprintf(text, sizeof text, "# A card\n\nuse %s%s here.\n", token, rows[i].suffix);
		shows(rows[i].kind, "README.md", text, "GH-SEC-0001", rows[i].kind);
		/* The report must not spread it. */
		if (strstr(judged.all, token + 6) != NULL)
			fail_msg("%s: the report shows the token", rows[i].kind);
		/* Characters missing at the end: no token. */
		if (rows[i].suffix[0] == '\0' && rows[i].n < 60) {
			token[strlen(rows[i].prefix) + 9] = '\0';
			(void)snprintf(text, sizeof text, "# A card\n\nuse %s here.\n", token);
			assert_string_equal(judge("README.md", text), "");
		}
	}
}

static void checksums(void **state)
{
	(void)state;
	char token[64] = "ghp_", text[200];
	grow(token, sizeof token, b62, 30);
	sign(token, 4);
	(void)snprintf(text, sizeof text, "token %s\n", token);
	shows("a token of GitHub", "a.md", text, "GH-SEC-0001", "GitHub personal access token");
	(void)snprintf(text, sizeof text, "{\"x\": \"a\\n%s\"}", token);
	shows("behind an escape", "a.json", text, "GH-SEC-0001", "GitHub");
	token[10] = token[10] == 'x' ? 'y' : 'x';
	(void)snprintf(text, sizeof text, "token %s\n", token);
	assert_string_equal(judge("a.md", text), "");
	assert_non_null(strstr(judged.all, "GH-SEC-0007"));
	char stripe[64] = "sk_test_";
	grow(stripe, sizeof stripe, b62, 24);
	(void)snprintf(text, sizeof text, "%s\n", stripe);
	assert_string_equal(judge("a.md", text), "");
	assert_non_null(strstr(judged.all, "GH-SEC-0008"));
}

/* A PKCS 8 key of Ed25519 with these 32 bytes, in base64. */
static void key(char *out, size_t cap, size_t cut)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t der[48] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
			    0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
	for (size_t i = 16; i < 48; i++)
		der[i] = (uint8_t)next(256);
	size_t at = strlen(out);
	for (size_t i = 0; i + 3 <= 48 - cut && at + 5 < cap; i += 3) {
		uint32_t v = (uint32_t)der[i] << 16 | (uint32_t)der[i + 1] << 8 | der[i + 2];
		for (int k = 18; k >= 0; k -= 6)
			out[at++] = digits[v >> k & 63];
	}
	out[at] = '\0';
}

static void private_keys(void **state)
{
	(void)state;
	char body[200] = "", text[600];
	key(body, sizeof body, 0);
	(void)snprintf(text, sizeof text, "x\n-----BEGIN PRIVATE KEY-----\n%.32s\n%s\n-----END PRIVATE KEY-----\n",
		       body, body + 32);
	shows("a key", "README.md", text, "GH-SEC-0002", "private key");
	(void)snprintf(text, sizeof text,
		       "{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\n%.32s\\n%s\\n-----END PRIVATE KEY-----\\n\"}",
		       body, body + 32);
	shows("a key in JSON", "sa.json", text, "GH-SEC-0002", "private key");
	body[0] = '\0';
	key(body, sizeof body, 12);
	(void)snprintf(text, sizeof text, "x\n-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", body);
	assert_string_equal(judge("README.md", text), "");
	assert_string_equal(
		judge("README.md", "-----BEGIN RSA PRIVATE KEY-----\nMIIE...\n-----END RSA PRIVATE KEY-----\n"), "");
	shows("the beginning of a key", "README.md",
	      "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAxxxx\n-----END RSA PRIVATE KEY-----\n", "GH-SEC-0010",
	      "RSA");
	char putty[400] = "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPrivate-Lines: 2\n";
	assert_string_equal(judge("README.md", putty), "");
	grow(putty, sizeof putty, b62, 64);
	shows("a key of PuTTY", "README.md", putty, "GH-SEC-0002", "PuTTY");
	assert_string_equal(judge("README.md", "x\n-----BEGIN "), ""); /* at the end of the text */
	assert_string_equal(judge("README.md", "x\n-----BEGIN PRIVATE KEY-----"), "");
	char odd[400] = "-----BEGIN PRIVATE KEY-----\n";
	grow(odd, sizeof odd, b62, 160);
	(void)snprintf(odd + strlen(odd), 40, "\n-----END PRIVATE KEY-----\n");
	shows("a key in no known form", "README.md", odd, "GH-SEC-0010", "private key");
	assert_string_equal(judge("README.md", "-----BEGIN PRIVATE KEY-----\nyourprivatekeygoeshereyourprivatekeygoes"
					       "hereputthewholekeyintothisplacewithoutblanksandlinebreaksplease"
					       "\n-----END PRIVATE KEY-----\n"),
			    "");
	char locked[400] = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
	grow(locked, sizeof locked, b62, 200);
	shows("an encrypted key", "README.md", locked, "GH-SEC-0003", "RSA private key");
}

static void values(void **state)
{
	(void)state;
	char r[64] = "", h[64] = "", text[400];
	grow(r, sizeof r, b62, 24);
	grow(h, sizeof h, hex, 40);
	static const struct {
		const char *name, *format, *id;
	} rows[] = {
		{ "a.md", "postgres://app:%s@db.internal/x\n", "GH-SEC-0004" },
		{ "a.md", "redis://:%s@cache.corp:6379\n", "GH-SEC-0004" },
		{ "a.md", "api_key = \"%s\"\n", "GH-SEC-0005" },
		{ "a.md", "export MY_SECRET='%s'\n", "GH-SEC-0005" },
		{ "a.json", "{\"clientSecret\": \"%s\"}", "GH-SEC-0005" },
		{ "a.md", "Authorization: Bearer %s\n", "GH-SEC-0006" },
		{ "a.md", "//registry.npmjs.org/:_authToken=%s\n", "GH-SEC-0006" },
		{ "a.md", "machine api.wandb.ai login user password %s\n", "GH-SEC-0006" },
		{ ".pgpass", "db.corp.net:5432:prod:admin:%s\n", "GH-SEC-0006" },
		{ "pgpass.conf", "*:*:*:admin:%s\n", "GH-SEC-0006" },
		{ ".htpasswd", "joe:$apr1$x9fK2mQp$%s\n", "GH-SEC-0006" },
		{ "shadow", "root:$6$x9fK2mQp$%sq7Zk2mPx:19000:0:99999:7:::\n", "GH-SEC-0006" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		(void)snprintf(text, sizeof text, "%s", rows[i].format);
		char *at = strstr(text, "%s");
		char tail[200];
		(void)snprintf(tail, sizeof tail, "%s", at + 2);
		(void)snprintf(at, sizeof text - (size_t)(at - text), "%s%s", r, tail);
		shows(rows[i].format, rows[i].name, text, rows[i].id, "");
	}
	h[32] = '\0';
	(void)snprintf(text, sizeof text, "{\"username\":\"joe\",\"key\":\"%s\"}", h);
	shows("kaggle.json", "kaggle.json", text, "GH-SEC-0006", "Kaggle");
	(void)snprintf(text, sizeof text, "{\"key\" : \"%s\", \"username\": \"joe\"}", h);
	shows("kaggle.json, the other way round", "kaggle.json", text, "GH-SEC-0006", "Kaggle");
	shows("a password of a person in an address", "a.md", "postgres://app:Wint3r-S0n9@db.corp.net/x\n",
	      "GH-SEC-0004", "PostgreSQL");
	shows("a random one of a user called user", "a.md", "https://user:q8Zk2LmT9xVb4RwP@db.corp.net/x\n",
	      "GH-SEC-0004", "");
	shows("a password of a person", "a.md", "password: \"Tr0ub4dor&3x\"\n", "GH-SEC-0005", "value of a secret");
}

static void silent(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = "
		"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
		"HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
		"ghp_1234567890abcdefghijklmnopqrstuvwxyz\n",
		"sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		"token = \"your_token_here\"\npassword = \"<password>\"\napi_key: ${API_KEY}\nsecret: {{ vault.secret "
		"}}\n",
		"api_key = os.environ[\"OPENAI_API_KEY\"]\ntoken = get_token(user)\n",
		"password = \"password123\"\npasswd: changeme\nPASSWORD=hunter2\n",
		"localhost:5432:mydb:postgres:password\nredis://h:5432:x\n{\"username\": \"joe\", \"key\": \"abc\"}\n"
		"{\"username\": \"joe\", \"key\": \"00000000000000000000000000000000\"}\nuser:$apr1$salt\n",
		"postgres://user:password@localhost/db\nmysql://root:root@db/x\nhttps://<user>:<token>@github.com/x\n",
		"https://user:he%2F%2Fo@pypi.company.com/simple\nhttps://0123456789abcdef@pypi.company.com/simple\n",
		"Authorization: Bearer "
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
		"eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
		"SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c\nAuthorization: Bearer mF_9.B5f-4.1JqM\n"
		"access_token=2YotnFZFEjr1zCsicMWpAA\nclient_secret=7Fjfp0ZBr1KtDRbnfVdmIw\n",
		"http://user:P%40ssw0rd@proxy:8080\nhttp://alice:wonder@db.internal/\n",
		"https://app:wint3rS0n@your-server.com/\nhttps://me:some+thing@host:1/\n",
		"https://api.wandb.ai/x/reports/Y--Vm?accessToken="
		"u3zujipenkx5g7rtcj9qojjgxpconyjktjkli2po09nffrffdhhchq045vp0wyfo\n",
		"sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
		"\"integrity\": "
		"\"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"\n",
		"eos_token: <|endoftext|>\npad_token: \"[PAD]\"\ntokenizer_class: \"LlamaTokenizerFast\"\n",
		"token: 00000000-0000-0000-0000-000000000000\nsecret_name: 3f1b2c4d-9a8e-4f7b-8c6d-1e2f3a4b5c6d\n",
		"Authorization: Bearer $TOKEN\nAuthorization: Basic dXNlcjpwYXNz\n",
		"self.token_embedding = nn.Embedding(vocab_size, hidden_size)\n",
		"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/"
		"w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==\n",
		"access_token: "
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
		"eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
		"SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c\n",
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		(void)judge("README.md", rows[i]);
		if (strstr(judged.all, "GH-SEC-0") != NULL && strstr(judged.all, "GH-SEC-0008") == NULL)
			fail_msg("%s: nothing expected, found:\n%s", rows[i], judged.all);
	}
}

static void many(void **state)
{
	(void)state;
	static char text[70 * 60];
	text[0] = '\0';
	for (unsigned i = 0; i < 68; i++) {
		(void)snprintf(text + strlen(text), 8, "hf_");
		grow(text, sizeof text, b62, 34);
		(void)snprintf(text + strlen(text), 8, "\n");
	}
	(void)judge("a.md", text);
	assert_non_null(strstr(judged.ids, "GH-SEC-0009"));
}

/* ---- what is seen does not depend on where blocks end --------------------------------------------------------------- */

struct places {
	uint64_t at[64];
	unsigned n;
	const struct gh_kw *kw;
	uint64_t base;
};
static void put(void *arg, const struct gh_secret *x, size_t at)
{
	struct places *p = arg;
	(void)x;
	assert_true(p->n < GH_ROWS(p->at));
	p->at[p->n++] = p->base + at;
}
static void look(void *arg, struct gh_span s, size_t from, size_t to, uint64_t base)
{
	struct places *p = arg;
	assert_true(from <= to && to <= s.n);
	p->base = base;
	gh_secrets_look(p->kw, s, from, to, put, p);
}

static void blocks(void **state)
{
	(void)state;
	enum { N = 200000 };
	static uint8_t text[N];
	static struct gh_kw kw;
	gh_kw_make(&kw, gh_secret_words, gh_secret_words_n);
	memset(text, ' ', N);
	for (unsigned i = 0; i < 40; i++) {
		char token[64] = "hf_";
		grow(token, sizeof token, b62, 34);
		memcpy(text + 100 + i * 4999u, token, 37);
	}
	struct places whole = { .kw = &kw }, part;
	look(&whole, (struct gh_span){ text, N }, 0, N, 0);
	assert_int_equal(whole.n, 40);
	static const size_t sizes[] = { 1000, 4096, 9216, 9217, 18000, 20000, 65536, 150000, N };
	for (size_t k = 0; k < GH_ROWS(sizes); k++) {
		struct gh_arena arena = { .max = 1 << 20 };
		struct gh_roll roll = { 0 };
		part = (struct places){ .kw = &kw };
		for (size_t off = 0; off < N; off += sizes[k])
			assert_true(gh_roll_put(&roll, &arena, gh_span_cut((struct gh_span){ text, N }, off, sizes[k]),
						off, look, &part));
		gh_roll_end(&roll, look, &part);
		assert_int_equal(part.n, whole.n);
		assert_memory_equal(part.at, whole.at, sizeof whole.at[0] * whole.n);
		gh_arena_free(&arena);
	}
}

static void keywords(void **state)
{
	(void)state;
	static const char *const words[] = { "abc", "abcd", "xyz_", "ab" };
	static struct gh_kw k;
	unsigned which = GH_KW_NONE;
	gh_kw_make(&k, words, GH_ROWS(words));
	struct gh_span s = GH_SPAN("..ABCD xyz_ abc");
	assert_int_equal(gh_kw_find(&k, s, 0, s.n, &which), 2);
	assert_int_equal(which, 1);
	assert_int_equal(gh_kw_also(&k, s, 2, which), 0);
	assert_int_equal(gh_kw_also(&k, s, 2, 0), GH_KW_NONE);
	assert_int_equal(gh_kw_find(&k, s, 3, s.n, &which), 7);
	assert_int_equal(gh_kw_find(&k, s, 8, s.n, &which), 12);
	assert_true(gh_kw_find(&k, s, 8, 12, &which) == SIZE_MAX);
	assert_true(gh_kw_find(&k, GH_SPAN("ab"), 0, 2, &which) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(providers), cmocka_unit_test(checksums), cmocka_unit_test(private_keys),
		cmocka_unit_test(values),    cmocka_unit_test(silent),	  cmocka_unit_test(many),
		cmocka_unit_test(blocks),    cmocka_unit_test(keywords),
	};
	return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
