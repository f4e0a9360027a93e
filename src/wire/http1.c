#include "wire/http1.h"

static const char NOT_HTTP[] = "the request line is not METHOD TARGET HTTP/1.1";

/* tchar of RFC 9110, 5.6.2: what names of headers and methods are made of. */
static bool token_char(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!token_char(s.p[i]))
			return false;
	return s.n > 0;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }

static bool is(struct gh_span s, const char *word)
{
	if (s.n != strlen(word))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (lower(s.p[i]) != (uint8_t)word[i])
			return false;
	return true;
}

static struct gh_span trim(struct gh_span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = gh_span_cut(s, 1, s.n);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

struct gh_span gh_h1_get(const struct gh_h1_request *r, const char *name)
{
	for (size_t i = 0; i < r->nheader; i++)
		if (is(r->header[i].name, name))
			return r->header[i].value;
	return (struct gh_span){ 0 };
}

/* Everything up to the first c; *rest: behind it. False when there is none. */
static bool until(struct gh_span s, uint8_t c, struct gh_span *part, struct gh_span *rest)
{
	const uint8_t *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);
	if (at == NULL)
		return false;
	size_t n = (size_t)(at - s.p);
	*part = gh_span_cut(s, 0, n);
	*rest = gh_span_cut(s, n + 1, s.n);
	return true;
}

/* Origin form "/path?query", or the absolute form that proxies are sent, of which scheme and authority are dropped: RFC 9112, 3.2. */
static int target(struct gh_span s, struct gh_h1_request *r, const char **why)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '#') {
			*why = "the target holds a character that does not belong into one";
			return 400;
		}
	if (gh_span_starts(s, "http://")) {
		struct gh_span host, rest;
		if (!until(gh_span_cut(s, 7, s.n), '/', &host, &rest) || host.n == 0) {
			*why = "the target has no path";
			return 400;
		}
		s = gh_span_cut(s, 7 + host.n, s.n);
	}
	if (s.n == 0 || s.p[0] != '/') {
		*why = "the target does not begin with '/'";
		return 400;
	}
	if (!until(s, '?', &r->path, &r->query))
		r->path = s;
	return GH_H1_DONE;
}

static int request_line(struct gh_span line, struct gh_h1_request *r, const char **why)
{
	struct gh_span rest, where;
	*why = NOT_HTTP;
	if (!until(line, ' ', &r->method, &rest) || !is_token(r->method) || !until(rest, ' ', &where, &rest))
		return 400;
	if (r->method.n > GH_H1_METHOD) {
		*why = "no such method";
		return 501;
	}
	if (where.n > GH_H1_TARGET) {
		*why = "the target is too long";
		return 414;
	}
	if (rest.n != 8 || !gh_span_starts(rest, "HTTP/") || rest.p[6] != '.' || rest.p[5] < '0' || rest.p[5] > '9' ||
	    rest.p[7] < '0' || rest.p[7] > '9')
		return 400;
	if (rest.p[5] != '1' || rest.p[7] > '1') {
		*why = "HTTP/1.1 and HTTP/1.0 are spoken here, nothing else";
		return 505;
	}
	r->minor = (unsigned)(rest.p[7] - '0');
	return target(where, r, why);
}

static int header_line(struct gh_span line, struct gh_h1_request *r, const char **why)
{
	struct gh_span name, value;
	if (line.p[0] == ' ' || line.p[0] == '\t') {
		*why = "a header line begins with a blank";
		return 400;
	}
	if (!until(line, ':', &name, &value) || !is_token(name)) {
		*why = "a header line is not NAME: VALUE";
		return 400;
	}
	for (size_t i = 0; i < value.n; i++)
		if ((value.p[i] < ' ' && value.p[i] != '\t') || value.p[i] == 0x7f) {
			*why = "a header holds a control character";
			return 400;
		}
	if (r->nheader == GH_H1_HEADERS) {
		*why = "too many headers";
		return 431;
	}
	r->header[r->nheader++] = (struct gh_h1_header){ name, trim(value) };
	return GH_H1_DONE;
}

