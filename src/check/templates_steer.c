/* Texts of templates that steer a model behind the back of who uses it. What a system prompt of an ordinary template says
 * (who the model is, how tools are called, what language to answer in) has none of the pairs below: an order that holds for
 * all answers together with an address or a command, or an order to keep something from the user. */
#include "check/templates.h"
#include "format/signs.h"

enum { NEAR = 300 };

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }
static bool letter(uint8_t c) { return (lower(c) >= 'a' && lower(c) <= 'z') || c >= 0x80; }
static bool space(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Length of the words, any white space between them, at s[i]; they end at the end of a word. 0: others. */
static size_t words_at(struct gh_span s, size_t i, const char *words)
{
	size_t from = i;
	for (const char *p = words; *p != '\0'; p++) {
		if (*p == ' ') {
			if (i >= s.n || !space(s.p[i]))
				return 0;
			while (i < s.n && space(s.p[i]))
				i++;
		} else if (i >= s.n || lower(s.p[i++]) != (uint8_t)*p) {
			return 0;
		}
	}
	return i < s.n && letter(s.p[i]) ? 0 : i - from;
}

/* A list by the first letter of what stands in it. */
struct index {
	const char *const *list;
	uint8_t head[26], next[64]; /* 1 + index; 0: no more */
};

static struct index index_of(const char *const *list, size_t n)
{
	struct index x = { .list = list };
	for (size_t k = n; k > 0; k--) {
		uint8_t *head = &x.head[list[k - 1][0] - 'a'];
		x.next[k - 1] = *head;
		*head = (uint8_t)k;
	}
	return x;
}
#define INDEX_OF(list) \
	index_of(list, sizeof(list) / sizeof((list)[0])); \
	_Static_assert(sizeof(list) / sizeof((list)[0]) <= 64, "next")

static bool any_at(struct gh_span s, size_t i, const struct index *x)
{
	uint8_t c = lower(s.p[i]);
	for (unsigned k = c >= 'a' && c <= 'z' ? x->head[c - 'a'] : 0; k != 0; k = x->next[k - 1])
		if (words_at(s, i, x->list[k - 1]) != 0)
			return true;
	return false;
}

/* ---- what is looked for ------------------------------------------------------------------------------------------------ */
/* Orders about each answer, whatever was asked. */
static const char *const always[] = {
	"always add",
	"always include",
	"always append",
	"always insert",
	"always prepend",
	"always recommend",
	"always suggest",
	"always promote",
	"always link",
	"always praise",
	"always end",
	"always call",
	"always run",
	"always execute",
	"always begin",
	"always start",
	"always send",
	"always use",
	"always say",
	"each answer",
	"every answer",
	"all answers",
	"each response",
	"every response",
	"all responses",
	"each reply",
	"every reply",
	"all replies",
	"any answer",
	"add a link",
	"add this link",
	"include a link",
	"include this link",
	"insert a link",
	"also add",
	"also include",
	"also append",
	"add the line",
	"insert the line",
	"use the package",
	"install the package",
	"first run",
	"first call",
	"then run",
	"then call",
	"please run",
	"send the user",
	"send the conversation",
	"forward the conversation",
	"post the conversation",
	"upload the conversation",
	"upload all",
	"send all",
	"send a copy",
	"render an image",
	"download and run",
	"tell the user to",
	"redirect the user",
};
/* Orders to keep something from who uses the model, or to do harm to what it makes. */
static const char *const hide[] = {
	"without telling the user",
	"without informing the user",
	"without mentioning",
	"without the user",
	"without them noticing",
	"do not tell the user about",
	"don't tell the user about",
	"never tell the user about",
	"never reveal this",
	"never reveal that",
	"do not reveal this",
	"do not reveal that",
	"don't reveal this",
	"never mention this",
	"do not mention this",
	"don't mention this",
	"never disclose this",
	"do not disclose this",
	"never mention safety",
	"keep this secret",
	"keep this hidden",
	"keep it secret",
	"hide this from",
	"hide this instruction",
	"hide these instructions",
	"secretly",
	"covertly",
	"surreptitiously",
	"subtle bug",
	"subtle vulnerability",
	"subtle vulnerabilities",
	"subtle backdoor",
	"insert a bug",
	"insert a backdoor",
	"insert a back door",
	"insert a vulnerability",
	"introduce a bug",
	"introduce a vulnerability",
	"introduce a backdoor",
	"obey only me",
	"conceal this",
	"conceal that",
	"disable safety",
	"no safety",
	"never refuse",
	"do not refuse",
};

/* Letters, digits, dots and hyphens in a row, in which names of hosts may begin at several places: looked at once. */
struct run {
	size_t end;  /* behind it */
	size_t last; /* behind its last dot with a letter behind it; 0: there is none */
	bool host;   /* what stands there is a top level */
};

/* A name of a host: words with dots, the last of them a top level that hosts have and files have not. */
static bool host_at(struct gh_span s, size_t i, struct run *r)
{
	static const char *const top[] = { "com", "net", "org", "io",	"ai",	"dev",	  "xyz",     "ru",	"cn",
					   "top", "biz", "app", "cc",	"test", "online", "example", "invalid", "onion",
					   "co",  "me",	 "tk",	"info", "site", "shop",	  "live",    "click",	"link",
					   "uk",  "de",	 "fr",	"in",	"us",	"eu",	  "zip",     "su",	"pw" };
	if (words_at(s, i, "http") != 0 || words_at(s, i, "https") != 0)
		return i + 8 < s.n && memmem(s.p + i, 8, "://", 3) != NULL;
	if (i < r->end)
		return r->host && r->last > i;
	*r = (struct run){ 0 };
	for (; i < s.n && (letter(s.p[i]) || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-' || s.p[i] == '.'); i++)
		if (s.p[i] == '.' && i + 1 < s.n && letter(s.p[i + 1]))
			r->last = i + 1;
	r->end = i;
	bool call = i < s.n && (s.p[i] == '(' || s.p[i] == '_');
	struct gh_span end = gh_span_cut(s, r->last, i - r->last);
	while (end.n != 0 && end.p[end.n - 1] == '.')
		end.n--;
	for (size_t k = 0; k < sizeof top / sizeof top[0] && r->last != 0 && !call && !r->host; k++)
		r->host = end.n == strlen(top[k]) && words_at(end, 0, top[k]) != 0;
	return r->host;
}

static unsigned look(struct gh_span s, size_t *at)
{
	size_t order = SIZE_MAX, host = SIZE_MAX, where[GH_SIGNS];
	unsigned best = 0, signs = gh_signs((struct gh_span){ 0 }, s, where);
	struct index of_always = INDEX_OF(always);
	struct index of_hide = INDEX_OF(hide);
	struct run run = { 0 };
	for (size_t i = 0; i < s.n; i++) {
		if (!letter(s.p[i]) || (i > 0 && (letter(s.p[i - 1]) || s.p[i - 1] == '.')))
			continue;
		bool orders = any_at(s, i, &of_always), hides = any_at(s, i, &of_hide), hosts = host_at(s, i, &run);
		order = orders ? i : order;
		host = hosts ? i : host;
		bool pair = order != SIZE_MAX && host != SIZE_MAX &&
			    (order > host ? order - host : host - order) < NEAR;
		unsigned k = hides || ((orders || hosts) && pair) ? 2 : orders || hosts;
		if (k > best) {
			best = k;
			*at = i;
		}
	}
	static const enum gh_sign acts[] = { GH_SIGN_SHELL, GH_SIGN_CODE, GH_SIGN_SCRIPT };
	for (size_t k = 0; k < sizeof acts / sizeof acts[0] && best < 2; k++)
		if ((signs & 1u << acts[k]) != 0) {
			best = 2;
			*at = where[acts[k]];
		}
	return best;
}

unsigned gh_tpl_steers(struct gh_span s)
{
	size_t at = 0;
	return look(s, &at);
}

size_t gh_tpl_steers_at(struct gh_span s)
{
	size_t at = 0;
	(void)look(s, &at);
	return at;
}

bool gh_tpl_spelling(struct gh_span from, struct gh_span to)
{
	static const char *const json[][2] = { { "true", "True" }, { "false", "False" }, { "null", "None" } };
	for (size_t i = 0; i < 3; i++)
		if (gh_span_is(from, json[i][0]) && gh_span_is(to, json[i][1]))
			return true;
	bool same = from.n == to.n;
	for (size_t i = 0; same && i < from.n; i++)
		same = lower(from.p[i]) == lower(to.p[i]);
	return same;
}
