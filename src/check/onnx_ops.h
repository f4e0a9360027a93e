/* onnx_ops.h - the operators of ONNX that compute and do nothing else, by domain: an allow list. Sorted bytewise within each
 * table. What is not here is for a person to judge: a runtime has to be given code for it. Included by onnx.c only. */
#ifndef GH_CHECK_ONNX_OPS_H
#define GH_CHECK_ONNX_OPS_H

/* clang-format off */
/* The default domain, "" or ai.onnx, opset 1 to 26, and the experimental operators of its first versions. */
static const char *const ops_default[] = {
	"Abs", "Acos", "Acosh", "Add", "Affine", "AffineGrid", "And", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan",
	"Atanh", "Attention", "AveragePool", "BatchNormalization", "Bernoulli", "BitCast", "BitShift", "BitwiseAnd",
	"BitwiseNot", "BitwiseOr", "BitwiseXor", "BlackmanWindow", "Cast", "CastLike", "Ceil", "Celu",
	"CenterCropPad", "Clip", "Col2Im", "Compress", "Concat", "ConcatFromSequence", "Constant", "ConstantFill",
	"ConstantOfShape", "Conv", "ConvInteger", "ConvTranspose", "Cos", "Cosh", "Crop", "CumProd", "CumSum", "DFT",
	"DeformConv", "DepthToSpace", "DequantizeLinear", "Det", "Div", "Dropout", "DynamicQuantizeLinear",
	"DynamicSlice", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "EyeLike", "Flatten", "FlexAttention",
	"Floor", "GRU", "GRUUnit", "Gather", "GatherElements", "GatherND", "Gelu", "Gemm", "GivenTensorFill",
	"GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "GridSample",
	"GroupNormalization", "HammingWindow", "HannWindow", "HardSigmoid", "HardSwish", "Hardmax", "Identity", "If",
	"ImageDecoder", "ImageScaler", "ImageToCol", "InstanceNormalization", "Inverse", "IsInf", "IsNaN", "LRN",
	"LSTM", "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax", "Loop",
	"LpNormalization", "LpPool", "MatMul", "MatMulInteger", "Max", "MaxPool", "MaxRoiPool", "MaxUnpool", "Mean",
	"MeanSquaredDistance", "MeanVarianceNormalization", "MelWeightMatrix", "MemcpyFromHost", "MemcpyToHost",
	"Min", "Mish", "Mod", "Mul", "Multinomial", "Neg", "NegativeLogLikelihoodLoss", "NonMaxSuppression",
	"NonZero", "Not", "OneHot", "Optional", "OptionalGetElement", "OptionalHasElement", "Or", "PRelu", "Pad",
	"ParametricSoftplus", "Pow", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "RMSNormalization", "RNN",
	"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Range", "Reciprocal", "ReduceL1",
	"ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
	"ReduceSum", "ReduceSumSquare", "RegexFullMatch", "Relu", "Reshape", "Resize", "ReverseSequence", "RoiAlign",
	"RotaryEmbedding", "Round", "STFT", "Scale", "ScaledTanh", "Scan", "Scatter", "ScatterElements", "ScatterND",
	"Selu", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert",
	"SequenceLength", "SequenceMap", "Shape", "Shrink", "Sigmoid", "Sign", "SimplifiedLayerNormalization", "Sin",
	"Sinh", "Size", "Slice", "Softmax", "SoftmaxCrossEntropyLoss", "Softplus", "Softsign", "SpaceToDepth",
	"Split", "SplitToSequence", "Sqrt", "Squeeze", "StringConcat", "StringNormalizer", "StringSplit", "Sub",
	"Sum", "Swish", "Tan", "Tanh", "TensorScatter", "TfIdfVectorizer", "ThresholdedRelu", "Tile", "TopK",
	"Transpose", "Trilu", "Unique", "Unsqueeze", "Upsample", "Where", "Xor",
};

/* ai.onnx.ml */
static const char *const ops_ml[] = {
	"ArrayFeatureExtractor", "Binarizer", "CastMap", "CategoryMapper", "DictVectorizer", "FeatureVectorizer",
	"Imputer", "LabelEncoder", "LinearClassifier", "LinearRegressor", "Normalizer", "OneHotEncoder",
	"SVMClassifier", "SVMRegressor", "Scaler", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor",
	"ZipMap",
};

/* ai.onnx.training, ai.onnx.preview.training */
static const char *const ops_training[] = {
	"Adagrad", "Adam", "Gradient", "GraphCall", "Momentum",
};

