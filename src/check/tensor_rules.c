#include "check/tensor_stat.h"

const struct gh_rule gh_tensor_rules[] = {
	[GH_T_UNIFORM] = { "GH-TNS-0001", GH_HIGH, GH_REVIEW, "Numbers that are not weights",
			   "Encrypted or compressed content travels as a tensor; the loader's user takes it out and "
			   "runs "
			   "it.",
			   "Ask the author what this tensor is; do not use the model until you know.",
			   "CWE-506 AML.T0018" },
	[GH_T_LOW] = { "GH-TNS-0002", GH_HIGH, GH_REVIEW, "Text or code in the low bits of weights",
		       "A payload travels where nobody looks, and the model answers as before.",
		       "Do not use this model until you know why.", "CWE-506 AML.T0018" },
	[GH_T_FLAT] = { "GH-TNS-0003", GH_HIGH, GH_REVIEW, "Mantissas that no numbers have",
			"The low bits of the weights were replaced: encrypted content may be there.",
			"Get the model from its publisher and compare; do not use it until you know why.",
			"CWE-506 AML.T0018" },
	[GH_T_SWITCH] = { "GH-TNS-0004", GH_MEDIUM, GH_REVIEW, "Low bits in use in the first part of a tensor only",
			  "Weights widened from 16 bits have zeros there; something was written into them up to a "
			  "certain length.",
			  "Get the model from its publisher and compare.", "CWE-506 AML.T0018" },
	[GH_T_OUTLIER] = { "GH-TNS-0005", GH_INFO, GH_CLEAN, "A tensor unlike the same tensor of other layers",
			   "None by itself. Layers that were edited or replaced may differ from their siblings.",
			   "Compare with the model it derives from: gatehouse diff.", "AML.T0018" },
	[GH_T_FAR] = { "GH-TNS-0006", GH_MEDIUM, GH_REVIEW,
		       "A tensor whose numbers are of another size than in all other layers",
		       "The layer drowns or ignores what the others compute: damage, or content that is not weights.",
		       "Compare with the model it derives from; get it again from its publisher.", "AML.T0018" },
	[GH_T_CONSTANT] = { "GH-TNS-0007", GH_INFO, GH_CLEAN,
			    "A tensor of one value, or of repeated rows, where other layers have weights",
			    "None by itself. The layer was removed, not trained, or overwritten.",
			    "Compare with the model it derives from.", "AML.T0018" },
	[GH_T_SCALES] = { "GH-TNS-0008", GH_MEDIUM, GH_REVIEW,
			  "Scales of quantised blocks that are not numbers or infinite",
			  "The model answers with nothing, or breaks off, always or when an input of the author's "
			  "choice "
			  "comes.",
			  "Get the file again; if it is meant to be so, ask the author why.", "CWE-20 AML.T0018" },
	[GH_T_CODES] = { "GH-TNS-0009", GH_HIGH, GH_REVIEW, "Quantised blocks that no quantiser writes",
			 "Encrypted or compressed content stands in place of the codes of weights.",
			 "Quantise the original model yourself, or get the file from its publisher.",
			 "CWE-506 AML.T0018" },
	[GH_T_PAYLOAD] = { "GH-TNS-0010", GH_CRITICAL, GH_UNSAFE,
			   "A program, an archive or a script in the codes of quantised weights",
			   "A few lines elsewhere put it together and run it; scanners of programs never see it.",
			   "Do not use this model.", "CWE-506 AML.T0018 AML.T0011.001" },
	[GH_T_ABSURD] = { "GH-TNS-0011", GH_MEDIUM, GH_REVIEW, "A number of impossible size among weights",
			  "Whatever it is multiplied with drowns: the model breaks off, or answers with the author's "
			  "choice, "
			  "when an input reaches it.",
			  "Get the file again; compare with the model it derives from: gatehouse diff.",
			  "CWE-20 AML.T0018" },
	GH_RULES_END
};
