/* Tokens of providers, by the forms that the providers document or that their clients make. A row says how a token starts,
 * which characters follow and how many; some have a checksum or a structure inside, which is verified. */
#include "check/secrets_int.h"

#include "wire/digits.h"

/* Characters of a token's body. */
enum set { B62, B64U, HEX, UP32, B64, DOTTED, UPHEX, LOW36 };

enum proof {
	SPREAD,	   /* random to the eye */
	GITHUB,	   /* the last six digits are the CRC-32 of the rest, in base62 */
	NPM,	   /* the same */
	OPENAI,	   /* "OpenAI" in base64 in the middle, in keys of some years */
	AWS,	   /* base32 with the number of an account in it */
	JWT,	   /* JSON in base64 */
	TELEGRAM,  /* the number of a bot before the colon */
	MAILCHIMP, /* 32 hexadecimal digits before the number of a data centre */
	AZURE_AD,  /* three characters before 8Q~ */
	AZURE_KEY, /* 64 bytes in base64 */
	SAS,	   /* a signature of 32 bytes beside a version */
	HOOK,	   /* address of a webhook: the path is the secret */
	UUID,
	AZDO,
	TEST, /* for tests only */
};

struct row {
	const char *prefix, *kind;
	uint8_t set;
	uint16_t min, max; /* characters behind the prefix */
	uint8_t proof;
};

