/* llama_libs.h - llama.cpp's C library, loaded at run time: libllama, libggml, libggml-base and exactly one CPU back end.
 *
 * Each file is opened once, its bytes are compared with the digest that was pinned when this program was built
 * (rules/engine/llama.sha256), and what is then loaded is that very open file. Nothing is searched for: no directory is scanned, no
 * environment variable and no current directory is asked (llama.cpp's own "load all" functions do both). */
#ifndef GH_ENGINE_LLAMA_LIBS_H
#define GH_ENGINE_LLAMA_LIBS_H
#include "base/err.h"

#include <ggml-backend.h>
#include <llama.h>

/* Every function that is called, by its name in llama.h. */
/* clang-format off */
#define GH_LLAMA_CALLS(X) \
	X(llama_version) X(llama_log_set) X(llama_backend_init) X(llama_model_default_params) \
	X(llama_model_load_from_file_ptr) X(llama_model_free) X(llama_model_get_vocab) X(llama_model_n_ctx_train) \
	X(llama_model_n_embd_out) X(llama_model_chat_template) X(llama_model_has_encoder) X(llama_model_meta_val_str) \
	X(llama_model_is_diffusion) X(llama_adapter_lora_init_from_file_ptr) X(llama_set_adapters_lora) \
	X(llama_context_default_params) X(llama_init_from_model) X(llama_free) X(llama_n_ctx_seq) \
	X(llama_pooling_type) X(llama_get_memory) X(llama_memory_seq_rm) X(llama_memory_clear) X(llama_batch_init) \
	X(llama_batch_free) X(llama_decode) X(llama_get_logits_ith) X(llama_get_embeddings_seq) \
	X(llama_vocab_n_tokens) X(llama_vocab_get_text) X(llama_vocab_get_attr) X(llama_vocab_is_eog) \
	X(llama_vocab_bos) X(llama_vocab_eos) X(llama_vocab_get_add_bos) X(llama_tokenize) X(llama_token_to_piece) \
	X(llama_sampler_chain_default_params) X(llama_sampler_chain_init) X(llama_sampler_chain_add) \
	X(llama_sampler_free) X(llama_sampler_apply) X(llama_sampler_accept) X(llama_sampler_init_greedy) \
	X(llama_sampler_init_dist) X(llama_sampler_init_top_k) X(llama_sampler_init_top_p) \
	X(llama_sampler_init_min_p) X(llama_sampler_init_temp) X(llama_sampler_init_penalties) \
	X(llama_sampler_init_grammar)
/* clang-format on */

struct gh_llama {
#define X(name) __typeof__(&(name)) name;
	GH_LLAMA_CALLS(X)
#undef X
};
/* Filled by gh_llama_load(), not changed afterwards. */
extern struct gh_llama gh_ll;

enum { GH_LLAMA_FILES = 4 };
struct gh_llama_files { /* in the order in which they were loaded */
	struct {
		char name[40];
		char sha256[65];
	} file[GH_LLAMA_FILES];
	size_t n;
};

/* dir: where the libraries are; cpu: the back end ("haswell"), NULL: the best one that is there and runs on this processor. GH_E_ABSENT: a file is
 * missing; GH_E_MALFORMED: one is not the file that was pinned; GH_E_UNREAD: this processor or system cannot run it. */
enum gh_rc gh_llama_load(const char *dir, const char *cpu, struct gh_llama_files *files, struct gh_err *err);
#endif
