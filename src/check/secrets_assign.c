/* Values whose name says that they are secret, addresses with a password, login files. A value counts when it looks like
 * chance, or like a password that a person made up with care; words, paths, calls, variables and fill-ins do not. */
#include "check/secrets_int.h"

#include "wire/digits.h"
#include "wire/entropy.h"

enum { NAME_TAIL = 32, VALUE = 512 };

/* The rest of a name speaks of something about the secret, not of the secret. */
static bool about(struct gh_span tail)
{
	static const char *const words[] = {
		"hash",	 "sum",	  "name",   "file",	"path",	 "url",	     "uri",   "type",	  "field",
		"env",	 "len",	  "min",    "max",	"class", "format",   "regex", "pattern",  "policy",
		"label", "hint",  "prompt", "help",	"text",	 "count",    "size",  "index",	  "ize",
		"ise",	 "_id",	  "-id",    "ids",	"mask",	 "list",     "map",   "limit",	  "expir",
		"ttl",	 "date",  "time",   "version",	"doc",	 "endpoint", "host",  "template", "vocab",
		"s_per", "embed", "scope",  "strength", "salt",	 "public",   "ref",   "provider", "manager",
		"store", "var",	  "header", "cache",	"algo"
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gh_mix_holds(tail, words[i]))
			return true;
	return false;
}

/* A password that a person made up: three kinds of characters, at least one of them inside, no plain word with a digit
 * behind it, none of those that everybody uses for a test. */
static bool made_up(struct gh_span v)
{
	struct gh_mix m = gh_mix_of(v);
	unsigned kinds = 0u + (m.upper != 0) + (m.lower != 0) + (m.digit != 0) + (m.other != 0);
	static const char digits[] = "013457@$", letters[] = "oieastas";
	uint8_t word[64]; /* "P@ssw0rd" is what everybody puts for a password, too */
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] <= ' ' || v.p[i] >= 0x7f || memchr("/\\,;:=.()", v.p[i], 9) != NULL)
			return false;
		const char *at = strchr(digits, v.p[i]);
		if (i < sizeof word)
			word[i] = at == NULL ? v.p[i] : (uint8_t)letters[at - digits];
	}
	struct gh_span read = { word, v.n < sizeof word ? v.n : sizeof word };
	if (gh_mix_holds(read, "password") || gh_mix_holds(read, "passwort") || gh_mix_holds(read, "secret") ||
	    gh_mix_holds(read, "letmein"))
		return false;
	return v.n >= 8 && v.n <= 64 && kinds >= 3 && m.distinct >= 7 && m.turns >= 3 && m.digit >= 1 &&
	       m.other <= m.n / 2 && !gh_mix_filler(v, true);
}

bool gh_secret_password(struct gh_span v) { return made_up(v) || gh_mix_random(v, 10); }

static bool plain_token(struct gh_span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!gh_c_word(v.p[i]) && memchr("-+/=.~!@#%^&*$", v.p[i], 14) == NULL)
			return false;
	return true;
}

/* Digests of files stand under names that look like secrets surprisingly often; UUIDs and paths are no secrets either. */
static bool no_secret(struct gh_span v)
{
	bool slashes = v.p[0] == '/' || v.p[0] == '.' || v.p[0] == '~' || gh_mix_holds(v, "://");
	return slashes || gh_span_starts(v, "sha256") || gh_span_starts(v, "sha512") || gh_span_starts(v, "sha1-") ||
	       gh_span_starts(v, "pk_") || gh_span_starts(v, "ssh-") || gh_span_starts(v, "$2") ||
	       gh_span_starts(v, "$argon2") || gh_span_starts(v, "enc:") || gh_span_starts(v, "AQICAH");
}

