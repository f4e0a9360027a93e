/* network_int.h - what the parts of the check "network" share: network.c (hosts seen, what they are worth), network_text.c
 * (what stands around a host). s is a window of a text, `at` a place in it. Pure. */
#ifndef GH_CHECK_NETWORK_INT_H
#define GH_CHECK_NETWORK_INT_H
#include "wire/hosts.h"

/* A letter of a host's name, or a dot. */
static inline bool gh_net_name_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_' || c == '.' ||
	       c >= 0x80;
}

/* Does a comment of a program begin before it on its line? What stands there is read by people. */
bool gh_net_in_comment(struct gh_span s, size_t at);
/* Words before it and no command that fetches: a sentence, in a program that is the description of something. */
bool gh_net_in_prose(struct gh_span s, size_t at);
/* Is something put into the address, or is it that of a picture with a query? host: length of scheme and host. */
bool gh_net_takes_content(struct gh_span s, size_t at, size_t host);
/* A scheme of addresses that is too long or too well known to stand before "://" by chance. */
bool gh_net_scheme(struct gh_span scheme);
/* The address for mail around the "@" at `at`. */
bool gh_net_mail(struct gh_span s, size_t at, size_t *start, size_t *stop);
/* ---- network_shares.c: files of other machines, and of the reader's own */
enum { GH_NET_SHARE_TEXT = 60 };
struct gh_net_share {
	struct gh_span shown; /* the address, to be told: at most GH_NET_SHARE_TEXT bytes */
	struct gh_span name;  /* of the machine; empty: this one */
	bool link;	      /* a link or a picture, which a page opens */
	bool value;	      /* neither a comment of a program nor a sentence */
};
/* "smb://host/…", "file://host/…", "\\\\host.example\\…", which begins at `at` and names its machine at `host`. */
struct gh_net_share gh_net_share(struct gh_span s, size_t at, size_t host);
/* The next place in [from, to) where two backslashes (four, where they are escaped) stand before a host with a dot or a number,
 * behind which a backslash or a port follows; *host: where its name begins. SIZE_MAX: none. */
size_t gh_net_backslashes(struct gh_span s, size_t from, size_t to, size_t *host);

/* Four numbers with dots between them, the first dot at `dot`, that nothing says to be a version: "host": "45.33.32.156". */
bool gh_net_quad(struct gh_span s, size_t dot, size_t *start, struct gh_host *h);
#endif
