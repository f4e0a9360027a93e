/* hosts.h - the host of an address: where it ends, what kind it is, which network it belongs to. RFC 3986 section 3.2.2, and
 * the notations of inet_aton() that browsers and libraries accept as well (2130706433, 0x7f.1, 0177.0.0.1). Pure. */
#ifndef GH_WIRE_HOSTS_H
#define GH_WIRE_HOSTS_H
#include "base/span.h"

enum gh_host_net {
	GH_NET_NAME,	 /* a name */
	GH_NET_PUBLIC,	 /* an address that anybody may have */
	GH_NET_PRIVATE,	 /* RFC 1918, RFC 4193, RFC 6598 */
	GH_NET_LOCAL,	 /* this machine */
	GH_NET_METADATA, /* where a cloud tells its machines their credentials */
	GH_NET_SHOWN,	 /* for documentation: RFC 5737, RFC 3849; multicast and others that reach nobody */
};

struct gh_host {
	struct gh_span text; /* as written, without brackets and port */
	enum gh_host_net net;
	bool odd; /* an IPv4 address in a notation that hides it */
	bool v6;
	size_t end; /* behind the host and its port, in the span that was given */
};

/* The host at the start of s (behind "://" and a user name). False: what stands there is none. */
bool gh_host_at(struct gh_span s, struct gh_host *out);

/* What a host is known for. */
enum gh_host_class {
	GH_HOST_PLAIN,
	GH_HOST_HIDDEN,	   /* .onion, .i2p and others behind a network that hides who owns it */
	GH_HOST_TUNNEL,	   /* a tunnel to somebody's own machine */
	GH_HOST_CATCHER,   /* shows its maker whatever is sent to it: request bins, webhook testers */
	GH_HOST_BEACON,	   /* tells its maker that it was looked up or asked: out-of-band testing, canaries */
	GH_HOST_PASTE,	   /* texts and files of unnamed people */
	GH_HOST_DYNAMIC,   /* names for addresses that change */
	GH_HOST_SHORT,	   /* shortened addresses: the target is not shown */
	GH_HOST_RESOLVER,  /* looks up names past the network's own resolver */
	GH_HOST_REPORTS,   /* collects reports of programs: experiment tracking, telemetry */
	GH_HOST_LOOKALIKE, /* punycode, or letters of several scripts in one name */
	GH_HOST_CLASSES
};
enum gh_host_class gh_host_class_of(struct gh_span name);
/* "a tunnel to somebody's machine": constant. */
const char *gh_host_class_name(enum gh_host_class c);

/* Names to look for where no address is spelled out; the classes above GH_HOST_PASTE. */
extern const char *const gh_host_bare[];
extern const unsigned gh_host_bare_n;
#endif
