#include "wire/pep440.h"

static uint8_t low(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }
static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool letter(uint8_t c) { return low(c) >= 'a' && low(c) <= 'z'; }
static bool blank(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool joint(uint8_t c) { return c == '.' || c == '-' || c == '_'; }

static struct gh_span trim(struct gh_span s)
{
	while (s.n != 0 && blank(s.p[0]))
		s = gh_span_cut(s, 1, s.n);
	while (s.n != 0 && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* ---- numbers of any length -------------------------------------------------------------------------------------- */
static struct gh_span bare(struct gh_span d)
{
	while (d.n != 0 && d.p[0] == '0')
		d = gh_span_cut(d, 1, d.n);
	return d;
}

static int num_cmp(struct gh_span a, struct gh_span b)
{
	a = bare(a);
	b = bare(b);
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	int c = a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
	return c < 0 ? -1 : c > 0;
}

static struct gh_span digits(struct gh_span s, size_t *at)
{
	size_t from = *at;
	while (*at < s.n && digit(s.p[*at]))
		++*at;
	return gh_span_cut(s, from, *at - from);
}

/* ---- reading a version ------------------------------------------------------------------------------------------ */
static bool word(struct gh_span s, size_t at, const char *w)
{
	size_t n = strlen(w);
	if (n > s.n - at)
		return false;
	for (size_t i = 0; i < n; i++)
		if (low(s.p[at + i]) != (uint8_t)w[i])
			return false;
	return true;
}

/* "[-_.]? word [-_.]? digits?" at *at, for any of the words. Which word it was, or -1. A separator before the number is a
 * part of it only when a number follows, or when nothing else could: "1.0a.dev1" has a pre-release without a number. */
static int labelled(struct gh_span s, size_t *at, const char *const *words, struct gh_span *number)
{
	size_t i = *at + (*at < s.n && joint(s.p[*at]));
	for (int w = 0; words[w] != NULL; w++) {
		if (!word(s, i, words[w]))
			continue;
		i += strlen(words[w]);
		size_t k = i + (i < s.n && joint(s.p[i]));
		bool numbered = k < s.n && digit(s.p[k]);
		/* The grammar lets that separator stand alone: "1.0a.", "1.0a.+x" and "1.0a..dev1" are versions. */
		if (numbered || k == s.n || (k > i && (joint(s.p[k]) || s.p[k] == '+')))
			i = k;
		*number = digits(s, &i);
		*at = i;
		return w;
	}
	return -1;
}

static bool read_local(struct gh_span s, size_t *at, struct gh_span *out)
{
	if (*at == s.n || s.p[*at] != '+')
		return true;
	size_t from = ++*at;
	bool want = true; /* a letter or digit must come next */
	while (*at < s.n && (letter(s.p[*at]) || digit(s.p[*at]) || (joint(s.p[*at]) && !want)))
		want = joint(s.p[(*at)++]);
	*out = gh_span_cut(s, from, *at - from);
	return !want;
}

bool gh_pep440(struct gh_span text, struct gh_pep440 *out)
{
	/* Longest first: "alpha" before "a". */
	static const char *const pre[] = { "alpha", "beta", "preview", "pre", "rc", "a", "b", "c", NULL };
	static const char kind[] = "abrrrabr";
	static const char *const post[] = { "post", "rev", "r", NULL };
	static const char *const dev[] = { "dev", NULL };
	struct gh_span s = trim(text);
	size_t at = 0;
	*out = (struct gh_pep440){ 0 };
	if (at < s.n && low(s.p[at]) == 'v')
		at++;
	struct gh_span n = digits(s, &at);
	if (n.n == 0)
		return false;
	if (at < s.n && s.p[at] == '!') {
		out->epoch = n;
		at++;
		n = digits(s, &at);
		if (n.n == 0)
			return false;
	}
	size_t from = (size_t)(n.p - s.p);
	while (at + 1 < s.n && s.p[at] == '.' && digit(s.p[at + 1])) {
		at++;
		(void)digits(s, &at);
	}
	out->release = gh_span_cut(s, from, at - from);
	int w = labelled(s, &at, pre, &out->pre_n);
	if (w >= 0)
		out->pre = kind[w];
	if (at + 1 < s.n && s.p[at] == '-' && digit(s.p[at + 1])) { /* "1.0-1" */
		at++;
		out->post_n = digits(s, &at);
		out->post = true;
	} else {
		out->post = labelled(s, &at, post, &out->post_n) >= 0;
	}
	out->dev = labelled(s, &at, dev, &out->dev_n) >= 0;
	return read_local(s, &at, &out->local) && at == s.n;
}

/* ---- order -------------------------------------------------------------------------------------------------------- */
size_t gh_pep440_parts(const struct gh_pep440 *v)
{
	size_t n = v->release.n != 0;
	for (size_t i = 0; i < v->release.n; i++)
		n += v->release.p[i] == '.';
	return n;
}

/* The next part of a text of parts; false at its end. */
static bool next_part(struct gh_span s, size_t *at, struct gh_span *part)
{
	if (*at >= s.n)
		return false;
	size_t from = *at;
	while (*at < s.n && !joint(s.p[*at]))
		++*at;
	*part = gh_span_cut(s, from, *at - from);
	++*at;
	return true;
}

struct gh_span gh_pep440_part(const struct gh_pep440 *v, size_t i)
{
	struct gh_span part = { 0 };
	size_t at = 0;
	for (size_t k = 0; k <= i; k++)
		if (!next_part(v->release, &at, &part))
			return (struct gh_span){ 0 };
	return bare(part);
}

/* Compare at most `parts` parts of two release segments; a missing part is 0. */
static int release_cmp(struct gh_span a, struct gh_span b, size_t parts)
{
	size_t i = 0, k = 0;
	struct gh_span x, y;
	for (; parts != 0; parts--) {
		bool more_a = next_part(a, &i, &x), more_b = next_part(b, &k, &y);
		if (!more_a && !more_b)
			return 0;
		int c = num_cmp(more_a ? x : (struct gh_span){ 0 }, more_b ? y : (struct gh_span){ 0 });
		if (c != 0)
			return c;
	}
	return 0;
}

/* Numbers come after words, words are compared without case; what is shorter comes first. */
static int local_cmp(struct gh_span a, struct gh_span b)
{
	size_t i = 0, k = 0;
	struct gh_span x, y;
	for (;;) {
		bool more_a = next_part(a, &i, &x), more_b = next_part(b, &k, &y);
		if (!more_a || !more_b)
			return (int)more_a - (int)more_b;
		bool nx = true, ny = true;
		for (size_t n = 0; n < x.n; n++)
			nx = nx && digit(x.p[n]);
		for (size_t n = 0; n < y.n; n++)
			ny = ny && digit(y.p[n]);
		if (nx != ny)
			return nx ? 1 : -1;
		int c = nx ? num_cmp(x, y) : 0;
		for (size_t n = 0; !nx && c == 0 && (n < x.n || n < y.n); n++) {
			int u = n < x.n ? low(x.p[n]) : -1, v = n < y.n ? low(y.p[n]) : -1;
			c = (u > v) - (u < v);
		}
		if (c != 0)
			return c;
	}
}

/* "1.0.dev1" comes before every pre-release of 1.0, and 1.0 itself after all of them. */
static int pre_rank(const struct gh_pep440 *v)
{
	if (v->pre == 0)
		return !v->post && v->dev ? 0 : 4;
	return v->pre == 'a' ? 1 : v->pre == 'b' ? 2 : 3;
}

static int public_cmp(const struct gh_pep440 *a, const struct gh_pep440 *b)
{
	int c = num_cmp(a->epoch, b->epoch);
	if (c == 0)
		c = release_cmp(a->release, b->release, SIZE_MAX);
	if (c == 0)
		c = pre_rank(a) - pre_rank(b);
	if (c == 0)
		c = num_cmp(a->pre_n, b->pre_n);
	if (c == 0)
		c = (int)a->post - (int)b->post;
	if (c == 0)
		c = num_cmp(a->post_n, b->post_n);
	if (c == 0)
		c = (int)b->dev - (int)a->dev;
	if (c == 0)
		c = num_cmp(a->dev_n, b->dev_n);
	return (c > 0) - (c < 0);
}

int gh_pep440_cmp(const struct gh_pep440 *a, const struct gh_pep440 *b)
{
	int c = public_cmp(a, b);
	return c != 0 ? c : local_cmp(a->local, b->local);
}

/* ---- normal form -------------------------------------------------------------------------------------------------- */
static void put_number(struct gh_buf *out, struct gh_span d)
{
	d = bare(d);
	gh_buf_span(out, d.n == 0 ? GH_SPAN("0") : d);
}

void gh_pep440_text(const struct gh_pep440 *v, struct gh_buf *out)
{
	struct gh_span part;
	if (bare(v->epoch).n != 0) {
		put_number(out, v->epoch);
		gh_buf_ch(out, '!');
	}
	for (size_t at = 0, first = 1; next_part(v->release, &at, &part); first = 0) {
		gh_buf_str(out, first ? "" : ".");
		put_number(out, part);
	}
	if (v->pre != 0) {
		gh_buf_str(out, v->pre == 'a' ? "a" : v->pre == 'b' ? "b" : "rc");
		put_number(out, v->pre_n);
	}
	if (v->post) {
		gh_buf_str(out, ".post");
		put_number(out, v->post_n);
	}
	if (v->dev) {
		gh_buf_str(out, ".dev");
		put_number(out, v->dev_n);
	}
	for (size_t at = 0, first = 1; next_part(v->local, &at, &part); first = 0) {
		bool number = true;
		for (size_t i = 0; i < part.n; i++)
			number = number && digit(part.p[i]);
		gh_buf_ch(out, first ? '+' : '.');
		if (number)
			put_number(out, part);
		for (size_t i = 0; !number && i < part.n; i++)
			gh_buf_ch(out, (char)low(part.p[i]));
	}
}

/* ---- specifiers --------------------------------------------------------------------------------------------------- */
int gh_pep440_clause(struct gh_span *rest, struct gh_pep440_clause *out)
{
	static const struct {
		const char *text;
		enum gh_pep440_op op;
	} ops[] = { { "===", GH_OP_SAME }, { "~=", GH_OP_COMPATIBLE }, { "==", GH_OP_EQ }, { "!=", GH_OP_NE },
		    { "<=", GH_OP_LE },	   { ">=", GH_OP_GE },	       { "<", GH_OP_LT },  { ">", GH_OP_GT } };
	struct gh_span s = trim(*rest);
	while (s.n != 0 && s.p[0] == ',') /* an empty clause says nothing */
		s = trim(gh_span_cut(s, 1, s.n));
	*out = (struct gh_pep440_clause){ 0 };
	*rest = (struct gh_span){ 0 };
	if (s.n == 0)
		return 0;
	const uint8_t *comma = memchr(s.p, ',', s.n);
	struct gh_span c = comma == NULL ? s : trim(gh_span_cut(s, 0, (uint64_t)(comma - s.p)));
	if (comma != NULL)
		*rest = gh_span_cut(s, (uint64_t)(comma - s.p) + 1, s.n);
	size_t k = 0;
	while (k < sizeof ops / sizeof ops[0] && !gh_span_starts(c, ops[k].text))
		k++;
	if (k == sizeof ops / sizeof ops[0])
		return -1;
	out->op = ops[k].op;
	struct gh_span v = trim(gh_span_cut(c, strlen(ops[k].text), c.n));
	out->wildcard = (out->op == GH_OP_EQ || out->op == GH_OP_NE) && gh_span_ends(v, ".*");
	out->text = out->wildcard ? gh_span_cut(v, 0, v.n - 2) : v;
	if (out->wildcard && out->text.n != 0 && blank(out->text.p[out->text.n - 1]))
		return -1;
	bool ok = gh_pep440(out->text, &out->v);
	if (out->op == GH_OP_SAME)
		return v.n != 0 ? 1 : -1;
	if (!ok)
		return -1;
	const struct gh_pep440 *p = &out->v;
	if (out->wildcard && (p->pre != 0 || p->post || p->dev || p->local.n != 0))
		return -1;
	if (p->local.n != 0 && out->op != GH_OP_EQ && out->op != GH_OP_NE)
		return -1;
	return out->op == GH_OP_COMPATIBLE && gh_pep440_parts(p) < 2 ? -1 : 1;
}

/* Do the epoch and the first n parts agree? */
static bool prefix(const struct gh_pep440 *p, size_t n, const struct gh_pep440 *v)
{
	return num_cmp(p->epoch, v->epoch) == 0 && release_cmp(p->release, v->release, n) == 0;
}

static bool same_base(const struct gh_pep440 *a, const struct gh_pep440 *b) { return prefix(a, SIZE_MAX, b); }

static bool same_text(struct gh_span a, struct gh_span b)
{
	a = trim(a);
	b = trim(b);
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (low(a.p[i]) != low(b.p[i]))
			return false;
	return true;
}

static bool equal(const struct gh_pep440_clause *c, const struct gh_pep440 *v)
{
	if (c->wildcard)
		return prefix(&c->v, gh_pep440_parts(&c->v), v);
	return public_cmp(&c->v, v) == 0 && (c->v.local.n == 0 || local_cmp(c->v.local, v->local) == 0);
}

bool gh_pep440_holds(const struct gh_pep440_clause *c, struct gh_span text, const struct gh_pep440 *v)
{
	const struct gh_pep440 *w = &c->v;
	switch (c->op) {
	case GH_OP_SAME: return same_text(c->text, text);
	case GH_OP_EQ: return equal(c, v);
	case GH_OP_NE: return !equal(c, v);
	case GH_OP_LE: return public_cmp(v, w) <= 0;
	case GH_OP_GE: return public_cmp(v, w) >= 0;
	case GH_OP_COMPATIBLE: return public_cmp(v, w) >= 0 && prefix(w, gh_pep440_parts(w) - 1, v);
	case GH_OP_LT: /* not a pre-release of the version itself */
		return gh_pep440_cmp(v, w) < 0 && (gh_pep440_is_pre(w) || !gh_pep440_is_pre(v) || !same_base(v, w));
	case GH_OP_GT: /* nor a post-release or a local build of it */
		return gh_pep440_cmp(v, w) > 0 && (w->post || !v->post || !same_base(v, w)) &&
		       (v->local.n == 0 || !same_base(v, w));
	}
	return false;
}

int gh_pep440_allows(struct gh_span set, struct gh_span version)
{
	struct gh_pep440_clause c;
	struct gh_pep440 v;
	bool known = gh_pep440(version, &v), all = true, any = false;
	int r;
	while ((r = gh_pep440_clause(&set, &c)) > 0) {
		if (!known && c.op != GH_OP_SAME)
			return -1;
		any = true;
		all = all && gh_pep440_holds(&c, version, &v);
	}
	return r < 0 || (!known && !any) ? -1 : (int)all;
}
