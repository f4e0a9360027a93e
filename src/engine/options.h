/* options.h - what gatehouse-engine is told when it is started: descriptors and limits, all of it on the command line. Its environment is
 * not looked at. docs/engine.md lists the options for those who start it. */
#ifndef GH_ENGINE_OPTIONS_H
#define GH_ENGINE_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GH_ENGINE_LORAS = 8 };

/* How much the engine gives up by itself before it reads the first byte of a model. */
enum gh_engine_lock {
	GH_LOCK_OFF,
	GH_LOCK_ON, /* whatever is not needed is refused: holds also when nothing is around it */
	GH_LOCK_WATCHED, /* the same, but socket, connect, exec, ptrace and open are left to the filter of the jail around it, whose
			  * listener records and refuses them. Without such a filter: not started */
};

struct gh_engine_file { /* "fd:N" or a path */
	int fd;		/* -1: a path */
	const char *path;
};

struct gh_engine_options {
	struct gh_engine_file model, lora[GH_ENGINE_LORAS], tmpl;
	float scale[GH_ENGINE_LORAS];
	size_t nlora;
	const char *name; /* what /v1/models and requests call the model */
	int listen;	  /* listening Unix socket; -1: made at: */
	const char *socket;
	int ready;	  /* "ready\n" is written there when requests are answered, and it is closed; -1 */
	const char *libs; /* directory of llama.cpp's libraries; NULL: beside the program */
	const char *cpu;  /* name of the CPU back end; NULL: the best that runs here */
	uint32_t
		context; /* tokens of one sequence, prompt and answer; 0: what the model was trained with, at most 4096 */
	uint32_t sequences;  /* decoded at the same time */
	uint32_t max_tokens; /* of one answer; 0: as many as fit into the context */
	uint32_t batch;	     /* tokens decoded in one step */
	uint32_t threads;
	uint32_t queue;	      /* requests that wait for a sequence; more: 429 */
	uint32_t connections; /* more: 503 */
	uint32_t body;	      /* bytes of a request's body */
	uint32_t stall; /* seconds in which a client takes nothing of its answer, or sends nothing of its request */
	bool embeddings;
	enum gh_engine_lock lock;
	bool check;	    /* verify and name the libraries, and end */
	bool version, help; /* print and end */
};

/* False: *why says what is wrong with the arguments (at most cap bytes with the NUL). */
bool gh_engine_options(int argc, char **argv, struct gh_engine_options *o, char *why, size_t cap);
/* What --help prints: from the same table. */
void gh_engine_usage(void (*line)(const char *option, const char *about));
#endif
