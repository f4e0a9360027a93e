/* stub.h - the parts of gatehouse-stub, the trusted program inside the isolation. It reads two things: fixed structures of the
 * launcher, which may lie, and encrypted blobs, which are authenticated before a byte of them is used. It allocates nothing by what
 * it reads: room for the most that there can be is set aside at the start.
 *
 * The parts return a reason, GH_STUB_WHY_FINE when all is well; where and errno stand in struct gh_stub_at. */
#ifndef GH_RUNTIME_STUB_STUB_H
#define GH_RUNTIME_STUB_STUB_H
#include "runtime/stub_proto.h"

#include <sys/types.h>

struct gh_stub_at { /* where it went wrong */
	uint32_t file;
	uint64_t segment;
	int sys;
};

struct gh_stub_input {
	struct gh_stub_file file;
	int cipher; /* what was handed over */
	int plain;  /* sealed memory, or the file below /model; -1: not yet */
};

struct gh_stub_told {
	struct gh_stub_start start;
	char text[GH_STUB_TEXT];       /* argv, then the environment, NUL after each */
	char *word[2 * GH_STUB_WORDS]; /* into text */
	struct gh_stub_input *input;   /* room for GH_STUB_FILES */
	uint32_t ninput;
	int socket; /* -1: none was handed over */
};

/* Hear START, FILEs, SOCKET and BEGIN. */
enum gh_stub_why gh_stub_hear(int sock, struct gh_stub_told *t, struct gh_stub_at *at);
/* Hear KEYS and open them: keys[i] belongs to input[i]. sealed, keys: room for GH_STUB_FILES in memory for secrets. */
enum gh_stub_why gh_stub_hear_keys(int sock, const struct gh_stub_told *t, const uint8_t private_key[GH_STUB_KEY],
				   const struct gh_stub_bind *b, struct gh_stub_blob_key *sealed,
				   uint8_t (*keys)[GH_STUB_KEY], struct gh_stub_at *at);
/* Decrypt and verify one file. *locked: bytes that cannot be swapped out. */
enum gh_stub_why gh_stub_load(struct gh_stub_input *in, enum gh_stub_model how, const uint8_t key[GH_STUB_KEY],
			      uint64_t *locked, struct gh_stub_at *at);
/* Nothing can be added to the model's directory any more. */
enum gh_stub_why gh_stub_close_directory(const struct gh_stub_told *t, struct gh_stub_at *at);
/* Start the engine, once. *pidfd becomes readable when it has ended. */
enum gh_stub_why gh_stub_start_engine(struct gh_stub_told *t, pid_t *pid, int *pidfd, struct gh_stub_at *at);
/* A word with {model} and {file:NAME} filled in. False: it names a file that is not there, or does not fit. */
bool gh_stub_word_fill(const struct gh_stub_told *t, const char *word, char *out, size_t cap);
#endif
