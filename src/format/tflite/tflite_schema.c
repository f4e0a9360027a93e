/* The schema of TFLite models: fields of each table in the order of their ids (schema.fbs of TensorFlow and LiteRT). Members are
 * only ever added at the end, and never change their type. */
#include "format/tflite/tflite.h"

/* Options of built-in operators, in the order of union BuiltinOptions. The names say whose options they are. */
#define OPTIONS(X) \
	X(Conv2D, "1441441") \
	X(DepthwiseConv2D, "1444144") \
	X(ConcatEmbeddings, "4II") \
	X(LSHProjection, "1") \
	X(Pool2D, "144441") \
	X(SVDF, "411") \
	X(RNN, "11") \
	X(FullyConnected, "11111") \
	X(Softmax, "4") \
	X(Concatenation, "41") \
	X(Add, "11") \
	X(L2Norm, "1") \
	X(LocalResponseNormalization, "4444") \
	X(LSTM, "14411") \
	X(ResizeBilinear, "4411") \
	X(Call, "4") \
	X(Reshape, "I") \
	X(SkipGram, "441") \
	X(SpaceToDepth, "4") \
	X(EmbeddingLookupSparse, "1") \
	X(Mul, "1") \
	X(Pad, "") \
	X(Gather, "44") \
	X(BatchToSpaceND, "") \
	X(SpaceToBatchND, "") \
	X(Transpose, "") \
	X(Reducer, "1") \
	X(Sub, "11") \
	X(Div, "1") \
	X(Squeeze, "I") \
	X(SequenceRNN, "111") \
	X(StridedSlice, "444441") \
	X(Exp, "") \
	X(TopKV2, "") \
	X(Split, "4") \
	X(LogSoftmax, "") \
	X(Cast, "11") \
	X(Dequantize, "") \
	X(MaximumMinimum, "") \
	X(ArgMax, "1") \
	X(Less, "") \
	X(Neg, "") \
	X(PadV2, "") \
	X(Greater, "") \
	X(GreaterEqual, "") \
	X(LessEqual, "") \
	X(Select, "") \
	X(Slice, "") \
	X(TransposeConv, "14411") \
	X(SparseToDense, "1") \
	X(Tile, "") \
	X(ExpandDims, "") \
	X(Equal, "") \
	X(NotEqual, "") \
	X(Shape, "1") \
	X(Pow, "") \
	X(ArgMin, "1") \
	X(FakeQuant, "4441") \
	X(Pack, "44") \
	X(LogicalOr, "") \
	X(OneHot, "4") \
	X(LogicalAnd, "") \
	X(LogicalNot, "") \
	X(Unpack, "44") \
	X(FloorDiv, "") \
	X(Square, "") \
	X(ZerosLike, "") \
	X(Fill, "") \
	X(BidirectionalSequenceLSTM, "144111") \
	X(BidirectionalSequenceRNN, "1111") \
	X(UnidirectionalSequenceLSTM, "144111") \
	X(FloorMod, "") \
	X(Range, "") \
	X(ResizeNearestNeighbor, "11") \
	X(LeakyRelu, "4") \
	X(SquaredDifference, "") \
	X(MirrorPad, "1") \
	X(Abs, "") \
	X(SplitV, "4") \
	X(Unique, "1") \
	X(ReverseV2, "") \
	X(AddN, "") \
	X(GatherNd, "") \
	X(Cos, "") \
	X(Where, "") \
	X(Rank, "") \
	X(ReverseSequence, "44") \
	X(MatrixDiag, "") \
	X(Quantize, "") \
	X(MatrixSetDiag, "") \
	X(HardSwish, "") \
	X(If, "44") \
	X(While, "44") \
	X(DepthToSpace, "4") \
	X(NonMaxSuppressionV4, "") \
	X(NonMaxSuppressionV5, "") \
	X(ScatterNd, "") \
	X(SelectV2, "") \
	X(Densify, "") \
	X(SegmentSum, "") \
	X(BatchMatMul, "111") \
	X(Cumsum, "11") \
	X(CallOnce, "4") \
	X(BroadcastTo, "") \
	X(Rfft2d, "") \
	X(Conv3D, "14441444") \
	X(Hashtable, "411") \
	X(HashtableFind, "") \
	X(HashtableImport, "") \
	X(HashtableSize, "") \
	X(VarHandle, "ss") \
	X(ReadVariable, "") \
	X(AssignVariable, "") \
	X(Random, "88") \
	X(Bucketize, "I") \
	X(Gelu, "1") \
	X(DynamicUpdateSlice, "") \
	X(UnsortedSegmentProd, "") \
	X(UnsortedSegmentMax, "") \
	X(UnsortedSegmentMin, "") \
	X(UnsortedSegmentSum, "") \
	X(ATan2, "") \
	X(Sign, "") \
	X(Bitcast, "") \
	X(BitwiseXor, "") \
	X(RightShift, "")

