/* What TensorFlow's numbers and names stand for: element types, and which inputs of an operation are names of files. */
#include "format/tensorflow/tf.h"

/* tensorflow/core/framework/types.proto. Types from 101 on are references to the same. */
static const struct {
	const char *name;
	uint8_t bits;
} types[] = {
	[1] = { "F32", 32 },	     [2] = { "F64", 64 },	  [3] = { "I32", 32 },
	[4] = { "U8", 8 },	     [5] = { "I16", 16 },	  [6] = { "I8", 8 },
	[7] = { "STRING", 0 },	     [8] = { "C64", 64 },	  [9] = { "I64", 64 },
	[10] = { "BOOL", 8 },	     [11] = { "QI8", 8 },	  [12] = { "QU8", 8 },
	[13] = { "QI32", 32 },	     [14] = { "BF16", 16 },	  [15] = { "QI16", 16 },
	[16] = { "QU16", 16 },	     [17] = { "U16", 16 },	  [18] = { "C128", 128 },
	[19] = { "F16", 16 },	     [20] = { "RESOURCE", 0 },	  [21] = { "VARIANT", 0 },
	[22] = { "U32", 32 },	     [23] = { "U64", 64 },	  [24] = { "F8_E5M2", 8 },
	[25] = { "F8_E4M3", 8 },     [26] = { "F8_E4M3FNUZ", 8 }, [27] = { "F8_E4M3B11FNUZ", 8 },
	[28] = { "F8_E5M2FNUZ", 8 }, [29] = { "I4", 0 },	  [30] = { "U4", 0 },
	[31] = { "I2", 0 },	     [32] = { "U2", 0 },	  [33] = { "I1", 0 },
	[34] = { "U1", 0 },
};

const char *tf_dtype(uint64_t type, unsigned *bits, bool *known)
{
	uint64_t k = type > 100 ? type - 100 : type;
	*known = k != 0 && k < sizeof types / sizeof types[0];
	*bits = *known ? types[k].bits : 0;
	return *known ? types[k].name : NULL;
}

static const struct {
	const char *op;
	uint8_t inputs; /* 1u << index */
} path_inputs[] = {
	{ "CSVDataset", 1 },
	{ "CSVDatasetV2", 1 },
	{ "CacheDataset", 2 },
	{ "CacheDatasetV2", 2 },
	{ "CreateSummaryDbWriter", 2 },
	{ "CreateSummaryFileWriter", 2 },
	{ "DatasetToTFRecord", 2 },
	{ "DistributedSave", 2 },
	{ "ExperimentalCSVDataset", 1 },
	{ "ExperimentalDatasetToTFRecord", 2 },
	{ "ExperimentalLMDBDataset", 1 },
	{ "ExperimentalMatchingFilesDataset", 1 },
	{ "FixedLengthRecordDataset", 1 },
	{ "FixedLengthRecordDatasetV2", 1 },
	{ "GenerateVocabRemapping", 3 },
	{ "InitializeTableFromTextFile", 2 },
	{ "InitializeTableFromTextFileV2", 2 },
	{ "InitializeTRTResource", 2 },
	{ "LMDBDataset", 1 },
	{ "LoadAndRemapMatrix", 1 },
	{ "LoadDataset", 1 },
	{ "LoadLibrary", 1 },
	{ "MatchingFiles", 1 },
	{ "MatchingFilesDataset", 1 },
	{ "MergeV2Checkpoints", 3 },
	{ "ReadFile", 1 },
	{ "Restore", 1 },
	{ "RestoreSlice", 1 },
	{ "RestoreV2", 1 },
	{ "Save", 1 },
	{ "SaveDataset", 2 },
	{ "SaveDatasetV2", 2 },
	{ "SaveSlices", 1 },
	{ "SaveV2", 1 },
	{ "ShardedFilename", 1 },
	{ "ShardedFilespec", 1 },
	{ "SimpleMLLoadModelFromPath", 2 },
	{ "SimpleMLLoadModelFromPathWithHandle", 2 },
	{ "SnapshotDataset", 2 },
	{ "SnapshotDatasetV2", 2 },
	{ "SqlDataset", 2 },
	{ "TFRecordDataset", 1 },
	{ "TFRecordDatasetV2", 1 },
	{ "TextLineDataset", 1 },
	{ "WriteFile", 1 },
};

unsigned tf_path_inputs(struct gh_span op)
{
	for (size_t i = 0; i < sizeof path_inputs / sizeof path_inputs[0]; i++)
		if (gh_span_is(op, path_inputs[i].op))
			return path_inputs[i].inputs;
	return 0;
}