/* Names that mean a certain provider: there a UUID or plain hexadecimal is what it gives out. */
static const char *provider(struct gh_span name)
{
	static const char *const rows[][2] = {
		{ "cohere", "Cohere API key" },
		{ "heroku", "Heroku API key" },
		{ "wandb", "Weights & Biases API key" },
		{ "twilio", "Twilio auth token" },
		{ "cloudflare", "Cloudflare API token" },
		{ "snowflake", "Snowflake password" },
		{ "discord", "Discord bot token" },
		{ "mistral", "Mistral API key" },
		{ "deepgram", "Deepgram API key" },
		{ "datadog", "Datadog API key" },
		{ "comet", "Comet API key" },
		{ "kaggle", "Kaggle API key" },
		{ "roboflow", "Roboflow API key" },
		{ "clearml", "ClearML key" },
		{ "civitai", "Civitai API key" },
		{ "ngrok", "ngrok token" },
		{ "okta", "Okta API token" },
		{ "aws_secret", "AWS secret access key" },
		{ "aws_session", "AWS session token" },
		{ "azure", "Azure key" },
		{ "google", "Google key" },
		{ "assemblyai", "AssemblyAI key" },
		{ "algolia", "Algolia key" },
		{ "asana", "Asana token" },
		{ "twitter", "Twitter token" },
		{ "gcp", "Google Cloud key" },
		{ "openai", "OpenAI API key" },
		{ "qdrant", "Qdrant API key" },
		{ "weaviate", "Weaviate API key" },
		{ "milvus", "Milvus token" },
		{ "neptune", "Neptune API token" },
		{ "fastly", "Fastly token" },
		{ "circleci", "CircleCI token" },
		{ "sonar", "Sonar token" },
		{ "minio", "MinIO secret" },
		{ "serpapi", "SerpApi key" },
		{ "scaleway", "Scaleway key" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gh_mix_holds(name, rows[i][0]))
			return rows[i][1];
	return NULL;
}

/* Behind a value without quotes. */
static bool ends_bare(uint8_t c)
{
	switch (c) {
	case ',':
	case ';':
	case '"':
	case '\'':
	case '`':
	case ')':
	case '}':
	case ']':
	case '&':
	case '<': return true;
	default: return c <= ' ';
	}
}

/* The value behind a name that ends at i: past quotes, white space, a type and the sign of the assignment. quoted: it
 * stands between quotes, and the closing one is there. */
static bool value_at(struct gh_span s, size_t i, struct gh_span *v, bool *quoted)
{
	size_t end = s.n - i < 200 ? s.n : i + 200;
	while (i < end && memchr("\\\"'`])", s.p[i], 7) != NULL)
		i++;
	while (i < end && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	if (end - i >= 6 && i < end && s.p[i] == ':' &&
	    memmem(s.p + i, 6, "str", 3) != NULL) { /* an annotation of Python */
		const uint8_t *eq = memchr(s.p + i, '=', end - i < 40 ? end - i : 40);
		i = eq == NULL ? i : (size_t)(eq - s.p);
	}
	if (i >= end || memchr("=:,>", s.p[i], 4) == NULL ||
	    (s.p[i] == ',' && i > 0 && memchr("\"'", s.p[i - 1], 2) == NULL))
		return false;
	while (i < end && memchr("=:,>", s.p[i], 4) != NULL)
		i++;
	while (i < end && gh_c_space(s.p[i]) && s.p[i] != '\r')
		i++; /* a folded scalar of YAML may follow on the next line */
	if (i + 1 < end && (s.p[i] == '|' || s.p[i] == '>'))
		for (i++; i < end && (gh_c_space(s.p[i]) || s.p[i] == '-');)
			i++;
	if (i + 1 < end && memchr("brfuRBFU", s.p[i], 8) != NULL && memchr("\"'", s.p[i + 1], 2) != NULL)
		i++;
	if (i + 1 < end && s.p[i] == '\\' && s.p[i + 1] == '"')
		i++;
	uint8_t quote = i < end && memchr("\"'`", s.p[i], 3) != NULL ? s.p[i] : 0;
	i += quote != 0;
	size_t n = 0;
	while (i + n < s.n && n <= VALUE) {
		uint8_t c = s.p[i + n];
		if (quote != 0 ? c == quote || c == '\\' || c == '\n' : ends_bare(c))
			break;
		n++;
	}
	*v = (struct gh_span){ s.p + i, n };
	*quoted = quote != 0 && i + n < s.n && s.p[i + n] != '\n';
	return n >= 8 && n <= VALUE && (quote == 0 || *quoted);
}

bool gh_secret_named(struct gh_span s, size_t at, size_t len, struct gh_secret *out)
{
	struct gh_span v;
	bool quoted;
	size_t from = at, end = at + len;
	while (from > 0 && at - from < NAME_TAIL && (gh_c_word(s.p[from - 1]) || s.p[from - 1] == '-'))
		from--;
	while (end < s.n && end - at - len < NAME_TAIL && (gh_c_word(s.p[end]) || s.p[end] == '-'))
		end++;
	struct gh_span name = { s.p + from, end - from }, tail = { s.p + at + len, end - at - len };
	if (about(tail) || !value_at(s, end, &v, &quoted) || no_secret(v) || !plain_token(v) ||
	    gh_mix_filler(v, false) || gh_secret_published(v))
		return false;
	struct gh_mix m = gh_mix_of(v);
	const char *whose = provider(name);
	*out = (struct gh_secret){ GH_SECRET_VALUE, whose == NULL ? "value of a secret" : whose, v, NULL, 0 };
	if (v.n == 36 && v.p[8] == '-' && v.p[13] == '-' && m.hex == 32) /* a UUID is an identifier, but for these */
		return whose != NULL &&
		       (gh_mix_holds(name, "heroku") || gh_mix_holds(name, "datadog") ||
			gh_mix_holds(name, "scaleway")) &&
		       m.distinct >= 10;
	/* Reports of Weights & Biases are shared by links that hold what opens them. */
	struct gh_span line = gh_span_cut(s, from < 160 ? 0 : from - 160, from < 160 ? from : 160);
	if (gh_span_is(name, "accessToken") && from > 0 && memchr("?&", s.p[from - 1], 2) != NULL &&
	    gh_mix_holds(line, "wandb.") && gh_mix_holds(line, "/reports/")) {
		*out = (struct gh_secret){ GH_SECRET_PUBLIC, "link to a shared report", v, NULL, 0 };
		return true;
	}
	bool pass = gh_mix_holds(name, "passw") || gh_mix_holds(name, "pwd") || gh_mix_holds(name, "_pass") ||
		    gh_mix_holds(name, "passphrase");
	bool dots = memchr(v.p, '.', v.n) != NULL;
	if (pass && quoted && made_up(v))
		return true;
	if (pass && !quoted && made_up(v) && (m.turns >= 5 || gh_mix_random(v, 10)) && v.p[v.n - 1] != '(')
		return true;
	if (dots && !(whose != NULL && gh_span_is(gh_span_str(whose), "Discord bot token")) && m.turns * 4 < m.n)
		return false; /* a dotted name */
	bool digest = m.hex == m.n && (m.n == 40 || m.n == 64 || m.n == 128) && whose == NULL &&
		      gh_mix_holds(name, "token");
	return !digest && gh_mix_random(v, quoted || whose != NULL ? 16 : 20) && (m.digit >= 2 || m.n >= 32);
}

/* ---- addresses ---------------------------------------------------------------------------------------------------- */

/* What "%2F" stands for; room: 512 bytes, as many as s has at most. */
static struct gh_span unescaped(struct gh_span s, uint8_t *room)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n && n < 512; i++) {
		int a = s.p[i] == '%' && s.n - i > 2 ? gh_hex_digit(s.p[i + 1]) : -1;
		int b = a < 0 ? -1 : gh_hex_digit(s.p[i + 2]);
		room[n++] = b < 0 ? s.p[i] : (uint8_t)((unsigned)a << 4 | (unsigned)b);
		i += b < 0 ? 0 : 2;
	}
	return (struct gh_span){ room, n };
}