/* The same of union BuiltinOptions2. */
#define OPTIONS2(X) \
	X(StablehloConcatenate, "8") \
	X(StablehloBroadcastInDim, "L") \
	X(StablehloSlice, "LLL") \
	X(StablehloConvolution, "LLLLB88L88L88L88I") \
	X(StablehloCustomCall, "s1s4IB") \
	X(StablehloReduce, "L4") \
	X(StablehloScatter, "1LLL814") \
	X(StablehloCompare, "44") \
	X(StablehloDynamicSlice, "L") \
	X(StablehloPad, "LLL") \
	X(StablehloIota, "8") \
	X(StablehloDotGeneral, "LLLLI") \
	X(StablehloReduceWindow, "LLLLL4") \
	X(StablehloSort, "814") \
	X(StablehloWhile, "44") \
	X(StablehloGather, "LLL8L1") \
	X(StablehloTranspose, "L") \
	X(Dilate, "") \
	X(StablehloRngBitGenerator, "1") \
	X(ReduceWindow, "4") \
	X(StableHLOComposite, "s4B14") \
	X(StablehloShiftLeft, "") \
	X(StablehloCase, "I")

#define AS_ENUM(name, fields) K_##name,
#define AS_ROW(name, fields) [K_##name] = { #name "Options", fields, { 0 } },

enum {
	MODEL,
	OPERATOR_CODE,
	SUBGRAPH,
	TENSOR,
	OPERATOR,
	BUFFER,
	METADATA,
	SIGNATURE,
	TENSOR_MAP,
	QUANTIZATION,
	CUSTOM_QUANTIZATION,
	BLOCK_QUANTIZATION,
	SPARSITY,
	DIMENSION,
	INT32_VECTOR,
	UINT16_VECTOR,
	UINT8_VECTOR,
	VARIANT,
	OPTIONS(AS_ENUM) OPTIONS2(AS_ENUM) TABLES
};
enum { U_QUANTIZATION, U_INDEX, U_OPTIONS, U_OPTIONS2 };

static const struct gh_fb_table tables[TABLES] = {
	[MODEL] = { "Model", "4TTsTITT", { OPERATOR_CODE, SUBGRAPH, BUFFER, METADATA, SIGNATURE } },
	[OPERATOR_CODE] = { "OperatorCode", "1s44", { 0 } },
	[SUBGRAPH] = { "SubGraph", "TIITs4", { TENSOR, OPERATOR } },
	[TENSOR] = { "Tensor", "I14st1tI1T", { QUANTIZATION, SPARSITY, VARIANT } },
	[OPERATOR] = { "Operator", "4IIuUB1BI88uU4", { U_OPTIONS, U_OPTIONS2 } },
	[BUFFER] = { "Buffer", "B88", { 0 } },
	[METADATA] = { "Metadata", "s4", { 0 } },
	[SIGNATURE] = { "SignatureDef", "TTss4", { TENSOR_MAP, TENSOR_MAP } },
	[TENSOR_MAP] = { "TensorMap", "s4", { 0 } },
	[QUANTIZATION] = { "QuantizationParameters", "IIILuU4", { U_QUANTIZATION } },
	[CUSTOM_QUANTIZATION] = { "CustomQuantization", "B", { 0 } },
	[BLOCK_QUANTIZATION] = { "BlockwiseQuantization", "444", { 0 } },
	[SPARSITY] = { "SparsityParameters", "IIT", { DIMENSION } },
	[DIMENSION] = { "DimensionMetadata", "14uUuU", { U_INDEX, U_INDEX } },
	[INT32_VECTOR] = { "Int32Vector", "I", { 0 } },
	[UINT16_VECTOR] = { "Uint16Vector", "H", { 0 } },
	[UINT8_VECTOR] = { "Uint8Vector", "B", { 0 } },
	[VARIANT] = { "VariantSubType", "I11", { 0 } },
	OPTIONS(AS_ROW) OPTIONS2(AS_ROW)
};

