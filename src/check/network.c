/* Every endpoint that a text names is listed, by host, with how often. What an endpoint is worth depends on where it stands:
 * a card may name what it likes; code, configuration, templates and metadata are followed by programs, and there a place
 * that collects what is sent to it, a tunnel, a hidden host or an address in disguise is for a person to look at. */
#include "check/network.h"

#include <stdio.h>

#include "check/network_int.h"
#include "check/roll.h"
#include "format/format.h"
#include "wire/keywords.h"
#include "wire/recs.h"
#include "wire/sort.h"

enum { R_HOST, R_MORE, R_CLASS, R_DRAIN, R_ODD, R_METADATA, R_RAW, R_NAMED, R_REPORTS, R_MAIL, R_SHARE, R_LOCAL };
static const struct gh_rule rules[] = {
	[R_HOST] = { "GH-NET-0001", GH_INFO, GH_CLEAN, "A host that the file names", "None by itself.",
		     "None needed; know where your programs may connect to.", "" },
	[R_MORE] = { "GH-NET-0002", GH_INFO, GH_CLEAN, "More hosts than are listed", "None by itself.", "None needed.",
		     "" },
	[R_CLASS] = { "GH-NET-0003", GH_MEDIUM, GH_REVIEW,
		      "A place for taking data out or hiding who owns it, where programs follow it",
		      "What is sent there reaches somebody who cannot be named; what comes from there can be changed "
		      "at any "
		      "time.",
		      "Find out who owns the address and why it is there; do not let programs follow it.",
		      "CWE-200 CWE-829 AML.T0025" },
	[R_DRAIN] = { "GH-NET-0004", GH_HIGH, GH_REVIEW, "A template that puts content into an address",
		      "Whoever renders the answer sends what was said to the address, without a click.",
		      "Use a template without it; do not render pictures and links of a model's answers.",
		      "CWE-200 CWE-201 AML.T0057 AML.T0051" },
	[R_ODD] = { "GH-NET-0005", GH_MEDIUM, GH_REVIEW, "An address written so that it is not recognised",
		    "Filters and readers pass over it; programs connect all the same.",
		    "Find out what the address is for.", "CWE-918 AML.T0025" },
	[R_METADATA] = { "GH-NET-0006", GH_HIGH, GH_REVIEW,
			 "The address at which clouds give their machines credentials",
			 "A program that asks there gets the rights of the machine it runs on.",
			 "Do not run it on a machine in a cloud; find out why it asks.", "CWE-918 CWE-522 AML.T0055" },
	[R_RAW] = { "GH-NET-0007", GH_MEDIUM, GH_REVIEW, "A machine addressed by number, where programs follow it",
		    "Nothing says who it belongs to; no name can be taken away from it.",
		    "Find out who runs the machine.", "CWE-829 AML.T0025" },
	[R_NAMED] = { "GH-NET-0008", GH_INFO, GH_CLEAN,
		      "A text speaks of a place for taking data out or hiding who owns it",
		      "None by itself: it is a text.", "Do not follow the address without need.", "" },
	[R_REPORTS] = { "GH-NET-0009", GH_INFO, GH_CLEAN, "A collector of reports",
			"Whoever runs it learns that the program runs.", "Switch reports off if they are not wanted.",
			"" },
	[R_MAIL] = { "GH-NET-0010", GH_INFO, GH_CLEAN, "Addresses for mail", "None by itself.", "None needed.", "" },
	[R_SHARE] = { "GH-NET-0011", GH_MEDIUM, GH_REVIEW,
		      "A file share of another machine, where it is opened unasked",
		      "Windows logs in to the share by itself: its owner gets the name and the password's hash of "
		      "whoever opens "
		      "the text, and may hand a program back.",
		      "Do not open it; find out who owns the machine.", "CWE-522 CWE-294 AML.T0025" },
	[R_LOCAL] = { "GH-NET-0012", GH_INFO, GH_CLEAN,
		      "A text points to files of shares or of the reader's own machine",
		      "Little: the place means something else on every machine.", "Do not follow it without need.",
		      "CWE-73" },
	GH_RULES_END
};