bool gh_secret_url(struct gh_span s, size_t at, struct gh_secret *out)
{
	static const char *const usual[] = { "password",   "pass",	   "passwd",	    "passwort", "secret",
					     "pwd",	   "token",	   "user",	    "username", "admin",
					     "root",	   "guest",	   "postgres",	    "mysql",	"redis",
					     "changeme",   "test",	   "example",	    "pw",	"xxx",
					     "mypassword", "mypass",	   "my_password",   "p4ssw0rd", "db_password",
					     "foo",	   "bar",	   "x-oauth-basic", "api_key",	"apikey",
					     "key",	   "yourpassword", "rabbitmq",	    "mongo" };
	size_t from = at, i = at + 3, colon = 0, end = s.n - at < 512 ? s.n : at + 512;
	while (from > 0 && at - from < 24 && (gh_c_alnum(s.p[from - 1]) || memchr("+-.", s.p[from - 1], 3) != NULL))
		from--;
	for (; i < end && s.p[i] != '@'; i++) {
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || memchr("/?#\"'`<>{}|\\^[](),;$", s.p[i], 20) != NULL)
			return false;
		if (s.p[i] == ':' && colon == 0)
			colon = i;
	}
	if (i >= end || at - from < 2 || i + 1 >= s.n ||
	    !(gh_c_alnum(s.p[i + 1]) || memchr("[_-", s.p[i + 1], 3) != NULL))
		return false;
	struct gh_span scheme = { s.p + from, at - from }, user = { s.p + at + 3, (colon != 0 ? colon : i) - at - 3 };
	struct gh_span pass = colon != 0 ? (struct gh_span){ s.p + colon + 1, i - colon - 1 } : user;
	if (user.n == 0 && memchr(pass.p, ':', pass.n) != NULL)
		return false; /* "cvs://:pserver:anonymous@host" */
	if (pass.n < 4 || (colon != 0 && gh_span_eq(user, pass)) || gh_mix_filler(pass, false) ||
	    gh_secret_published(pass))
		return false;
	for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++)
		if (pass.n == strlen(usual[k]) && gh_mix_holds(pass, usual[k]))
			return false;
	/* A name alone is a secret when it is random: tokens are given as user names. */
	if (colon == 0 && !gh_mix_random(pass, 20))
		return false;
	uint8_t room[512];
	struct gh_span plain = unescaped(pass, room), host = gh_span_cut(s, i + 1, 64);
	bool chance = gh_mix_random(plain, 12);
	if (!chance &&
	    (gh_secret_host_stands_in(host) || (colon != 0 && gh_secret_user_stands_in(user) && !made_up(plain))))
		return false;
	if (gh_mix_filler(plain, false))
		return false;
	if (!gh_mix_random(pass, 12) && !made_up(pass) && gh_mix_filler(pass, true))
		return false;
	*out = (struct gh_secret){ GH_SECRET_URL, "address with a password", pass, NULL, 0 };
	static const char *const bases[][2] = { { "postgres", "PostgreSQL address with a password" },
						{ "mongodb", "MongoDB address with a password" },
						{ "redis", "Redis address with a password" },
						{ "amqp", "AMQP address with a password" },
						{ "mysql", "MySQL address with a password" },
						{ "snowflake", "Snowflake address with a password" },
						{ "cloudinary", "Cloudinary address with a secret" } };
	for (size_t k = 0; k < sizeof bases / sizeof bases[0]; k++)
		if (gh_mix_holds(scheme, bases[k][0]))
			out->kind = bases[k][1];
	return true;
}