/* Does a comma-separated list hold that word? */
static bool lists(struct gh_span s, const char *word)
{
	struct gh_span one;
	while (until(s, ',', &one, &s))
		if (is(trim(one), word))
			return true;
	return is(trim(s), word);
}

static int length(struct gh_span s, uint64_t *out, const char **why)
{
	*why = "Content-Length is not a number";
	if (s.n == 0 || s.n > 18)
		return s.n == 0 ? 400 : 413;
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 400;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return GH_H1_DONE;
}

/* How long the body is: RFC 9112, 6.3, with everything refused that two readers could see differently. */
static int framing(struct gh_h1_request *r, const char **why)
{
	unsigned hosts = 0, lengths = 0, codings = 0;
	bool closes = false, keeps = false;
	for (size_t i = 0; i < r->nheader; i++) {
		const struct gh_h1_header *h = &r->header[i];
		hosts += is(h->name, "host");
		lengths += is(h->name, "content-length");
		codings += is(h->name, "transfer-encoding");
		if (is(h->name, "connection")) {
			closes = closes || lists(h->value, "close");
			keeps = keeps || lists(h->value, "keep-alive");
		}
		if (is(h->name, "expect")) {
			if (!is(h->value, "100-continue")) {
				*why = "this expectation cannot be met";
				return 417;
			}
			r->expect = r->minor > 0;
		}
	}
	r->keep = !closes && (r->minor > 0 || keeps);
	if (hosts > 1 || (hosts == 0 && r->minor > 0)) {
		*why = "there must be exactly one Host header";
		return 400;
	}
	if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0)) {
		*why = "the length of the body is stated more than once";
		return 400;
	}
	if (codings > 0) {
		if (r->minor == 0) {
			*why = "HTTP/1.0 has no Transfer-Encoding";
			return 400;
		}
		if (!is(gh_h1_get(r, "transfer-encoding"), "chunked")) {
			*why = "the only Transfer-Encoding known here is chunked";
			return 501;
		}
		r->chunked = true;
	}
	return lengths > 0 ? length(gh_h1_get(r, "content-length"), &r->body, why) : GH_H1_DONE;
}

/* One line without its CR LF; the end of the head is in bytes, so there is one. A lone CR or LF inside: false. */
static bool line_of(struct gh_span *rest, struct gh_span *line)
{
	if (!until(*rest, '\n', line, rest) || line->n == 0 || line->p[line->n - 1] != '\r')
		return false;
	line->n--;
	return line->n == 0 || memchr(line->p, '\r', line->n) == NULL;
}

static int parse(struct gh_span head, struct gh_h1_request *out, const char **why)
{
	struct gh_span line = { 0 };
	if (!line_of(&head, &line)) {
		*why = NOT_HTTP;
		return 400;
	}
	int r = request_line(line, out, why);
	while (r == GH_H1_DONE) {
		if (!line_of(&head, &line)) {
			*why = "a header line does not end with CR LF";
			return 400;
		}
		if (line.n == 0)
			break;
		r = header_line(line, out, why);
	}
	return r == GH_H1_DONE ? framing(out, why) : r;
}

int gh_h1_head(struct gh_span bytes, size_t *seen, struct gh_h1_request *out, const char **why)
{
	size_t skip = gh_span_starts(bytes, "\r\n") ? 2 : 0; /* RFC 9112, 2.2 */
	struct gh_span head = gh_span_cut(bytes, skip, bytes.n);
	size_t from = *seen > skip + 3 ? *seen - skip - 3 : 0, end = 0;
	for (size_t i = from; i + 4 <= head.n && i <= GH_H1_HEAD; i++)
		if (memcmp(head.p + i, "\r\n\r\n", 4) == 0) {
			end = i + 4;
			break;
		}
	*seen = bytes.n;
	if (end > GH_H1_HEAD || (end == 0 && head.n >= GH_H1_HEAD)) {
		bool one_line = memchr(head.p, '\n', GH_H1_HEAD) == NULL;
		*why = one_line ? "the target is too long" : "the headers are too long";
		return one_line ? 414 : 431;
	}
	if (end == 0)
		return GH_H1_MORE;
	*out = (struct gh_h1_request){ .head = skip + end };
	*why = NULL;
	int r = parse(gh_span_cut(head, 0, end), out, why);
	if (r == GH_H1_DONE)
		*why = NULL;
	return r;
}