/* In the order of gh_secret_words. The prefixes are written as the tokens have them. */
#define ROWS(X) \
	X("ghp_", "GitHub personal access token", B62, 36, 36, GITHUB) \
	X("gho_", "GitHub OAuth token", B62, 36, 36, GITHUB) \
	X("ghu_", "GitHub user token of an app", B62, 36, 36, GITHUB) \
	X("ghs_", "GitHub server token of an app", B62, 36, 36, GITHUB) \
	X("ghr_", "GitHub refresh token", B62, 36, 76, GITHUB) \
	X("github_pat_", "GitHub fine-grained token", B64U, 60, 90, SPREAD) \
	X("glpat-", "GitLab personal access token", DOTTED, 20, 60, SPREAD) \
	X("gldt-", "GitLab deploy token", B64U, 20, 60, SPREAD) \
	X("glrt-", "GitLab runner token", DOTTED, 20, 60, SPREAD) \
	X("glcbt-", "GitLab CI job token", B64U, 20, 70, SPREAD) \
	X("glptt-", "GitLab trigger token", HEX, 40, 40, SPREAD) \
	X("glft-", "GitLab feed token", B64U, 20, 70, SPREAD) \
	X("glsoat-", "GitLab SCIM token", B64U, 20, 60, SPREAD) \
	X("glagent-", "GitLab agent token", B64U, 50, 60, SPREAD) \
	X("gloas-", "GitLab OAuth secret", HEX, 64, 64, SPREAD) \
	X("GR1348941", "GitLab runner registration token", B64U, 20, 30, SPREAD) \
	X("ATBB", "Bitbucket app password", B62, 24, 36, SPREAD) \
	X("ATATT3", "Atlassian API token", B64, 150, 260, SPREAD) \
	X("ATCTT3", "Bitbucket repository token", B64, 150, 260, SPREAD) \
	X("npm_", "npm access token", B62, 36, 36, NPM) \
	X("pypi-AgEIcHlwaS5vcmc", "PyPI upload token", B64U, 50, 400, SPREAD) \
	X("pypi-AgENdGVzdC5weXBpLm9yZw", "TestPyPI upload token", B64U, 50, 400, SPREAD) \
	X("rubygems_", "RubyGems API key", HEX, 48, 48, SPREAD) \
	X("oy2", "NuGet API key", LOW36, 43, 43, SPREAD) \
	X("CLOJARS_", "Clojars deploy token", HEX, 60, 60, SPREAD) \
	X("dckr_pat_", "Docker Hub access token", B64U, 27, 36, SPREAD) \
	X("dckr_oat_", "Docker Hub organisation token", B64U, 27, 40, SPREAD) \
	X("AKIA", "AWS access key", UP32, 16, 16, AWS) \
	X("ASIA", "AWS temporary access key", UP32, 16, 16, AWS) \
	X("ABIA", "AWS STS bearer key", UP32, 16, 16, AWS) \
	X("ABSK", "AWS Bedrock API key", B64, 109, 269, SPREAD) \
	X("AIza", "Google API key", B64U, 35, 35, SPREAD) \
	X("GOCSPX-", "Google OAuth client secret", B64U, 28, 28, SPREAD) \
	X("ya29.", "Google OAuth access token", B64U, 60, 500, SPREAD) \
	X("1//0", "Google OAuth refresh token", B64U, 60, 200, SPREAD) \
	X("AccountKey=", "Azure storage or Cosmos DB account key", B64, 86, 88, AZURE_KEY) \
	X("SharedAccessKey=", "Azure shared access key", B64, 43, 88, AZURE_KEY) \
	X("sig=", "Azure shared access signature", B64, 43, 60, SAS) \
	X("8Q~", "Azure Entra client secret", DOTTED, 34, 34, AZURE_AD) \
	X("7Q~", "Azure Entra client secret", DOTTED, 31, 34, AZURE_AD) \
	X("AZDO", "Azure DevOps token", B62, 4, 8, AZDO) \
	X("sk-proj-", "OpenAI project key", B64U, 40, 200, OPENAI) \
	X("sk-svcacct-", "OpenAI service account key", B64U, 40, 200, OPENAI) \
	X("sk-admin-", "OpenAI administrator key", B64U, 40, 200, OPENAI) \
	X("sk-ant-", "Anthropic API key", B64U, 40, 140, SPREAD) \
	X("sk-or-v1-", "OpenRouter API key", HEX, 64, 64, SPREAD) \
	X("sk-lf-", "Langfuse secret key", B64U, 36, 36, UUID) \
	X("sk-helicone-", "Helicone API key", B64U, 20, 60, SPREAD) \
	X("sk-", "API key in the form of OpenAI", B62, 32, 64, OPENAI) \
	X("hf_", "Hugging Face access token", B62, 30, 40, SPREAD) \
	X("api_org_", "Hugging Face organisation token", B62, 30, 40, SPREAD) \
	X("r8_", "Replicate API token", B62, 37, 40, SPREAD) \
	X("gsk_", "Groq API key", B62, 48, 60, SPREAD) \
	X("pplx-", "Perplexity API key", B62, 40, 60, SPREAD) \
	X("xai-", "xAI API key", B62, 70, 90, SPREAD) \
	X("csk-", "Cerebras API key", LOW36, 40, 60, SPREAD) \
	X("nvapi-", "NVIDIA API key", B64U, 60, 80, SPREAD) \
	X("tgp_v1_", "Together API key", B64U, 40, 50, SPREAD) \
	X("jina_", "Jina API key", B64U, 50, 70, SPREAD) \
	X("tvly-", "Tavily API key", B64U, 28, 60, SPREAD) \
	X("e2b_", "E2B API key", HEX, 40, 40, SPREAD) \
	X("rpa_", "RunPod API key", B62, 40, 50, SPREAD) \
	X("pcsk_", "Pinecone API key", B64U, 50, 80, SPREAD) \
	X("lsv2_pt_", "LangSmith token", B64U, 43, 43, SPREAD) \
	X("lsv2_sk_", "LangSmith service key", B64U, 43, 43, SPREAD) \
	X("wandb_v1_", "Weights & Biases API key", B64U, 40, 120, SPREAD) \
	X("KGAT_", "Kaggle API token", HEX, 32, 32, SPREAD) \
	X("xoxb-", "Slack bot token", B64U, 40, 120, SPREAD) \
	X("xoxp-", "Slack user token", B64U, 40, 120, SPREAD) \
	X("xoxa-", "Slack workspace token", B64U, 40, 120, SPREAD) \
	X("xoxr-", "Slack refresh token", B64U, 40, 200, SPREAD) \
	X("xoxs-", "Slack session token", B64U, 40, 120, SPREAD) \
	X("xoxc-", "Slack client token", B64U, 40, 120, SPREAD) \
	X("xoxe-", "Slack configuration token", B64U, 40, 200, SPREAD) \
	X("xoxe.xoxp-", "Slack configuration token", B64U, 40, 200, SPREAD) \
	X("xapp-", "Slack app token", B64U, 50, 140, SPREAD) \
	X("hooks.slack.com/services/", "Slack webhook", B64, 40, 60, HOOK) \
	X("discord.com/api/webhooks/", "Discord webhook", B64, 70, 100, HOOK) \
	X("discordapp.com/api/webhooks/", "Discord webhook", B64, 70, 100, HOOK) \
	X(":AA", "Telegram bot token", B64U, 33, 33, TELEGRAM) \
	X("sk_live_", "Stripe secret key", B62, 20, 110, SPREAD) \
	X("rk_live_", "Stripe restricted key", B62, 20, 110, SPREAD) \
	X("sk_test_", "Stripe test key", B62, 20, 110, TEST) \
	X("rk_test_", "Stripe test key", B62, 20, 110, TEST) \
	X("whsec_", "webhook signing secret", B64, 32, 70, SPREAD) \
	X("sk_", "ElevenLabs API key", HEX, 48, 48, SPREAD) \
	X("SG.", "SendGrid API key", DOTTED, 66, 66, SPREAD) \
	X("key-", "Mailgun API key", HEX, 32, 32, SPREAD) \
	X("-us", "Mailchimp API key", HEX, 1, 2, MAILCHIMP) \
	X("xkeysib-", "Brevo API key", B64U, 81, 81, SPREAD) \
	X("shpat_", "Shopify access token", HEX, 32, 32, SPREAD) \
	X("shpca_", "Shopify custom app token", HEX, 32, 32, SPREAD) \
	X("shppa_", "Shopify private app token", HEX, 32, 32, SPREAD) \
	X("shpss_", "Shopify shared secret", HEX, 32, 32, SPREAD) \
	X("dop_v1_", "DigitalOcean access token", HEX, 64, 64, SPREAD) \
	X("doo_v1_", "DigitalOcean OAuth token", HEX, 64, 64, SPREAD) \
	X("dor_v1_", "DigitalOcean refresh token", HEX, 64, 64, SPREAD) \
	X("HRKU-", "Heroku API key", B64U, 36, 70, SPREAD) \
	X("v1.0-", "Cloudflare origin key", B64U, 140, 190, SPREAD) \
	X("dapi", "Databricks access token", HEX, 32, 32, SPREAD) \
	X("dose", "Databricks service principal secret", HEX, 32, 32, SPREAD) \
	X("hvs.", "HashiCorp Vault token", B64U, 24, 120, SPREAD) \
	X("hvb.", "HashiCorp Vault batch token", B64U, 100, 250, SPREAD) \
	X(".atlasv1.", "Terraform Cloud token", B64U, 60, 80, SPREAD) \
	X("pul-", "Pulumi access token", HEX, 40, 40, SPREAD) \
	X("glsa_", "Grafana service account token", B64U, 41, 41, SPREAD) \
	X("glc_", "Grafana Cloud token", B64, 60, 400, SPREAD) \
	X("NRAK-", "New Relic user key", B62, 27, 27, SPREAD) \
	X("NRIQ-", "New Relic insights key", B64U, 32, 32, SPREAD) \
	X("sntryu_", "Sentry user token", HEX, 64, 64, SPREAD) \
	X("sntrys_", "Sentry organisation token", B64, 80, 300, SPREAD) \
	X("pscale_tkn_", "PlanetScale token", DOTTED, 32, 64, SPREAD) \
	X("pscale_pw_", "PlanetScale password", DOTTED, 32, 64, SPREAD) \
	X("PMAK-", "Postman API key", B64U, 59, 59, SPREAD) \
	X("lin_api_", "Linear API key", B62, 40, 48, SPREAD) \
	X("ntn_", "Notion token", B62, 40, 50, SPREAD) \
	X("figd_", "Figma access token", B64U, 38, 50, SPREAD) \
	X("sl.", "Dropbox access token", B64U, 130, 160, SPREAD) \
	X("dp.pt.", "Doppler token", B62, 40, 44, SPREAD) \
	X("dp.st.", "Doppler service token", DOTTED, 40, 80, SPREAD) \
	X("sbp_", "Supabase access token", HEX, 40, 40, SPREAD) \
	X("sb_secret_", "Supabase secret key", B64U, 31, 50, SPREAD) \
	X("nfp_", "Netlify access token", B62, 36, 40, SPREAD) \
	X("fm2_", "Fly.io token", B64, 100, 800, SPREAD) \
	X("sq0atp-", "Square access token", B64U, 22, 22, SPREAD) \
	X("sq0csp-", "Square OAuth secret", B64U, 43, 43, SPREAD) \
	X("access_token$production$", "Braintree access token", B64U, 33, 60, SPREAD) \
	X("EAACEdEose0cBA", "Facebook access token", B62, 20, 300, SPREAD) \
	X("EAAG", "Facebook access token", B62, 100, 300, SPREAD) \
	X("pat-na1-", "HubSpot access token", B64U, 36, 36, UUID) \
	X("pat-eu1-", "HubSpot access token", B64U, 36, 36, UUID) \
	X("CFPAT-", "Contentful access token", B64U, 43, 43, SPREAD) \
	X("AGE-SECRET-KEY-1", "age secret key", LOW36, 58, 58, SPREAD) \
	X("tfp_", "Typeform token", DOTTED, 44, 64, SPREAD) \
	X("dt0c01.", "Dynatrace token", DOTTED, 89, 89, SPREAD) \
	X("tskey-", "Tailscale key", B64U, 20, 70, SPREAD) \
	X("sha256~", "OpenShift token", B64U, 43, 43, SPREAD) \
	X("LTAI", "Alibaba Cloud access key", B62, 16, 20, SPREAD) \
	X("AKID", "Tencent Cloud secret id", B62, 32, 32, SPREAD) \
	X("AKCp8", "Artifactory API key", B62, 60, 70, SPREAD) \
	X("ops_eyJ", "1Password service account token", B64, 250, 1000, SPREAD) \
	X("shippo_live_", "Shippo key", HEX, 40, 40, SPREAD) \
	X("duffel_live_", "Duffel key", B64U, 43, 43, SPREAD) \
	X("FLWSECK-", "Flutterwave key", B64U, 34, 40, SPREAD) \
	X("EZAK", "EasyPost key", B62, 54, 54, SPREAD) \
	X("rdme_", "ReadMe key", LOW36, 70, 70, SPREAD) \
	X("pnu_", "Prefect key", B62, 36, 36, SPREAD) \
	X("cio", "crates.io token", B62, 32, 32, SPREAD) \
	X("fc-", "Firecrawl key", HEX, 32, 32, SPREAD) \
	X("ABSKQmVkcm9ja0FQSUtleS", "AWS Bedrock API key", B64, 100, 250, SPREAD) \
	X("ghs_", "GitHub server token of an app", DOTTED, 60, 600, SPREAD) \
	X("eyJ", "JSON Web Token", DOTTED, 40, 4000, JWT)