/* ---- login files ---------------------------------------------------------------------------------------------------- */

bool gh_secret_netrc(struct gh_span s, size_t at, struct gh_secret *out)
{
	if (at > 0 && gh_c_word(s.p[at - 1]))
		return false;
	struct gh_span word[8], t = gh_span_cut(s, at, 400);
	unsigned n = 0;
	for (size_t i = 0; i < t.n && n < 8;) {
		while (i < t.n && gh_c_space(t.p[i]))
			i++;
		size_t from = i;
		while (i < t.n && !gh_c_space(t.p[i]))
			i++;
		word[n++] = (struct gh_span){ t.p + from, i - from };
	}
	bool login = n >= 4 && gh_span_is(word[2], "login");
	for (unsigned i = 2; login && i + 1 < n; i++)
		if (gh_span_is(word[i], "password")) {
			*out = (struct gh_secret){ GH_SECRET_LOGIN, "login of a .netrc file", word[i + 1], NULL, 0 };
			return word[i + 1].n >= 6 && plain_token(word[i + 1]) && !gh_mix_filler(word[i + 1], false) &&
			       (made_up(word[i + 1]) || gh_mix_random(word[i + 1], 10));
		}
	return false;
}

/* "user:password" in base64. */
static bool pair64(struct gh_span v)
{
	uint8_t text[200];
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	for (size_t i = 0; i < v.n && n < sizeof text && v.p[i] != '='; i++) {
		int d = gh_base64_digit(v.p[i]);
		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			text[n++] = (uint8_t)(bits >> have);
			if (text[n - 1] < ' ' || text[n - 1] >= 0x7f)
				return false;
		}
	}
	const uint8_t *colon = n < 8 ? NULL : memchr(text, ':', n);
	if (colon == NULL || colon == text)
		return false;
	struct gh_span pass = { colon + 1, n - (size_t)(colon - text) - 1 };
	return pass.n >= 6 && !gh_mix_filler(pass, false) && (made_up(pass) || gh_mix_random(pass, 12));
}

static struct gh_span run_at(struct gh_span s, size_t i)
{
	size_t n = 0;
	while (i + n < s.n && n < VALUE && (gh_c_word(s.p[i + n]) || memchr("-+/=.~", s.p[i + n], 6) != NULL))
		n++;
	return (struct gh_span){ s.p + i, n };
}

bool gh_secret_header(struct gh_span s, size_t at, size_t len, struct gh_secret *out)
{
	struct gh_span v = run_at(s, at + len);
	bool basic = (s.p[at + 1] | 0x20) == 'a';
	if ((at > 0 && gh_c_word(s.p[at - 1])) || v.n < 12 || gh_mix_filler(v, false) || gh_secret_published(v))
		return false;
	*out = (struct gh_secret){ GH_SECRET_LOGIN, basic ? "HTTP login" : "bearer token", v, NULL, 0 };
	return basic ? pair64(v) : gh_mix_random(v, 24) && gh_mix_of(v).digit >= 2;
}

bool gh_secret_auth(struct gh_span s, size_t at, size_t len, struct gh_secret *out)
{
	struct gh_span v;
	bool quoted;
	size_t end = at + len;
	while (end < s.n && end - at - len < 8 && gh_c_alpha(s.p[end]))
		end++; /* _authToken */
	if (!value_at(s, end, &v, &quoted) || !plain_token(v) || gh_mix_filler(v, false))
		return false;
	*out = (struct gh_secret){ GH_SECRET_LOGIN, "login of a registry", v, NULL, 0 };
	return pair64(v) || (end - at - len == 5 && gh_mix_random(v, 16));
}