/* Where a text stands. */
enum context { CARD, SETTINGS, CODE, TEMPLATE };

enum { SLOTS = 2048, SHOWN = 20, NAME = 96, SHARES = 8 };

struct seen {
	uint64_t hash;
	uint32_t times, acting; /* acting: not in a comment */
	uint8_t net, class;
	bool odd, v6, drained;
	bool known; /* the fields are set */
	bool named; /* in an address or as a known place, not as a number only */
	uint8_t n;
	uint8_t name[NAME];
	struct gh_range at; /* the first that acts, else the first */
};

struct state {
	struct gh_roll_common *common;
	struct gh_roll roll;
	struct seen **host; /* by hash; open addressing, at most three quarters full */
	unsigned n, slots;
	uint64_t beyond, mails;
	struct gh_range mail_at;
	char mail[NAME];
	/* What a share is worth is known when the format of the source is. */
	struct {
		struct gh_range at;
		uint8_t text[GH_NET_SHARE_TEXT];
		size_t n;
		bool named, link, value; /* of a machine; opened by a page; no comment, no sentence */
	} share[SHARES];
	unsigned nshare;
	bool bytes;  /* the source was searched: texts of it are parts of that */
	bool binary; /* it is no text: what stands in it may be chance */
};

/* Room for one more host. */
static bool room(struct state *st, struct gh_arena *a)
{
	if (st->n * 4 < st->slots * 3)
		return true;
	unsigned slots = st->slots == 0 ? 32 : st->slots * 4;
	struct seen **host = slots > SLOTS ? NULL : GH_NEW(a, struct seen *, slots);
	if (host == NULL)
		return false;
	for (unsigned i = 0; i < st->slots; i++)
		if (st->host[i] != NULL) {
			size_t k = (size_t)st->host[i]->hash % slots;
			while (host[k] != NULL)
				k = (k + 1) % slots;
			host[k] = st->host[i];
		}
	st->host = host;
	st->slots = slots;
	return true;
}

static struct seen *slot(struct state *st, struct gh_arena *a, struct gh_span name)
{
	uint8_t low[NAME];
	size_t n = name.n < NAME ? name.n : NAME;
	for (size_t i = 0; i < n; i++)
		low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (uint8_t)(name.p[i] | 0x20) : name.p[i];
	uint64_t h = gh_hash_end(gh_hash(GH_HASH_START, (struct gh_span){ low, n }));
	bool more = room(st, a);
	if (st->slots == 0)
		return NULL;
	size_t i = (size_t)h % st->slots;
	for (; st->host[i] != NULL; i = (i + 1) % st->slots)
		if (st->host[i]->hash == h)
			return st->host[i];
	struct seen *x = more ? GH_NEW(a, struct seen, 1) : NULL;
	if (x == NULL)
		return NULL;
	x->hash = h;
	x->n = (uint8_t)n;
	memcpy(x->name, low, n);
	st->n++;
	return st->host[i] = x;
}

struct look {
	struct gh_scene *scene;
	struct state *st;
	uint64_t base;
	struct gh_range fixed;
	uint64_t units;
	bool in_template, binary, decoded;
};

/* Seen before in the other form of the same text? */
static bool again(struct look *l, struct gh_span name)
{
	return gh_roll_told(l->st->common, gh_hash_end(gh_hash(GH_HASH_START, name)), l->decoded);
}

/* "huggingf\\u0430ce.co": what stands here is not the host, but the beginning of how it is spelt. */
static bool spelt_on(struct gh_span s, size_t end)
{
	return s.n - end > 5 && s.p[end] == '\\' && (s.p[end + 1] == 'u' || s.p[end + 1] == 'U' || s.p[end + 1] == 'x');
}