#define AS_ROW(prefix, kind, set, min, max, proof) { prefix, kind, set, min, max, proof },
static const struct row rows[] = { ROWS(AS_ROW) };
enum { TOKENS = sizeof rows / sizeof rows[0] };

/* Keywords that are no tokens, in groups. Names: whatever stands around them in an identifier. */
#define OTHERS(X) \
	X("-----begin ", GH_WORD_PEM) \
	X("LS0tLS1CRUdJTi", GH_WORD_PEM64) \
	X("PuTTY-User-Key-File-", GH_WORD_PUTTY) \
	X("\"kty\"", GH_WORD_JWK) \
	X("://", GH_WORD_URL) \
	X("machine ", GH_WORD_NETRC) \
	X("basic ", GH_WORD_HEADER) \
	X("bearer ", GH_WORD_HEADER) \
	X("\"auth\"", GH_WORD_AUTH) \
	X("_auth", GH_WORD_AUTH) \
	X("\"username\"", GH_WORD_KAGGLE) \
	X(":5432:", GH_WORD_PGPASS) \
	X(":5433:", GH_WORD_PGPASS) \
	X(":6432:", GH_WORD_PGPASS) \
	X(":6543:", GH_WORD_PGPASS) \
	X("*:*:", GH_WORD_PGPASS) \
	X(":$apr1$", GH_WORD_HASHED) \
	X(":$2y$", GH_WORD_HASHED) \
	X(":$2a$", GH_WORD_HASHED) \
	X(":$2b$", GH_WORD_HASHED) \
	X(":$1$", GH_WORD_HASHED) \
	X(":$5$", GH_WORD_HASHED) \
	X(":$6$", GH_WORD_HASHED) \
	X(":$y$", GH_WORD_HASHED) \
	X(":{SHA}", GH_WORD_HASHED) \
	X(":{SSHA}", GH_WORD_HASHED) \
	X("client-key-data", GH_WORD_NAME) \
	X("passw", GH_WORD_NAME) \
	X("passphrase", GH_WORD_NAME) \
	X("pass_phrase", GH_WORD_NAME) \
	X("pwd", GH_WORD_NAME) \
	X("_pass", GH_WORD_NAME) \
	X("secret", GH_WORD_NAME) \
	X("token", GH_WORD_NAME) \
	X("credential", GH_WORD_NAME) \
	X("api_key", GH_WORD_NAME) \
	X("apikey", GH_WORD_NAME) \
	X("api-key", GH_WORD_NAME) \
	X("access_key", GH_WORD_NAME) \
	X("accesskey", GH_WORD_NAME) \
	X("access-key", GH_WORD_NAME) \
	X("account_key", GH_WORD_NAME) \
	X("accountkey", GH_WORD_NAME) \
	X("auth_key", GH_WORD_NAME) \
	X("authkey", GH_WORD_NAME) \
	X("private_key", GH_WORD_NAME) \
	X("privatekey", GH_WORD_NAME) \
	X("signing_key", GH_WORD_NAME) \
	X("encryption_key", GH_WORD_NAME) \
	X("master_key", GH_WORD_NAME) \
	X("service_key", GH_WORD_NAME) \
	X("subscription_key", GH_WORD_NAME) \
	X("subscription-key", GH_WORD_NAME) \
	X("shared_key", GH_WORD_NAME) \
	X("license_key", GH_WORD_NAME) \
	X("consumer_key", GH_WORD_NAME)