/* com.microsoft: built into ONNX Runtime, training builds included. Not here: PythonOp and its gradient, ATen, EPContext,
 * Snpe, and others that hand the work to something else. */
static const char *const ops_microsoft[] = {
	"AbsGrad", "AdamOptimizer", "AdamWOptimizer", "Affine", "Attention", "AttnLSTM", "AveragePoolGrad",
	"BatchNormInternal", "BatchNormalizationGrad", "BeamSearch", "BiasAdd", "BiasDropout", "BiasFastGeluGrad_dX",
	"BiasGelu", "BiasGeluGrad_dX", "BiasSoftmax", "BiasSplitGelu", "BifurcationDetector", "BitmaskBiasDropout",
	"BitmaskDropout", "BitmaskDropoutGrad", "BroadcastGradientArgs", "CDist", "CausalConvWithState",
	"ComplexMul", "ComplexMulConj", "ConcatTraining", "ConstantOfShapeGrad", "Conv", "ConvGrad", "ConvInteger",
	"ConvTransposeWithDynamicPads", "Crop", "CropAndResize", "DecoderAttention",
	"DecoderMaskedMultiHeadAttention", "DecoderMaskedSelfAttention", "DequantizeBFP", "DequantizeLinear",
	"DequantizeWithOrder", "DivGrad", "DropoutGrad", "DynamicQuantizeLSTM", "DynamicQuantizeLinear",
	"DynamicQuantizeMatMul", "DynamicSlice", "DynamicTimeWarping", "EluGrad", "EmbedLayerNormalization",
	"EngramGate", "ExpandDims", "ExpandGrad", "FakeQuant", "FakeQuantGrad", "FastGelu", "FastGeluGrad",
	"FlattenAndUnpad", "FusedAdam", "FusedConv", "FusedGemm", "FusedMatMul", "FusedMatMulActivation", "GRUGrad",
	"GRUTraining", "GatedAdd", "GatedDeltaNet", "GatedRMSNorm", "GatedRelativePositionBias",
	"GatherBlockQuantized", "GatherElementsGrad", "GatherGrad", "GatherND", "GatherNDGrad", "Gelu", "GeluGrad",
	"GemmFastGelu", "GemmFloat8", "GemmaRotaryEmbedding", "GistBinarizeEncoder", "GreedySearch", "GridSample",
	"Group", "GroupNorm", "GroupQueryAttention", "ImageScaler", "InPlaceAccumulator", "InPlaceAccumulatorV2",
	"Inverse", "InvertibleLayerNormalizationGrad", "Irfft", "IsAllFinite", "LSTMGrad", "LSTMTraining",
	"LayerNormalization", "LayerNormalizationGrad", "LeakyReluGrad", "LinearAttention", "LinearAttentionGate",
	"LogSoftmaxGrad", "LogSoftmaxGrad_13", "LongformerAttention", "MRotaryEmbedding",
	"MatMulBlockQuantizedFp4Weight", "MatMulBlockQuantizedFp8Weight", "MatMulBnb4", "MatMulFpQ4",
	"MatMulInteger16", "MatMulIntegerToFloat", "MatMulNBits", "MatMulNBitsMlp", "MatMulNBitsQkv", "MaxPool",
	"MaxPoolGrad", "MaxpoolWithMask", "MemcpyFromHost", "MemcpyToHost", "MixedPrecisionScale", "MoE",
	"MulInteger", "MultiHeadAttention", "MurmurHash3", "NGramHashMapping", "NGramRepeatBlock", "NhwcConv",
	"NhwcFusedConv", "NhwcMaxPool", "PackedAttention", "PackedMultiHeadAttention", "Pad", "PadAndUnflatten",
	"PagedAttention", "ParametricSoftplus", "PassThrough", "QAttention", "QEmbedLayerNormalization", "QGemm",
	"QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearConv", "QLinearGlobalAveragePool",
	"QLinearLayerNormalization", "QLinearLeakyRelu", "QLinearMul", "QLinearReduceMean", "QLinearSigmoid",
	"QLinearSoftmax", "QLinearWhere", "QMoE", "QOrderedAttention", "QOrderedGelu", "QOrderedLayerNormalization",
	"QOrderedLongformerAttention", "QOrderedMatMul", "QuantizeBFP", "QuantizeLinear", "QuantizeWithOrder",
	"QuickGelu", "QuickGeluGrad", "Range", "ReduceAllL2", "ReduceSumInteger", "ReduceSumTraining",
	"RelativePositionBias", "ReluGrad", "RemovePadding", "ReorderInput", "ReorderOutput", "ResizeGrad",
	"RestorePadding", "Rfft", "RotaryEmbedding", "SGDOptimizer", "SGDOptimizerV2", "STFTGrad", "SampleOp",
	"Sampling", "Scale", "ScaledSum", "ScaledTanh", "ShapeAndSlice", "SigmoidGrad",
	"SimplifiedLayerNormalization", "SimplifiedLayerNormalizationGrad", "SkipGroupNorm",
	"SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "SliceGrad", "SoftmaxCrossEntropy",
	"SoftmaxCrossEntropyGrad", "SoftmaxCrossEntropyLossInternal", "SoftmaxCrossEntropyLossInternalGrad",
	"SoftmaxGrad", "SoftmaxGrad_13", "SparseAttention", "SparseSoftmaxCrossEntropy",
	"SparseSoftmaxCrossEntropyGrad", "SparseToDenseMatMul", "Split", "SplitTraining", "TanhGrad",
	"ThresholdedRelu", "Tokenizer", "TorchEmbedding", "TransposeMatMul", "Trilu", "UnfoldTensor", "Unique",
	"VarlenCausalConvWithState", "VarlenNGramHashMapping", "View", "WhisperBeamSearch", "WordConvEmbedding",
	"YieldOp", "ZeroGradient",
};