static void note(struct look *l, struct gh_span s, size_t at, size_t start, const struct gh_host *h, bool address)
{
	if (!l->decoded && spelt_on(s, start + h->end))
		return; /* seen whole once the escapes are undone */
	struct seen *x = slot(l->st, l->scene->arena, h->text);
	l->units++;
	if (x == NULL) {
		l->st->beyond++;
		return;
	}
	enum gh_host_class class = h->net == GH_NET_NAME ? gh_host_class_of(h->text) : GH_HOST_PLAIN;
	bool acts = !gh_net_in_comment(s, at) && !(class >= GH_HOST_DYNAMIC && gh_net_in_prose(s, at));
	/* Once is enough to be counted; what it does here may be more than what it did there. */
	bool counts = !again(l, h->text), fresh = !x->known;
	x->known = true;
	x->times += counts;
	if (fresh) {
		x->net = (uint8_t)h->net;
		x->odd = h->odd;
		x->v6 = h->v6;
		x->class = (uint8_t)class;
	}
	if (fresh || (acts && x->acting == 0))
		x->at = l->fixed.len != 0 ? l->fixed : (struct gh_range){ l->base + at, h->end };
	x->acting += acts && address;
	x->named = x->named || address;
	struct gh_span rest = gh_span_cut(s, start + h->end, 24);
	/* Bots and webhooks of chats: their path says what they are for. */
	if (acts && ((gh_span_starts(rest, "/bot") && gh_span_is(h->text, "api.telegram.org")) ||
		     gh_span_starts(rest, "/api/webhooks/") ||
		     (gh_span_starts(rest, "/services/T") && gh_span_starts(h->text, "hooks."))))
		x->class = GH_HOST_CATCHER;
	if (gh_span_starts(rest, "/dns-query"))
		x->class = GH_HOST_RESOLVER;
	if (l->in_template && address && gh_net_takes_content(s, start, h->end))
		x->drained = true;
}

static void mail(struct look *l, struct gh_span s, size_t at)
{
	size_t from, to;
	if (!gh_net_mail(s, at, &from, &to) || again(l, gh_span_cut(s, from, to - from)))
		return;
	if (l->st->mails++ == 0) {
		l->st->mail_at = l->fixed.len != 0 ? l->fixed : (struct gh_range){ l->base + from, to - from };
		(void)snprintf(l->st->mail, sizeof l->st->mail, "%.*s", (int)(to - from < 80 ? to - from : 80),
			       (const char *)s.p + from);
	}
	l->units++;
}

static void share(struct look *l, struct gh_span s, size_t at, size_t host);
/* An address at "://": scheme letters before, perhaps a user name behind. */
static void address(struct look *l, struct gh_span s, size_t at)
{
	size_t from = at, i = at + 3, stop = s.n - i < 200 ? s.n : i + 200;
	struct gh_host h;
	while (from > 0 && at - from < 12 && ((s.p[from - 1] | 0x20) >= 'a' && (s.p[from - 1] | 0x20) <= 'z'))
		from--;
	static const char *const shares[] = { "smb", "cifs", "file", "afp", "nfs" };
	for (size_t k = 0; k < sizeof shares / sizeof shares[0]; k++)
		if (at - from == strlen(shares[k]) && memcmp(s.p + from, shares[k], at - from) == 0)
			share(l, s, from, i);
	if (at - from < 2 || (at - from == 4 && memcmp(s.p + from, "file", 4) == 0) ||
	    (l->binary && !gh_net_scheme((struct gh_span){ s.p + from, at - from })))
		return;
	for (size_t k = i; k < stop && s.p[k] > ' ' && memchr("/?#\"'<>`)", s.p[k], 9) == NULL; k++)
		if (s.p[k] == '@')
			i = k + 1;
	if (gh_host_at(gh_span_cut(s, i, 300), &h))
		note(l, s, from, i, &h, true);
}

static void bare(struct look *l, struct gh_span s, size_t at)
{
	size_t from = at;
	struct gh_host h;
	while (from > 0 && at - from < 64 && gh_net_name_byte(s.p[from - 1]))
		from--;
	if (from >= 2 && s.p[from - 1] == '/' && s.p[from - 2] == '/')
		return; /* an address, which was seen */
	if (from > 0 && (s.p[from - 1] == '@' || s.p[from - 1] == '/'))
		return;
	if (gh_host_at(gh_span_cut(s, from, 300), &h) && h.end > at - from &&
	    (gh_host_class_of(h.text) != GH_HOST_PLAIN || h.net == GH_NET_METADATA ||
	     gh_span_is(h.text, "api.telegram.org")))
		note(l, s, from, from, &h, true);
}