static const uint8_t quantization[] = { CUSTOM_QUANTIZATION, BLOCK_QUANTIZATION };
static const uint8_t index_vector[] = { INT32_VECTOR, UINT16_VECTOR, UINT8_VECTOR };
static const uint8_t options[] = { OPTIONS(AS_ENUM) };
static const uint8_t options2[] = { OPTIONS2(AS_ENUM) };
static const struct gh_fb_union unions[] = {
	[U_QUANTIZATION] = { quantization, sizeof quantization },
	[U_INDEX] = { index_vector, sizeof index_vector },
	[U_OPTIONS] = { options, sizeof options },
	[U_OPTIONS2] = { options2, sizeof options2 },
};
const struct gh_fb_schema tfl_schema = { tables, unions, MODEL };

const char *const tfl_operators[TFL_NAMES] = {
	"ADD",
	"AVERAGE_POOL_2D",
	"CONCATENATION",
	"CONV_2D",
	"DEPTHWISE_CONV_2D",
	"DEPTH_TO_SPACE",
	"DEQUANTIZE",
	"EMBEDDING_LOOKUP",
	"FLOOR",
	"FULLY_CONNECTED",
	"HASHTABLE_LOOKUP",
	"L2_NORMALIZATION",
	"L2_POOL_2D",
	"LOCAL_RESPONSE_NORMALIZATION",
	"LOGISTIC",
	"LSH_PROJECTION",
	"LSTM",
	"MAX_POOL_2D",
	"MUL",
	"RELU",
	"RELU_N1_TO_1",
	"RELU6",
	"RESHAPE",
	"RESIZE_BILINEAR",
	"RNN",
	"SOFTMAX",
	"SPACE_TO_DEPTH",
	"SVDF",
	"TANH",
	"CONCAT_EMBEDDINGS",
	"SKIP_GRAM",
	"CALL",
	"CUSTOM",
	"EMBEDDING_LOOKUP_SPARSE",
	"PAD",
	"UNIDIRECTIONAL_SEQUENCE_RNN",
	"GATHER",
	"BATCH_TO_SPACE_ND",
	"SPACE_TO_BATCH_ND",
	"TRANSPOSE",
	"MEAN",
	"SUB",
	"DIV",
	"SQUEEZE",
	"UNIDIRECTIONAL_SEQUENCE_LSTM",
	"STRIDED_SLICE",
	"BIDIRECTIONAL_SEQUENCE_RNN",
	"EXP",
	"TOPK_V2",
	"SPLIT",
	"LOG_SOFTMAX",
	"DELEGATE",
	"BIDIRECTIONAL_SEQUENCE_LSTM",
	"CAST",
	"PRELU",
	"MAXIMUM",
	"ARG_MAX",
	"MINIMUM",
	"LESS",
	"NEG",
	"PADV2",
	"GREATER",
	"GREATER_EQUAL",
	"LESS_EQUAL",
	"SELECT",
	"SLICE",
	"SIN",
	"TRANSPOSE_CONV",
	"SPARSE_TO_DENSE",
	"TILE",
	"EXPAND_DIMS",
	"EQUAL",
	"NOT_EQUAL",
	"LOG",
	"SUM",
	"SQRT",
	"RSQRT",
	"SHAPE",
	"POW",
	"ARG_MIN",
	"FAKE_QUANT",
	"REDUCE_PROD",
	"REDUCE_MAX",
	"PACK",
	"LOGICAL_OR",
	"ONE_HOT",
	"LOGICAL_AND",
	"LOGICAL_NOT",
	"UNPACK",
	"REDUCE_MIN",
	"FLOOR_DIV",
	"REDUCE_ANY",
	"SQUARE",
	"ZEROS_LIKE",
	"FILL",
	"FLOOR_MOD",
	"RANGE",
	"RESIZE_NEAREST_NEIGHBOR",
	"LEAKY_RELU",
	"SQUARED_DIFFERENCE",
	"MIRROR_PAD",
	"ABS",
	"SPLIT_V",
	"UNIQUE",
	"CEIL",
	"REVERSE_V2",
	"ADD_N",
	"GATHER_ND",
	"COS",
	"WHERE",
	"RANK",
	"ELU",
	"REVERSE_SEQUENCE",
	"MATRIX_DIAG",
	"QUANTIZE",
	"MATRIX_SET_DIAG",
	"ROUND",
	"HARD_SWISH",
	"IF",
	"WHILE",
	"NON_MAX_SUPPRESSION_V4",
	"NON_MAX_SUPPRESSION_V5",
	"SCATTER_ND",
	"SELECT_V2",
	"DENSIFY",
	"SEGMENT_SUM",
	"BATCH_MATMUL",
	"PLACEHOLDER_FOR_GREATER_OP_CODES",
	"CUMSUM",
	"CALL_ONCE",
	"BROADCAST_TO",
	"RFFT2D",
	"CONV_3D",
	"IMAG",
	"REAL",
	"COMPLEX_ABS",
	"HASHTABLE",
	"HASHTABLE_FIND",
	"HASHTABLE_IMPORT",
	"HASHTABLE_SIZE",
	"REDUCE_ALL",
	"CONV_3D_TRANSPOSE",
	"VAR_HANDLE",
	"READ_VARIABLE",
	"ASSIGN_VARIABLE",
	"BROADCAST_ARGS",
	"RANDOM_STANDARD_NORMAL",
	"BUCKETIZE",
	"RANDOM_UNIFORM",
	"MULTINOMIAL",
	"GELU",
	"DYNAMIC_UPDATE_SLICE",
	"RELU_0_TO_1",
	"UNSORTED_SEGMENT_PROD",
	"UNSORTED_SEGMENT_MAX",
	"UNSORTED_SEGMENT_SUM",
	"ATAN2",
	"UNSORTED_SEGMENT_MIN",
	"SIGN",
	"BITCAST",
	"BITWISE_XOR",
	"RIGHT_SHIFT",
	"STABLEHLO_LOGISTIC",
	"STABLEHLO_ADD",
	"STABLEHLO_DIVIDE",
	"STABLEHLO_MULTIPLY",
	"STABLEHLO_MAXIMUM",
	"STABLEHLO_RESHAPE",
	"STABLEHLO_CLAMP",
	"STABLEHLO_CONCATENATE",
	"STABLEHLO_BROADCAST_IN_DIM",
	"STABLEHLO_CONVOLUTION",
	"STABLEHLO_SLICE",
	"STABLEHLO_CUSTOM_CALL",
	"STABLEHLO_REDUCE",
	"STABLEHLO_ABS",
	"STABLEHLO_AND",
	"STABLEHLO_COSINE",
	"STABLEHLO_EXPONENTIAL",
	"STABLEHLO_FLOOR",
	"STABLEHLO_LOG",
	"STABLEHLO_MINIMUM",
	"STABLEHLO_NEGATE",
	"STABLEHLO_OR",
	"STABLEHLO_POWER",
	"STABLEHLO_REMAINDER",
	"STABLEHLO_RSQRT",
	"STABLEHLO_SELECT",
	"STABLEHLO_SUBTRACT",
	"STABLEHLO_TANH",
	"STABLEHLO_SCATTER",
	"STABLEHLO_COMPARE",
	"STABLEHLO_CONVERT",
	"STABLEHLO_DYNAMIC_SLICE",
	"STABLEHLO_DYNAMIC_UPDATE_SLICE",
	"STABLEHLO_PAD",
	"STABLEHLO_IOTA",
	"STABLEHLO_DOT_GENERAL",
	"STABLEHLO_REDUCE_WINDOW",
	"STABLEHLO_SORT",
	"STABLEHLO_WHILE",
	"STABLEHLO_GATHER",
	"STABLEHLO_TRANSPOSE",
	"DILATE",
	"STABLEHLO_RNG_BIT_GENERATOR",
	"REDUCE_WINDOW",
	"STABLEHLO_COMPOSITE",
	"STABLEHLO_SHIFT_LEFT",
	"STABLEHLO_CBRT",
	"STABLEHLO_CASE",
};