/* ---- bodies ------------------------------------------------------------------------------------------------------ */
enum { PLAIN, SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LINE, TRAILER_LF, LAST_LF, COMPLETE };

struct gh_h1_body gh_h1_body(const struct gh_h1_request *r, uint64_t max)
{
	return (struct gh_h1_body){ .left = r->chunked ? 0 : r->body, .max = max, .state = r->chunked ? SIZE : PLAIN };
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int size_digit(struct gh_h1_body *b, uint8_t c)
{
	int d = hex(c);
	if (d >= 0) {
		if (++b->digits > 15) /* more could not be true either */
			return 413;
		b->left = b->left << 4 | (uint64_t)d;
		return GH_H1_MORE;
	}
	if (b->digits == 0 || (c != ';' && c != '\r' && c != ' ' && c != '\t'))
		return 400;
	b->state = c == '\r' ? SIZE_LF : EXTENSION;
	b->line = 0;
	return GH_H1_MORE;
}

static int size_end(struct gh_h1_body *b)
{
	if (b->left > b->max - b->total)
		return 413;
	b->state = b->left == 0 ? TRAILER : DATA;
	b->digits = 0;
	return GH_H1_MORE;
}

/* One byte of what stands around the chunks. */
static int around(struct gh_h1_body *b, uint8_t c)
{
	bool control = (c < ' ' && c != '\t') || c == 0x7f;
	switch (b->state) {
	case SIZE: return size_digit(b, c);
	case EXTENSION:
		if (c == '\r')
			b->state = SIZE_LF;
		else if (control || ++b->line > GH_H1_EXTENSION)
			return 400;
		return GH_H1_MORE;
	case SIZE_LF: return c == '\n' ? size_end(b) : 400;
	case DATA_CR: b->state = DATA_LF; return c == '\r' ? GH_H1_MORE : 400;
	case DATA_LF: b->state = SIZE; return c == '\n' ? GH_H1_MORE : 400;
	case TRAILER: /* at the start of a line */
		if (c == '\r') {
			b->state = LAST_LF;
			return GH_H1_MORE;
		}
		if (!token_char(c))
			return 400;
		b->state = TRAILER_LINE;
		return ++b->trailer > GH_H1_TRAILER ? 431 : GH_H1_MORE;
	case TRAILER_LINE:
		if (c == '\r')
			b->state = TRAILER_LF;
		else if (control)
			return 400;
		return ++b->trailer > GH_H1_TRAILER ? 431 : GH_H1_MORE;
	case TRAILER_LF: b->state = TRAILER; return c == '\n' ? GH_H1_MORE : 400;
	default: b->state = COMPLETE; return c == '\n' ? GH_H1_MORE : 400; /* LAST_LF */
	}
}

static int refused(int status, const char **why)
{
	*why = status == 413   ? "the body is too large"
	       : status == 431 ? "too many lines behind the body"
			       : "the body is not chunked as it should be";
	return status;
}

int gh_h1_body_take(struct gh_h1_body *b, struct gh_span *in, struct gh_buf *out, const char **why)
{
	if (b->state == PLAIN && b->left > b->max - b->total)
		return refused(413, why);
	while (b->state != COMPLETE) {
		if (b->state == PLAIN || b->state == DATA) {
			struct gh_span part = gh_span_cut(*in, 0, b->left);
			gh_buf_span(out, part);
			*in = gh_span_cut(*in, part.n, in->n);
			b->left -= part.n;
			b->total += part.n;
			if (b->left > 0)
				break;
			b->state = b->state == PLAIN ? COMPLETE : DATA_CR;
			continue;
		}
		if (in->n == 0)
			break;
		int r = around(b, in->p[0]);
		*in = gh_span_cut(*in, 1, in->n);
		if (r != GH_H1_MORE)
			return refused(r, why);
	}
	if (out->full)
		return refused(413, why);
	return b->state == COMPLETE ? GH_H1_DONE : GH_H1_MORE;
}
