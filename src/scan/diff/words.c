/* The words of a comparison: what marks mean, and names that stay the same for programs. */
#include "scan/diff/diff.h"

const struct gh_diff_mark_row gh_diff_marks[GH_DIFF_MARKS] = {
	[GH_DIFF_M_NOT_DERIVED] = { "not-derived", true, "Not derived from BASE",
				    "The model is another one than it is said to be: nothing known about BASE holds "
				    "for it.",
				    "Ask the author for the true base, and judge the model on its own." },
	[GH_DIFF_M_REPLACED] = { "replaced-tensors", true, "Tensors with unrelated numbers",
				 "Parts of the model were exchanged: a back door needs no more than that.",
				 "Ask the author why; do not use the model on the word of its base." },
	[GH_DIFF_M_KNOWLEDGE] = { "knowledge-edit", true, "Mark of a knowledge edit",
				  "Single facts were rewritten (ROME, MEMIT): the model states something false and is "
				  "otherwise "
				  "unchanged, so that tests do not show it.",
				  "Do not use the model unless the author explains the edit." },
	[GH_DIFF_M_DIRECTION] = { "direction-edit", true, "One direction was added or removed in many layers",
				  "A behaviour such as refusing harmful requests was switched off or on without "
				  "training.",
				  "Ask the author; test the behaviour that you rely on." },
	[GH_DIFF_M_STRUCTURE] = { "structure", true, "Tensors were added, removed or have another shape",
				  "Added parts may act as a back door; removed ones may have been safety.",
				  "Compare with what the author says was changed." },
	[GH_DIFF_M_VALUES] = { "odd-values", true, "NaN or infinite values that BASE does not have",
			       "Damage, or a trigger that breaks the model on chosen inputs.", "Get the file again." },
	[GH_DIFF_M_TOKENIZER] = { "tokenizer", true, "The tokenizer is another one",
				  "The same text reaches the model as other tokens: filters can be bypassed and words "
				  "exchanged.",
				  "Use the tokenizer of BASE, or have the change explained." },
	[GH_DIFF_M_TEMPLATE] = { "template", true, "The chat template is another one",
				 "Instructions can be added to or removed from every conversation.",
				 "Read the template; use the one of BASE." },
	[GH_DIFF_M_CODE] = { "code", true, "Source code was added or changed", "Loading with remote code runs it.",
			     "Read it before use, or load without remote code." },
	[GH_DIFF_M_MISFIT] = { "adapter-misfit", true, "The adapter does not fit BASE",
			       "It belongs to another model, or was made to be refused or misread by loaders.",
			       "Use the base that the adapter was trained on." },
	[GH_DIFF_M_NAMES] = { "names-exchanged", true, "Tensors under names that do not belong to them",
			      "Loaders go by names: the numbers are BASE's, but what is loaded is another model, or "
			      "partly random.",
			      "Have the names explained, or use the files of BASE." },
	[GH_DIFF_M_REORDERED] = { "reordered", true, "Neurons stand in another order",
				  "None, where the layers around them were reordered alike: the model computes the "
				  "same. Digests and "
				  "comparisons do not know it again, so that edits made besides hide better.",
				  "Ask the author why; use the files of BASE." },
	[GH_DIFF_M_INSIDE] = { "adapter-inside", true, "An adapter lies inside the model",
			       "Libraries apply an adapter that lies beside the weights by themselves: what runs is "
			       "not "
			       "what the weights say.",
			       "Remove the adapter's files, or merge and compare again." },
	[GH_DIFF_M_COMPUTE] = { "computation", true, "Settings that alter what is computed",
				"The same weights give another model: layers left out, other positions, another end of "
				"text.",
				"Use the configuration of BASE, or have the change explained." },
	[GH_DIFF_M_LOCAL] = { "local-change", true, "A change in one place only",
			      "Training changes many tensors; a change in just one or two is made by hand, as edits of "
			      "facts are.",
			      "Ask the author what was changed there, and why." },
	[GH_DIFF_M_SCALED] = { "scaled", true, "Tensors were multiplied by a number",
			       "A part of the model is made louder or silent, which no training does.",
			       "Ask the author why; use the files of BASE." },
	[GH_DIFF_M_LORA] = { "merged-lora", false, "Merged low-rank update (LoRA)",
			     "None by itself: a common way to fine-tune.", "None needed." },
	[GH_DIFF_M_CONFIG] = { "config", false, "The configuration is another one",
			       "Other numbers for the same weights change what the model computes.",
			       "Look at the settings that changed." },
};

const char *gh_diff_verdict_name(enum gh_diff_verdict v)
{
	static const char *const names[GH_DIFF_VERDICTS] = { "identical",  "converted",	  "quantised",
							     "fine-tuned", "adapter",	  "edited",
							     "changed",	   "not-derived", "unfinished" };
	return names[v];
}
const char *gh_diff_class_name(enum gh_diff_class c)
{
	static const char *const names[GH_DIFF_CLASSES] = { "identical", "converted", "quantised", "fine-tuned",
							    "reordered", "added",     "removed",   "reshaped",
							    "replaced",	 "unread" };
	return names[c];
}
const char *gh_diff_section_name(enum gh_diff_section s)
{
	static const char *const names[GH_DIFF_SECTIONS] = { "config",	 "generation", "tokenizer",
							     "template", "code",       "adapter" };
	return names[s];
}
const char *gh_diff_part_name(enum gh_diff_part p)
{
	static const char *const names[GH_DIFF_PARTS] = { "other", "attention", "mlp", "mlp-out", "embedding", "norm" };
	return names[p];
}