/* Machines by number only: where programs read them they are listed. */
static void quads(struct look *l, struct gh_span s, size_t from, size_t to)
{
	struct gh_host h;
	size_t start;
	for (size_t i = from; i < to; i++) {
		const uint8_t *p = memchr(s.p + i, '.', to - i);
		if (p == NULL)
			break;
		i = (size_t)(p - s.p);
		bool digits = i > 0 && s.n - i > 5 && p[-1] >= '0' && p[-1] <= '9' && p[1] >= '0' && p[1] <= '9';
		if (digits && (p[2] == '.' || p[3] == '.' || p[4] == '.') && gh_net_quad(s, i, &start, &h))
			note(l, s, start, start, &h, false);
	}
}

static void share(struct look *l, struct gh_span s, size_t at, size_t host)
{
	struct gh_net_share x = gh_net_share(s, at, host);
	struct state *st = l->st;
	if (l->binary || st->nshare == SHARES || (x.name.n == 0 && !x.link) ||
	    again(l, x.name.n != 0 ? x.name : GH_SPAN("file:///")))
		return;
	st->share[st->nshare].at = l->fixed.len != 0 ? l->fixed : (struct gh_range){ l->base + at, x.shown.n };
	st->share[st->nshare].named = x.name.n != 0;
	st->share[st->nshare].link = x.link;
	st->share[st->nshare].value = x.value;
	st->share[st->nshare].n = x.shown.n;
	if (x.shown.n != 0)
		memcpy(st->share[st->nshare].text, x.shown.p, x.shown.n);
	st->nshare++;
}

static void backslashes(struct look *l, struct gh_span s, size_t from, size_t to)
{
	size_t at, host;
	while ((at = gh_net_backslashes(s, from, to, &host)) != SIZE_MAX) {
		share(l, s, at, host);
		from = host;
	}
}

static void look(void *arg, struct gh_span s, size_t from, size_t to, uint64_t base);
static void plain(void *arg, struct gh_span text, size_t from, size_t to, struct gh_range at)
{
	struct look *l = arg, copy = *l;
	copy.decoded = true;
	copy.fixed = at;
	look(&copy, text, from, to, at.off);
	l->units = copy.units;
}

static void look(void *arg, struct gh_span s, size_t from, size_t to, uint64_t base)
{
	struct look *l = arg;
	unsigned which = GH_KW_NONE;
	l->base = base;
	for (size_t i = from; i < to;) { /* "://" by its colon: memchr is faster than any table */
		const uint8_t *p = memchr(s.p + i, ':', to - i);
		if (p == NULL)
			break;
		i = (size_t)(p - s.p);
		if (s.n - i > 4 && p[1] == '/' && p[2] == '/')
			address(l, s, i);
		else if (s.n - i > 8 && p[1] == '\\' && p[2] == '/' && p[3] == '\\' &&
			 p[4] == '/') { /* as JSON may write it */
			struct gh_host h;
			if (gh_host_at(gh_span_cut(s, i + 5, 300), &h))
				note(l, s, i, i + 5, &h, true);
		}
		i++;
	}
	for (size_t i = from; i < to && !l->binary;) {
		const uint8_t *p = memchr(s.p + i, '@', to - i);
		if (p == NULL)
			break;
		i = (size_t)(p - s.p);
		mail(l, s, i++);
	}
	for (size_t i = from; (i = gh_kw_find(&l->st->common->kw, s, i, to, &which)) != SIZE_MAX; i++)
		bare(l, s, i);
	if (!l->binary) {
		quads(l, s, from, to);
		backslashes(l, s, from, to);
	}
	if (!l->decoded && !gh_roll_escapes(l->st->common, l->scene->arena, s, from, to, base, plain, l))
		gh_not_looked(l->scene, "no memory for the search of texts");
}

