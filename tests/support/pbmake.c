#include "support/pbmake.h"

#include <ctype.h>
#include <stdlib.h>

static void varint(struct gh_buf *out, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		gh_buf_ch(out, (char)(v | 0x80));
	gh_buf_ch(out, (char)v);
}

static void hex(struct gh_buf *out, const char **at, char end)
{
	for (; **at != end; *at += 2) {
		char two[3] = { (*at)[0], (*at)[1], 0 };
		if (!isxdigit((unsigned char)two[0]) || !isxdigit((unsigned char)two[1]))
			abort();
		gh_buf_ch(out, (char)strtol(two, NULL, 16));
	}
	++*at;
}

static void payload(struct gh_buf *out, uint64_t number, const struct gh_buf *in)
{
	varint(out, number << 3 | 2);
	varint(out, in->n);
	gh_buf_put(out, in->p, in->n);
}

static const char *message(struct gh_buf *out, const char *at, char end);

static const char *value(struct gh_buf *out, uint64_t number, const char *at)
{
	gh_auto_buf in = gh_buf(64 << 20);
	char kind = *at++, *to = NULL;
	union {
		float f;
		double d;
		uint8_t b[8];
	} u;
	switch (kind) {
	case ':':
		varint(out, number << 3);
		varint(out, *at == '-' ? (uint64_t)strtoll(at, &to, 10) : strtoull(at, &to, 10));
		return to;
	case '~':
		u.f = strtof(at, &to);
		varint(out, number << 3 | 5);
		gh_buf_put(out, u.b, 4);
		return to;
	case '!':
		u.d = strtod(at, &to);
		varint(out, number << 3 | 1);
		gh_buf_put(out, u.b, 8);
		return to;
	case '*':
		for (unsigned long n = strtoul(at, &to, 10); n > 0; n--)
			gh_buf_ch(&in, '*');
		at = to;
		break;
	case '\'':
		while (*at != '\'')
			gh_buf_ch(&in, *at++);
		at++;
		break;
	case '#': hex(&in, &at, '#'); break;
	case '{': at = message(&in, at, '}'); break;
	case '(':
		varint(out, number << 3 | 3);
		at = message(out, at, ')');
		varint(out, number << 3 | 4);
		return at;
	default: abort();
	}
	payload(out, number, &in);
	return at;
}

static const char *message(struct gh_buf *out, const char *at, char end)
{
	for (;;) {
		while (*at == ' ' || *at == '\n')
			at++;
		if (*at == end)
			return end == '\0' ? at : at + 1;
		if (*at == '$') {
			at++;
			hex(out, &at, '$');
			continue;
		}
		char *to;
		uint64_t number = strtoull(at, &to, 10);
		if (to == at)
			abort();
		at = value(out, number, to);
	}
}

void gh_pb_make(struct gh_buf *out, const char *text) { (void)message(out, text, '\0'); }