/* com.microsoft.nchwc: written by ONNX Runtime's own optimiser. */
static const char *const ops_nchwc[] = {
	"AveragePool", "Conv", "GlobalAveragePool", "GlobalMaxPool", "MaxPool", "ReorderInput", "ReorderOutput",
	"Upsample",
};

/* com.microsoft.mlfeaturizers */
static const char *const ops_featurizers[] = {
	"AnalyticalRollingWindowTransformer", "CatImputerTransformer", "CountVectorizerTransformer",
	"DateTimeTransformer", "ForecastingPivotTransformer", "FromStringTransformer",
	"GrainedAggregatorTransformer", "HashOneHotVectorizerTransformer", "ImputationMarkerTransformer",
	"LabelEncoderTransformer", "LagLeadOperatorTransformer", "MaxAbsScalerTransformer", "MeanImputerTransformer",
	"MedianImputerTransformer", "MinMaxImputerTransformer", "MinMaxScalerTransformer",
	"MissingDummiesTransformer", "ModeImputerTransformer", "NormalizeTransformer", "NumericalizeTransformer",
	"OneHotEncoderTransformer", "PCATransformer", "RobustScalerTransformer", "ShortGrainDropperTransformer",
	"SimpleRollingWindowTransformer", "StandardScaleWrapperTransformer", "StringTransformer",
	"TfidfVectorizerTransformer", "TimeSeriesImputerTransformer", "TruncatedSVDTransformer",
};

/* ai.onnx.contrib and com.microsoft.extensions: onnxruntime-extensions, tokenizers and images. Not here: its operators in Python,
 * and those that call a service. */
static const char *const ops_extensions[] = {
	"AddEpsilon", "AddSharedInput", "AudioDecoder", "BasicTokenizer", "BertTokenizer", "BertTokenizerDecoder",
	"BlingFireSentenceBreaker", "BpeDecoder", "CLIPTokenizer", "DecodeImage", "DrawBoundingBoxes", "EncodeImage",
	"GPT2Tokenizer", "GaussianBlur", "HfBertTokenizer", "HfJsonTokenizer", "Inverse", "MaskedFill",
	"MelSpectrogram", "MergeSignalSegments", "MulMulSigmoid", "MulSharedInput", "MulSigmoid", "NegPos",
	"NegXPlus1", "RaggedTensorToDense", "RaggedTensorToSparse", "ReplaceZero", "RobertaTokenizer", "Rotary",
	"STFT", "ScatterNDOfShape", "SegmentExtraction", "SegmentSum", "SentencepieceDecoder",
	"SentencepieceTokenizer", "SplitSignalSegments", "SpmTokenizer", "StftNorm", "Strfind", "StringConcat",
	"StringECMARegexReplace", "StringECMARegexSplitWithOffsets", "StringEqual", "StringHash", "StringHashFast",
	"StringJoin", "StringLength", "StringLower", "StringMapping", "StringRaggedTensorToDense",
	"StringRegexReplace", "StringRegexSplitWithOffsets", "StringSplit", "StringStrip", "StringToVector",
	"StringUpper", "TransposeCast", "TrieDetokenizer", "TrieTokenizer", "VectorToString", "WordpieceTokenizer",
};
/* clang-format on */
#endif