/* ---- what it comes to ------------------------------------------------------------------------------------------------ */

static bool one_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

static enum context context(const struct gh_scene *s)
{
	static const char *const code[] = { "python",		"shell",       "source-code",
					    "dockerfile",	"makefile",    "pickle",
					    "pip-requirements", "torchscript", "git-config" };
	static const char *const settings[] = { "json",	       "yaml", "toml",	"ini",	      "pbtxt", "gguf",
						"safetensors", "onnx", "keras", "torchserve", "skops" };
	if (one_of(s->format, code, sizeof code / sizeof code[0]))
		return CODE;
	if (strcmp(s->format, "jinja") == 0)
		return TEMPLATE;
	/* Notebooks, package descriptions and vocabularies are JSON: a link there is text, unless the name says settings. */
	if (one_of(s->format, settings, sizeof settings / sizeof settings[0]))
		return SETTINGS;
	return CARD;
}

static bool follows(const struct seen *x, enum context c) { return c != CARD && x->acting != 0; }

static unsigned rule_of(const struct seen *x, enum context c)
{
	bool taking = x->class >= GH_HOST_HIDDEN && x->class <= GH_HOST_PASTE;
	bool hiding = x->class == GH_HOST_DYNAMIC || x->class == GH_HOST_SHORT || x->class == GH_HOST_RESOLVER ||
		      x->class == GH_HOST_LOOKALIKE;
	if (x->drained)
		return R_DRAIN;
	if (x->net == GH_NET_METADATA)
		return follows(x, c) ? R_METADATA : R_NAMED;
	if (x->odd)
		return follows(x, c) ? R_ODD : R_NAMED;
	if (x->net == GH_NET_PUBLIC)
		return follows(x, c) ? R_RAW : R_HOST;
	if (taking || hiding)
		return follows(x, c) ? R_CLASS : R_NAMED;
	return x->class == GH_HOST_REPORTS && follows(x, c) ? R_REPORTS : R_HOST;
}

struct order {
	struct seen **v;
	unsigned *rule;
};

static int by_name(const void *ctx, uint32_t a, uint32_t b)
{
	const struct order *o = ctx;
	const struct seen *x = o->v[a], *y = o->v[b];
	bool p = o->rule[a] != R_HOST, q = o->rule[b] != R_HOST;
	if (p != q)
		return p ? -1 : 1;
	int c = memcmp(x->name, y->name, x->n < y->n ? x->n : y->n);
	return c != 0 ? c : x->n < y->n ? -1 : x->n > y->n;
}

static void report(struct gh_scene *s, struct state *st)
{
	struct order o = { st->n == 0 ? NULL : GH_NEW(s->arena, struct seen *, st->n),
			   st->n == 0 ? NULL : GH_NEW(s->arena, unsigned, st->n) };
	uint32_t *idx = st->n == 0 ? NULL : GH_NEW(s->arena, uint32_t, st->n * 2u),
		 *tmp = idx == NULL ? NULL : idx + st->n;
	enum context c = context(s);
	uint32_t n = 0, shown = 0, told = 0;
	for (unsigned i = 0; i < st->nshare; i++) {
		bool opens = st->share[i].named && (st->share[i].link || (c != CARD && st->share[i].value));
		gh_find(s, &rules[opens ? R_SHARE : R_LOCAL], st->share[i].at, "%s",
			gh_safe((struct gh_span){ st->share[i].text, st->share[i].n }).s);
	}
	st->nshare = 0;
	if (st->mails != 0)
		gh_find(s, &rules[R_MAIL], st->mail_at, "%llu, the first is %s", (unsigned long long)st->mails,
			gh_safe(gh_span_str(st->mail)).s);
	if (o.v == NULL || o.rule == NULL || idx == NULL) {
		if (st->n != 0)
			gh_not_looked(s, "no memory for the list of hosts");
		return;
	}
	for (size_t i = 0; i < st->slots; i++)
		if (st->host[i] != NULL && (st->host[i]->named || c != CARD)) { /* numbers in prose are anything */
			o.v[n] = st->host[i];
			o.rule[n] = rule_of(st->host[i], c);
			idx[n] = n;
			n++;
		}
	gh_sort_idx(idx, tmp, n, by_name, &o);
	for (uint32_t i = 0; i < n; i++) {
		const struct seen *x = o.v[idx[i]];
		unsigned rule = o.rule[idx[i]], times = x->times == 0 ? 1 : x->times;
		if (x->times == 0 && rules[rule].effect == GH_CLEAN) {
			told++; /* listed where it was counted */
			continue;
		}
		if (rule == R_HOST && shown >= SHOWN)
			continue;
		shown++;
		gh_find(s, &rules[rule], x->at, "%s%s%s, %u time%s%s%s", x->v6 ? "[" : "",
			gh_safe((struct gh_span){ x->name, x->n }).s, x->v6 ? "]" : "", times, times == 1 ? "" : "s",
			x->class == GH_HOST_PLAIN ? (x->net == GH_NET_PRIVATE ? ": of a private network"
						     : x->net == GH_NET_LOCAL ? ": this machine"
									      : "")
						  : ": ",
			x->class == GH_HOST_PLAIN ? "" : gh_host_class_name((enum gh_host_class)x->class));
	}
	if (shown + told < n || st->beyond != 0)
		gh_find(s, &rules[R_MORE], (struct gh_range){ 0 },
			"%u more hosts, and %llu addresses that were not sorted", (unsigned)(n - shown - told),
			(unsigned long long)st->beyond);
}

