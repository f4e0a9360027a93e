/* runner.h - the process that supervises one deployment: `gatehouse --role runner HOME ENGINE ISOLATION [ENGINE-DIRECTORY]`, started by the
 * task `deploy`, in a session of its own, so that it outlives command and daemon alike. It holds the isolation, the listener that hears what the
 * engine may not do, the log; and no keys. What it says to the task and hears from it (os/call.h, texts are JSON of ours):
 *
 *	task			runner
 *			<- MEASURED	what would run: {"digest", "list", "profile", "model"}
 *	START ->			what the task and the catalog decided
 *	FILE ->				one for each file, in order; along: its ciphertext
 *			<- SIGN		evidence to be signed by the node's key (bytes)
 *	SIGNED ->			the signature (bytes; none: it could not be signed)
 *			<- QUOTE	only when START names a TPM: {"quote", "signature", "registers", "log"}, hexadecimal
 *			<- EVIDENCE	a: microseconds of launch; text: 64 hexadecimal digits of the stub's key, then the evidence
 *	KEYS ->				32 bytes enc, then the sealed keys
 *			<- LOADED	a: bytes, microseconds
 *			<- READY	JSON of its state
 *	GO ->				it is recorded: stay
 *			<- FAILED	instead of any of these: {"check", "why", "denied"}; it ends
 *
 * When the task's end of the socket closes before GO, everything ends: nothing runs that the catalog does not know of. */
#ifndef GH_DAEMON_RUNNER_H
#define GH_DAEMON_RUNNER_H

enum gh_runner_say {
	GH_RUNNER_MEASURED = 1,
	GH_RUNNER_START,
	GH_RUNNER_FILE,
	GH_RUNNER_SIGN,
	GH_RUNNER_SIGNED,
	GH_RUNNER_EVIDENCE,
	GH_RUNNER_KEYS,
	GH_RUNNER_LOADED,
	GH_RUNNER_READY,
	GH_RUNNER_GO,
	GH_RUNNER_FAILED,
	GH_RUNNER_QUOTE,
};
enum {
	GH_RUNNER_POLL_S = 30,	     /* between two questions whether everything still stands */
	GH_RUNNER_BLIND_S = 600,     /* so long without an answer: it is ended */
	GH_RUNNER_VERIFY_S = 60,     /* between two readings of the files that were measured */
	GH_RUNNER_START_MS = 120000, /* for each step of the start */
	GH_RUNNER_STOP_MS = 3000,    /* for the engine to end by itself */
};
#endif
