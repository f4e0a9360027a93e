/* quorum.h - a trust policy for checkpoints (C2SP tlog-policy): which logs, which witnesses, and how many of them must have
 * cosigned.
 *
 *	log <vkey> [<url>]
 *	witness <name> <vkey> [<url>]
 *	group <name> all|any|<k> <member>...
 *	quorum <name>|none
 *
 * The file is the verifier's own; it is read strictly all the same: names are defined before they are used, no key stands twice,
 * every name is member of at most one group, exactly one quorum. Empty lines and lines starting with # are passed over. */
#ifndef GH_AUDIT_QUORUM_H
#define GH_AUDIT_QUORUM_H
#include "crypto/note.h"

enum {
	GH_QUORUM_MAX = 256 << 10, /* bytes of a file */
	GH_QUORUM_LOGS = 64,
	GH_QUORUM_NAMES = 256, /* witnesses and groups together */
	GH_QUORUM_URL = 255,
};

struct gh_quorum_log {
	struct gh_note_key key;
	char url[GH_QUORUM_URL + 1];
};
struct gh_quorum_name {
	char name[GH_NOTE_NAME + 1];
	bool group;
	unsigned need, members; /* of a group: need of members */
	unsigned parent;	/* 1 + index of the group it belongs to; 0: none */
	struct gh_note_key key; /* of a witness */
	char url[GH_QUORUM_URL + 1];
};
struct gh_quorum {
	struct gh_quorum_log log[GH_QUORUM_LOGS];
	size_t nlog;
	struct gh_quorum_name name[GH_QUORUM_NAMES]; /* in the order of the file: members stand before their group */
	size_t nname;
	unsigned need; /* 1 + index of the name that is the quorum; 0: none is needed */
};

/* GH_E_MALFORMED with the line; GH_E_LIMIT: more logs or names than fit. The structure is large (some 300 KiB): take it from the heap. */
enum gh_rc gh_quorum_read(struct gh_span text, struct gh_quorum *out, struct gh_err *err);

struct gh_quorum_answer {
	bool met;
	bool good[GH_QUORUM_NAMES]; /* per name: a witness that cosigned, a group that has enough members */
	uint64_t time[GH_QUORUM_NAMES];
	size_t witnesses; /* that cosigned */
};
/* Apply the policy to a note. GH_E_DENIED: a cosignature by a known witness is wrong, or (when the policy names logs) none of them
 * signed it under its origin; a quorum that is not met is no error but out->met == false. */
enum gh_rc gh_quorum_apply(const struct gh_quorum *q, const struct gh_note *note, struct gh_quorum_answer *out,
			   struct gh_err *err);
#endif