static struct state *state_of(struct gh_scene *s)
{
	if (*s->state == NULL) {
		struct state *st = GH_NEW(s->arena, struct state, 1);
		if (st != NULL)
			st->common = gh_roll_common(s, gh_host_bare, gh_host_bare_n);
		if (st == NULL || st->common == NULL) {
			gh_not_looked(s, "no memory for the search of texts");
			return NULL;
		}
		*s->state = st;
	}
	return *s->state;
}

/* Programs of pickles in letters count as such too: opcodes and numbers. */
static bool no_text(const struct gh_scene *s, struct gh_span head)
{
	enum { HEAD = 4096 };
	head = gh_span_cut(head, 0, HEAD);
	for (size_t i = 0; i < head.n; i++)
		if (head.p[i] < ' ' && memchr("\t\n\f\r\x1b", head.p[i], 5) == NULL)
			return true;
	return strcmp(s->format, "pickle") == 0;
}

static void bytes(struct gh_scene *s, struct gh_span block, uint64_t off, bool last)
{
	struct state *st = state_of(s);
	if (st == NULL)
		return;
	if (off == 0)
		st->binary = no_text(s, block);
	struct look l = { .scene = s,
			  .st = st,
			  .in_template = strcmp(s->format, "jinja") == 0,
			  .binary = st->binary,
			  .decoded = s->decoded };
	st->bytes = true;
	if (!gh_roll_bytes(&st->roll, st->common, s, block, off, last, look, &l))
		gh_not_looked(s, "no memory for the search of texts");
	gh_looked(s, l.units, block.n);
	if (last && strcmp(s->format, "unknown") != 0)
		report(s, st);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_text *t = ev->u.text;
	bool template = strcmp(t->role, "chat-template") == 0;
	struct state *st = state_of(s);
	if (st == NULL || (st->bytes && !st->binary && !template))
		return;
	struct look l = { .scene = s, .st = st, .fixed = ev->at, .in_template = template, .decoded = true };
	l.fixed.len += l.fixed.len == 0;
	look(&l, t->text, 0, t->text.n, 0);
	if (!st->bytes)
		gh_looked(s, l.units, t->text.n);
}

static void end(struct gh_scene *s)
{
	if (*s->state != NULL)
		report(s, *s->state);
}

const struct gh_check gh_check_network = {
	.name = "network",
	.about = "hosts and addresses that texts name, and places for taking data out where programs would follow them",
	.stage = GH_STAGE_NETWORK,
	.events = 1u << GH_EV_TEXT,
	.on = on,
	.end = end,
	.bytes = bytes,
	.rules = rules,
};
