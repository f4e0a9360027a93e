/* The order of conda's versions: "epoch!part.part+local", where '_' and '-' separate too and each part is cut into runs of
 * digits and letters. "dev" comes before everything, "post" after everything, other words before numbers; a missing part
 * is 0. https://docs.conda.io/projects/conda/en/latest/dev-guide/api/conda/models/version */
#include "wire/version.h"

static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }
static uint8_t low(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }
static bool letter(uint8_t c) { return low(c) >= 'a' && low(c) <= 'z'; }
static bool joint(uint8_t c) { return c == '.' || c == '_' || c == '-'; }

bool gh_conda_valid(struct gh_span v)
{
	size_t bang = 0, plus = 0;
	if (v.n == 0 || (!digit(v.p[0]) && !letter(v.p[0])))
		return false;
	for (size_t i = 0; i < v.n; i++) {
		bang += v.p[i] == '!';
		plus += v.p[i] == '+';
		if (!digit(v.p[i]) && !letter(v.p[i]) && !joint(v.p[i]) && v.p[i] != '!' && v.p[i] != '+')
			return false;
	}
	return bang <= 1 && plus <= 1;
}

/* One run of digits or letters; a run of letters at the start of a part stands behind an implied 0. */
struct run {
	struct gh_span text;
	bool number;
};
struct parts {
	struct gh_span s;
	size_t at;
	bool fresh; /* a part begins */
	bool ended; /* the part is over; wait for the other side */
};

/* The next run of this part; false: the part has no more. */
static bool next_run(struct parts *p, struct run *r)
{
	*r = (struct run){ .number = true };
	if (p->at >= p->s.n || joint(p->s.p[p->at]))
		return false;
	if (p->fresh && letter(p->s.p[p->at])) {
		p->fresh = false; /* the implied 0 */
		return true;
	}
	p->fresh = false;
	size_t from = p->at;
	r->number = digit(p->s.p[from]);
	while (p->at < p->s.n && (r->number ? digit(p->s.p[p->at]) : letter(p->s.p[p->at])))
		p->at++;
	if (p->at == from) /* no byte of a version: valid() was not asked */
		p->at++;
	r->text = gh_span_cut(p->s, from, p->at - from);
	return true;
}

static int rank(const struct run *r)
{
	if (r->number)
		return 2;
	if (r->text.n == 3 && low(r->text.p[0]) == 'd' && low(r->text.p[1]) == 'e' && low(r->text.p[2]) == 'v')
		return 0;
	if (r->text.n == 4 && low(r->text.p[0]) == 'p' && low(r->text.p[1]) == 'o' && low(r->text.p[2]) == 's' &&
	    low(r->text.p[3]) == 't')
		return 3;
	return 1;
}

static int run_cmp(const struct run *a, const struct run *b)
{
	int c = rank(a) - rank(b);
	if (c != 0)
		return c < 0 ? -1 : 1;
	struct gh_span x = a->text, y = b->text;
	while (a->number && x.n != 0 && x.p[0] == '0')
		x = gh_span_cut(x, 1, x.n);
	while (a->number && y.n != 0 && y.p[0] == '0')
		y = gh_span_cut(y, 1, y.n);
	if (a->number && x.n != y.n)
		return x.n < y.n ? -1 : 1;
	for (size_t i = 0; i < x.n && i < y.n; i++)
		if (low(x.p[i]) != low(y.p[i]))
			return low(x.p[i]) < low(y.p[i]) ? -1 : 1;
	return (x.n > y.n) - (x.n < y.n);
}

static int list_cmp(struct gh_span a, struct gh_span b)
{
	struct parts x = { .s = a, .fresh = true }, y = { .s = b, .fresh = true };
	while (x.at < a.n || y.at < b.n) {
		struct run r, s;
		bool more_x = next_run(&x, &r), more_y = next_run(&y, &s);
		if (more_x || more_y) {
			int c = run_cmp(&r, &s);
			if (c != 0)
				return c;
			continue;
		}
		x.at += x.at < a.n;
		y.at += y.at < b.n;
		x.fresh = y.fresh = true;
	}
	return 0;
}

static struct gh_span upto(struct gh_span *s, uint8_t c, struct gh_span none)
{
	const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, c, s->n);
	if (at == NULL)
		return none;
	struct gh_span head = gh_span_cut(*s, 0, (uint64_t)(at - s->p));
	*s = gh_span_cut(*s, head.n + 1, s->n);
	return head;
}

int gh_conda_cmp(struct gh_span a, struct gh_span b)
{
	if (!gh_conda_valid(a) || !gh_conda_valid(b))
		return GH_VERSION_APART;
	int c = list_cmp(upto(&a, '!', GH_SPAN("0")), upto(&b, '!', GH_SPAN("0")));
	if (c != 0)
		return c;
	struct gh_span la = a, lb = b, va = upto(&la, '+', a), vb = upto(&lb, '+', b);
	c = list_cmp(va, vb);
	if (c != 0)
		return c;
	return list_cmp(va.n == a.n ? (struct gh_span){ 0 } : la, vb.n == b.n ? (struct gh_span){ 0 } : lb);
}