#define AS_WORD(prefix, ...) prefix,
#define AS_KIND(word, kind) kind,
const char *const gh_secret_words[] = { ROWS(AS_WORD) OTHERS(AS_WORD) };
const unsigned gh_secret_words_n = sizeof gh_secret_words / sizeof gh_secret_words[0];
static const uint8_t others[] = { OTHERS(AS_KIND) };
_Static_assert(sizeof gh_secret_words / sizeof gh_secret_words[0] <= GH_KW_MAX, "more words than a finder takes");

enum gh_secret_word gh_secret_word(unsigned which)
{
	return which < TOKENS ? GH_WORD_TOKEN : (enum gh_secret_word)others[which - TOKENS];
}

/* ---- proofs ------------------------------------------------------------------------------------------------------- */

static uint32_t crc32_of(struct gh_span s)
{
	uint32_t crc = 0xffffffffu;
	for (size_t i = 0; i < s.n; i++) {
		crc ^= s.p[i];
		for (unsigned k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* The last six digits are the CRC-32 of what stands before them, in base62 with the digits first. */
static bool checksum(struct gh_span covered, struct gh_span sum)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint64_t v = 0;
	for (size_t i = 0; i < sum.n; i++) {
		const char *d = memchr(digits, sum.p[i], 62);
		if (d == NULL)
			return false;
		v = v * 62 + (uint64_t)(d - digits);
	}
	return v == crc32_of(covered);
}

static bool uuid(struct gh_span s)
{
	static const uint8_t dashes[] = { 8, 13, 18, 23 };
	if (s.n != 36)
		return false;
	for (size_t i = 0, d = 0; i < 36; i++) {
		bool dash = d < 4 && i == dashes[d];
		d += dash;
		if (dash ? s.p[i] != '-' : gh_hex_digit(s.p[i]) < 0)
			return false;
	}
	return true;
}

static bool in_set(uint8_t c, enum set set)
{
	switch (set) {
	case B62: return gh_c_alnum(c);
	case B64U: return gh_c_word(c) || c == '-';
	case HEX: return gh_c_digit(c) || (c >= 'a' && c <= 'f');
	case UP32: return gh_c_digit(c) || (c >= 'A' && c <= 'Z');
	case B64: return gh_c_word(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '%';
	case DOTTED: return gh_c_word(c) || c == '-' || c == '.' || c == '~';
	case UPHEX: return gh_hex_digit(c) >= 0;
	case LOW36: return gh_c_alnum(c);
	}
	return false;
}

/* Forty characters of base64 near an access key: the secret that belongs to it. */
static bool paired(struct gh_span s, size_t at)
{
	enum { NEAR = 300, LEN = 40 };
	size_t i = at < NEAR ? 0 : at - NEAR, end = s.n - at < NEAR ? s.n : at + NEAR;
	while (i < end) {
		size_t n = 0;
		while (i + n < end && (gh_c_alnum(s.p[i + n]) || memchr("+/=", s.p[i + n], 3) != NULL))
			n++;
		if (n == LEN || (n == LEN + 1 && s.p[i] == '=')) {
			struct gh_span v = { s.p + i + (n - LEN), LEN };
			if (gh_mix_random(v, LEN) && !gh_mix_filler(v, false) && gh_mix_of(v).hex != LEN)
				return true;
		}
		i += n + 1;
	}
	return false;
}

static bool near(struct gh_span s, size_t at, const char *word)
{
	size_t from = at < 400 ? 0 : at - 400;
	struct gh_span around = gh_span_cut(s, from, at - from + 400);
	return memmem(around.p, around.n, word, strlen(word)) != NULL;
}

/* Adjusts out->value where the secret starts before the keyword; true: it is one. */
static bool prove(struct gh_span s, size_t at, const struct row *r, struct gh_span body, struct gh_secret *out)
{
	struct gh_span v = out->value;
	size_t n = body.n;
	switch ((enum proof)r->proof) {
	case GITHUB:
		if (n == 36 && !checksum(gh_span_cut(body, 0, 30), gh_span_cut(body, 30, 6)))
			out->rule = GH_SECRET_DUD;
		return gh_mix_spread(body);
	case NPM: /* which part is covered is not documented: either will do */
		if (!checksum(gh_span_cut(body, 0, 30), gh_span_cut(body, 30, 6)) &&
		    !checksum(gh_span_cut(v, 0, 34), gh_span_cut(body, 30, 6)))
			out->note = "checksum not confirmed";
		return gh_mix_spread(body);
	case OPENAI:
		if (memmem(body.p, n, "T3BlbkFJ", 8) != NULL) {
			out->kind = r->set == B62 ? "OpenAI API key" : r->kind;
			return true;
		}
		return r->set == B62 ? gh_mix_random(body, 32) : gh_mix_spread(body);
	case AWS:
		if (paired(s, at))
			out->note = "with its secret beside it";
		return gh_mix_of(body).distinct >= 8 && gh_mix_of(body).ladder < 6;
	case JWT: return gh_secret_jwt(s, at, out);
	case TELEGRAM: {
		size_t k = at;
		while (k > 0 && at - k < 12 && gh_c_digit(s.p[k - 1]))
			k--;
		out->value = (struct gh_span){ s.p + k, at - k + v.n };
		return at - k >= 8 && at - k <= 10 && s.p[k] != '0' && gh_mix_spread(body);
	}
	case MAILCHIMP: {
		struct gh_span id = gh_span_cut(s, at < 32 ? s.n : at - 32, 32);
		out->value = (struct gh_span){ id.p, 32 + v.n };
		if (at >= 33 && gh_c_alnum(s.p[at - 33]))
			return false;
		for (size_t i = 0; i < n; i++)
			if (!gh_c_digit(body.p[i]))
				return false;
		return id.n == 32 && gh_mix_of(id).hex == 32 && gh_mix_of(id).upper == 0 && gh_mix_random(id, 32);
	}
	case AZURE_AD:
		if (at < 3 || !gh_c_alnum(s.p[at - 1]) || !gh_c_alnum(s.p[at - 2]) ||
		    (at > 3 && gh_c_word(s.p[at - 4])))
			return false;
		out->value = (struct gh_span){ s.p + at - 3, 3 + v.n };
		return gh_mix_spread(body);
	case AZURE_KEY: return n % 4 == 0 && body.p[n - 1] == '=' && gh_mix_random(body, 40);
	case SAS: return (near(s, at, "sv=20") || near(s, at, "SharedAccessSignature")) && gh_mix_random(body, 40);
	case HOOK: {
		const uint8_t *last = memrchr(body.p, '/', n);
		struct gh_span tail = last == NULL ? (struct gh_span){ 0 }
						   : gh_span_cut(body, (uint64_t)(last - body.p) + 1, n);
		return tail.n >= 20 && gh_mix_spread(tail);
	}
	case UUID: return uuid(body) && gh_mix_of(body).distinct >= 10;
	case AZDO: {
		struct gh_span all = gh_span_cut(s, at < 76 ? s.n : at - 76, 84);
		for (size_t i = 0; i < all.n; i++)
			if (!gh_c_alnum(all.p[i]))
				return false;
		out->value = all;
		return all.n == 84 && gh_mix_random(all, 84);
	}
	case TEST: out->rule = GH_SECRET_PUBLIC; return gh_mix_spread(body);
	case SPREAD: return gh_mix_spread(body);
	}
	return false;
}

/* A token starts a word: behind a letter only where that is the end of an escape (\n, %3D, \u003d). */
static bool starts_word(struct gh_span s, size_t at)
{
	if (at == 0 || (!gh_c_word(s.p[at - 1]) && s.p[at - 1] != '-'))
		return true;
	if (at >= 2 && s.p[at - 2] == '\\' && memchr("nrtbf", s.p[at - 1], 5) != NULL)
		return true;
	return (at >= 3 && s.p[at - 3] == '%') || (at >= 6 && s.p[at - 6] == '\\' && s.p[at - 5] == 'u');
}

bool gh_secret_token(struct gh_span s, size_t at, unsigned which, struct gh_secret *out)
{
	const struct row *r = &rows[which];
	size_t p = strlen(r->prefix), n = 0;
	bool anywhere = r->proof == AZURE_AD || r->proof == AZDO || r->proof == MAILCHIMP || r->proof == TELEGRAM ||
			r->prefix[0] == '.';
	if (p > s.n - at || memcmp(s.p + at, r->prefix, p) != 0 || (!anywhere && !starts_word(s, at)))
		return false;
	while (at + p + n < s.n && n <= r->max && in_set(s.p[at + p + n], (enum set)r->set))
		n++;
	while (n > 0 && memchr(r->set == DOTTED ? ".-" : "-", s.p[at + p + n - 1], r->set == DOTTED ? 2 : 1) != NULL &&
	       n > r->min)
		n--; /* the end of a sentence */
	if (n < r->min || n > r->max || (at + p + n < s.n && gh_c_word(s.p[at + p + n])))
		return false;
	struct gh_span body = { s.p + at + p, n };
	*out = (struct gh_secret){ GH_SECRET_TOKEN, r->kind, { s.p + at, p + n }, NULL, 0 };
	return !gh_mix_filler(body, false) && prove(s, at, r, body, out) && !gh_secret_published(out->value);
}

/* ---- JSON Web Tokens ------------------------------------------------------------------------------------------------ */

static size_t unbase64(struct gh_span s, uint8_t *out, size_t max)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	for (size_t i = 0; i < s.n && n < max; i++) {
		int v = gh_base64_digit(s.p[i]);
		if (v < 0)
			return 0;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	return n;
}

bool gh_secret_jwt(struct gh_span s, size_t at, struct gh_secret *out)
{
	struct gh_span part[3] = { { 0 }, { 0 }, { 0 } };
	size_t i = at;
	uint8_t text[600];
	for (unsigned k = 0; k < 3; k++) {
		size_t from = i;
		while (i < s.n && (gh_c_word(s.p[i]) || s.p[i] == '-'))
			i++;
		part[k] = (struct gh_span){ s.p + from, i - from };
		if (k < 2 && (i >= s.n || s.p[i++] != '.'))
			return false;
	}
	size_t n = unbase64(gh_span_cut(part[0], 0, 700), text, 500);
	if (n < 10 || memmem(text, n, "\"alg\"", 5) == NULL || part[1].n < 8 || part[2].n < 20)
		return false;
	*out = (struct gh_secret){ GH_SECRET_TOKEN, "JSON Web Token", { s.p + at, i - at }, NULL, 0 };
	n = unbase64(gh_span_cut(part[1], 0, 700), text, 520);
	if (n < 2 || text[0] != '{')
		return false;
	/* What a browser is given: Supabase's and other anonymous roles. */
	if (memmem(text, n, "\"anon\"", 6) != NULL || memmem(text, n, "\"publishable\"", 13) != NULL)
		out->rule = GH_SECRET_PUBLIC;
	static const char *const shown[] = { "John Doe", "Jane Doe", "1234567890", "example.com", "foo", "test" };
	for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++)
		if (memmem(text, n, shown[k], strlen(shown[k])) != NULL)
			return false;
	return gh_mix_spread(part[2]) && !gh_mix_filler(part[2], false);
}
