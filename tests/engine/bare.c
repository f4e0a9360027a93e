/* engine_bare LIBS MODEL TOKENS: llama.cpp's C library without anything around it, as a measure for gatehouse-engine. Prints a line for each
 * line read: tokens, and tokens a second, of greedy decoding after one prompt. For script/bench-engine. */
#include "engine/llama_libs.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double run(struct llama_context *ctx, const struct llama_vocab *vocab, int max, int *tokens)
{
	llama_token tok[64];
	int n = gh_ll.llama_tokenize(vocab, "Once upon a time", 16, tok, 64, true, true);
	struct llama_sampler *s = gh_ll.llama_sampler_init_greedy();
	struct llama_batch b = gh_ll.llama_batch_init(64, 0, 1);
	int vocabulary = gh_ll.llama_vocab_n_tokens(vocab), made = 0;
	struct llama_token_data *all = calloc((size_t)vocabulary, sizeof *all);
	gh_ll.llama_memory_clear(gh_ll.llama_get_memory(ctx), false);
	double start = now();
	for (int pos = 0; made < max && all != NULL; made++) {
		b.n_tokens = n;
		for (int i = 0; i < n; i++) {
			b.token[i] = tok[i];
			b.pos[i] = pos++;
			b.n_seq_id[i] = 1;
			b.seq_id[i][0] = 0;
			b.logits[i] = i == n - 1;
		}
		if (gh_ll.llama_decode(ctx, b) != 0)
			exit(2);
		const float *l = gh_ll.llama_get_logits_ith(ctx, n - 1);
		for (int i = 0; i < vocabulary; i++)
			all[i] = (struct llama_token_data){ i, l[i], 0 };
		struct llama_token_data_array a = { all, (size_t)vocabulary, -1, false };
		gh_ll.llama_sampler_apply(s, &a);
		tok[0] = a.data[a.selected].id;
		n = 1;
		if (gh_ll.llama_vocab_is_eog(vocab, tok[0]))
			break;
	}
	double seconds = now() - start;
	free(all);
	gh_ll.llama_sampler_free(s);
	gh_ll.llama_batch_free(b);
	*tokens = made;
	return made / seconds;
}

int main(int argc, char **argv)
{
	struct gh_llama_files files;
	struct gh_err err = { 0 };
	char line[300];
	if (argc != 4 || gh_llama_load(argv[1], NULL, &files, &err) != GH_OK) {
		fprintf(stderr, "%s\n", gh_err_line(&err, line, sizeof line));
		return 64;
	}
	FILE *f = fopen(argv[2], "rb");
	struct llama_model_params mp = gh_ll.llama_model_default_params();
	mp.load_mode = LLAMA_LOAD_MODE_MMAP;
	mp.use_extra_bufts = false;
	struct llama_model *m = f == NULL ? NULL : gh_ll.llama_model_load_from_file_ptr(f, mp);
	if (m == NULL)
		return 2;
	struct llama_context_params cp = gh_ll.llama_context_default_params();
	cp.n_ctx = 512;
	cp.n_threads = cp.n_threads_batch = 1;
	struct llama_context *ctx = gh_ll.llama_init_from_model(m, cp);
	if (ctx == NULL)
		return 2;
	while (fgets(line, sizeof line, stdin) != NULL) {
		int made = 0;
		double speed = run(ctx, gh_ll.llama_model_get_vocab(m), (int)strtol(argv[3], NULL, 10), &made);
		printf("%d %.1f\n", made, speed);
		(void)fflush(stdout);
	}
	return 0;
}
