/* people_key.h - a person's own key, on the person's side: read from a file, registered, used to sign a decision. */
#ifndef GH_CLI_PEOPLE_KEY_H
#define GH_CLI_PEOPLE_KEY_H
#include "catalog/reviews.h"
#include "cli/cli.h"

enum { GH_PEOPLE_KEY_HEX = 256 };
/* The public half of a key file (PEM or DER, public or private) as hexadecimal SPKI. GH_CLI_GO, or an exit status after saying
 * why: not readable, no key, neither Ed25519 nor P-256. */
int gh_people_key_public(const struct gh_cli *cli, const char *path, char spki_hex[GH_PEOPLE_KEY_HEX]);
/* Sign gh_review_statement(e) with the private key in the file. */
int gh_people_key_sign(const struct gh_cli *cli, const char *path, const struct gh_review_event *e,
		       char fingerprint[GH_DIGEST_HEX + 1], char signature_hex[GH_PEOPLE_KEY_HEX]);
#endif
