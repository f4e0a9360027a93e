#include "check/expressions.h"

#include <string.h>

/* Functions of sympy and of torch.utils._sympy.functions that compute. */
static const char arithmetic[] =
	"Abs Add And Bool CeilToInt CleanDiv Eq Equality Expr Float FloatPow FloatTrueDiv FloorDiv FloorToInt Ge Gt "
	"GreaterThan "
	"Identity IntTrueDiv Integer IsNonOverlappingAndDenseIndicator LShift Le LessThan Lt Max Min Mod "
	"ModularIndexing Mul Ne "
	"Not Or Piecewise ExprCondPair Pow PowByNatural PythonMod RShift Rational RoundDecimal RoundToInt "
	"StrictGreaterThan "
	"StrictLessThan Symbol ToFloat TruncToFloat TruncToInt Unequality Where Xor ITE abs acos asin atan ceiling cos "
	"cosh "
	"exp floor log log2 max min sign sin sinh sqrt tan tanh trunc BitwiseFn_bitwise_and BitwiseFn_bitwise_or "
	"OpaqueUnaryFn_acos OpaqueUnaryFn_asin OpaqueUnaryFn_atan OpaqueUnaryFn_cos OpaqueUnaryFn_cosh "
	"OpaqueUnaryFn_exp "
	"OpaqueUnaryFn_log OpaqueUnaryFn_log2 OpaqueUnaryFn_sin OpaqueUnaryFn_sinh OpaqueUnaryFn_sqrt "
	"OpaqueUnaryFn_tan "
	"OpaqueUnaryFn_tanh OpaqueUnaryFn_asinh OpaqueUnaryFn_ceil OpaqueUnaryFn_floor";
/* Methods of tensors, and words, of which guards are made. */
static const char guards[] = "size stride storage_offset dim numel item len not and or isinstance int float bool";
static const char words_of_code[] =
	"lambda import for await async yield exec eval open globals locals compile breakpoint";

static bool listed(const char *list, struct gh_span word)
{
	for (const char *p = list; word.n != 0 && *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (n == word.n && memcmp(p, word.p, n) == 0)
			return true;
		p += n;
	}
	return false;
}

static bool word_byte(uint8_t c)
{
	return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }

struct look {
	struct gh_span s;
	size_t i;
	enum gh_expr kind;
	bool after;		    /* something that can be called ends here: a word, a string, a closing bracket */
	struct gh_span word, chain; /* the last word; the dotted name that it ends */
	bool is_word;
};

/* A string: what its prefix makes of it. NULL: a value. */
static const char *string(struct look *l)
{
	uint8_t quote = l->s.p[l->i];
	bool formatted = l->is_word && l->word.n <= 2 &&
			 (memchr(l->word.p, 'f', l->word.n) != NULL || memchr(l->word.p, 'F', l->word.n) != NULL);
	size_t from = ++l->i;
	while (l->i < l->s.n && l->s.p[l->i] != quote)
		l->i += l->s.p[l->i] == '\\' ? 2 : 1;
	l->i = l->i < l->s.n ? l->i : l->s.n;
	struct gh_span in = gh_span_cut(l->s, from, l->i - from);
	l->i += l->i < l->s.n;
	l->after = true;
	l->is_word = false;
	if (formatted && in.n != 0 && memchr(in.p, '{', in.n) != NULL)
		return "a formatted string";
	if (l->kind != GH_EXPR_SYMPY)
		return NULL;
	for (size_t k = 0; k < in.n; k++)
		if (!word_byte(in.p[k]))
			return "a string";
	return NULL;
}

static const char *word(struct look *l)
{
	size_t from = l->i;
	bool dot = from > 0 && l->s.p[from - 1] == '.' && l->chain.n != 0;
	while (l->i < l->s.n && word_byte(l->s.p[l->i]))
		l->i++;
	l->word = gh_span_cut(l->s, from, l->i - from);
	l->chain = dot ? (struct gh_span){ l->chain.p, (size_t)(l->s.p + l->i - l->chain.p) } : l->word;
	l->is_word = l->after = true;
	if (digit(l->word.p[0])) {
		l->is_word = false;
		l->chain.n = 0;
		return NULL;
	}
	if (memmem(l->word.p, l->word.n, "__", 2) != NULL)
		return "an internal attribute of Python";
	if (listed(words_of_code, l->word) && !(dot && l->kind == GH_EXPR_GUARD))
		return "a keyword or function of Python";
	return NULL;
}

/* nn.SiLU, torch.nn.LeakyReLU */
static bool of_torch_nn(struct gh_span chain)
{
	struct gh_span s = gh_span_starts(chain, "torch.") ? gh_span_cut(chain, 6, chain.n) : chain;
	if (!gh_span_starts(s, "nn."))
		return false;
	s = gh_span_cut(s, 3, s.n);
	return s.n != 0 && s.p[0] >= 'A' && s.p[0] <= 'Z' && memchr(s.p, '.', s.n) == NULL;
}

static bool may_call(const struct look *l)
{
	if (!l->is_word)
		return false;
	switch (l->kind) {
	case GH_EXPR_LITERAL: return false;
	case GH_EXPR_ACTIVATION: return of_torch_nn(l->chain);
	case GH_EXPR_SYMPY: return l->chain.n == l->word.n && listed(arithmetic, l->word);
	case GH_EXPR_GUARD: return listed(guards, l->word) || listed(arithmetic, l->word);
	}
	return false;
}

static const char *mark(struct look *l)
{
	uint8_t c = l->s.p[l->i], next = l->i + 1 < l->s.n ? l->s.p[l->i + 1] : 0;
	const char *why = NULL;
	bool number = l->i > 0 && digit(l->s.p[l->i - 1]) && l->chain.n == 0;
	if (c == '(' && l->after && !may_call(l))
		why = "a call";
	else if (l->kind == GH_EXPR_SYMPY && (c == '[' || c == '{' || c == ';' || c == '\\' || c == '@'))
		why = "more than arithmetic";
	else if (l->kind == GH_EXPR_SYMPY && c == '.' && !number && !digit(next))
		why = "an attribute";
	else if ((c == ':' && next == '=') || (c == '*' && next == '*' && l->kind == GH_EXPR_LITERAL))
		why = "more than a value";
	if (c != '.') {
		l->chain.n = 0;
		l->after = c == ')' || c == ']' || c == '}';
	}
	l->is_word = l->is_word && c == '.';
	l->i++;
	return why;
}

const char *gh_expr_hazard(struct gh_span text, enum gh_expr kind)
{
	struct look l = { .s = text, .kind = kind };
	const char *why = NULL;
	while (why == NULL && l.i < text.n) {
		uint8_t c = text.p[l.i];
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f')
			l.i++;
		else if (c == '\'' || c == '"')
			why = string(&l);
		else if (word_byte(c))
			why = word(&l);
		else
			why = mark(&l);
	}
	return why;
}
