#include "check/keras_names.h"

/* Words separated by blanks: one row reads like a list, and a new class is one word. */
static const struct {
	const char *areas; /* parts of Keras where the classes are found */
	const char *names;
} classes[] = {
	{ "layers legacy_tf_layers engine feature_column premade preprocessing integration_test",
	  "Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D "
	  "AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add "
	  "AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D AveragePooling2D "
	  "AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization BatchNormalizationV1 "
	  "BatchNormalizationV2 Bidirectional CategoryEncoding CategoryCrossing CenterCrop Concatenate Conv1D Conv2D "
	  "Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM2DCell ConvLSTM3D "
	  "Convolution1D Convolution2D Convolution3D Convolution1DTranspose Convolution2DTranspose "
	  "Convolution3DTranspose Cropping1D Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix Dense DenseFeatures "
	  "DenseFeaturesV2 DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding "
	  "Equalization Flatten GRU GRUCell GRUV1 GRUV2 GRUCellV2 GaussianDropout GaussianNoise "
	  "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D "
	  "GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D "
	  "GlobalMaxPooling3D GroupNormalization GroupQueryAttention GroupedQueryAttention HashedCrossing Hashing "
	  "Identity InputLayer InputSpec Input IntegerLookup LSTM LSTMCell LSTMV1 LSTMV2 LSTMCellV2 Layer "
	  "LayerNormalization LeakyReLU LocallyConnected1D LocallyConnected2D Masking MaxNumBoundingBoxes MaxPool1D "
	  "MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp "
	  "MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment "
	  "RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform "
	  "RandomErasing RandomFlip RandomFourierFeatures RandomGaussianBlur RandomGrayscale RandomHeight RandomHue "
	  "RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness "
	  "RandomShear RandomTranslation RandomWidth RandomZoom ReLU RepeatVector Rescaling Reshape Resizing "
	  "ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D SeparableConvolution1D "
	  "SeparableConvolution2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D "
	  "SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract SyncBatchNormalization "
	  "TextVectorization ThresholdedReLU TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D "
	  "Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D Highway MaxoutDense Merge AtrousConvolution1D "
	  "AtrousConvolution2D Functional Model Sequential SlicingOpLambda" },
	{ "models engine training sequential functional",
	  "Sequential Model Functional ModelV2 Network LinearModel WideDeepModel InputLayer" },
	{ "premade premade_models experimental", "LinearModel WideDeepModel SequenceFeatures PeepholeLSTMCell" },
	{ "optimizers optimizer_v1 optimizer_v2 optimizer_experimental mixed_precision",
	  "SGD RMSprop Adam AdamW Adadelta Adagrad Adamax Nadam Ftrl Lion Lamb Adafactor Muon LossScaleOptimizer "
	  "LossScaleOptimizerV3 ExponentialDecay PiecewiseConstantDecay PolynomialDecay InverseTimeDecay CosineDecay "
	  "CosineDecayRestarts LinearCosineDecay NoisyLinearCosineDecay LearningRateSchedule Optimizer TFOptimizer "
	  "GradientDescentOptimizer AdamOptimizer RMSPropOptimizer AdagradOptimizer FtrlOptimizer DynamicLossScale "
	  "FixedLossScale Policy PolicyV1 AutoCastVariable" },
	{ "losses metrics",
	  "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy "
	  "CategoricalGeneralizedCrossEntropy CategoricalHinge CosineSimilarity CTC Circle Dice Hinge Huber "
	  "KLDivergence "
	  "LogCosh Loss LossFunctionWrapper MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError "
	  "MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky" },
	{ "metrics",
	  "AUC Accuracy BinaryAccuracy BinaryIoU CategoricalAccuracy ConcordanceCorrelation F1Score FBetaScore "
	  "FalseNegatives FalsePositives IoU LogCoshError Mean MeanIoU MeanMetricWrapper MeanRelativeError MeanTensor "
	  "Metric OneHotIoU OneHotMeanIoU PearsonCorrelation Precision PrecisionAtRecall R2Score Recall "
	  "RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity SparseCategoricalAccuracy "
	  "SparseTopKCategoricalAccuracy SpecificityAtSensitivity Sum SumOverBatchSize SumOverBatchSizeMetricWrapper "
	  "TopKCategoricalAccuracy TrueNegatives TruePositives" },
	{ "initializers",
	  "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer Initializer LecunNormal "
	  "LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer "
	  "TruncatedNormal VarianceScaling Zeros NormalInitializer RandomNormalV2" },
	{ "regularizers", "L1 L2 L1L2 OrthogonalRegularizer Regularizer" },
	{ "constraints", "Constraint MaxNorm MinMaxNorm NonNeg RadialConstraint UnitNorm" },
	{ "dtype_policies mixed_precision",
	  "DTypePolicy DTypePolicyMap FloatDTypePolicy GPTQDTypePolicy Int4DTypePolicy Policy PolicyV1 "
	  "QuantizedDTypePolicy QuantizedFloat8DTypePolicy AWQDTypePolicy" },
	{ "quantizers", "AbsMaxQuantizer Quantizer GPTQConfig Int8QuantizationConfig Int4QuantizationConfig "
			"Float8QuantizationConfig QuantizationConfig" },
	{ "random", "SeedGenerator" },
	{ "activations", "ReLU Softmax" },
	{ "backend engine ops", "KerasTensor InputSpec Variable RandomGenerator BaseRandomLayer SeedGenerator" },
	{ "ops",
	  "Abs Absolute Add All Amax Amin Angle Any Append Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh "
	  "Argmax Argmin Argpartition Argsort Array AsType Average AveragePool Bartlett BatchNorm Batch "
	  "BinaryCrossentropy "
	  "Bincount BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor "
	  "Blackman "
	  "BroadcastTo CTCDecode CTCLoss Cast CategoricalCrossentropy Cbrt Ceil Celu Cholesky CholeskyInverse Clip "
	  "Concatenate Conj Conjugate Conv ConvTranspose ConvertToTensor Copy Correlate Cos Cosh CountNonzero Cross "
	  "Cumprod Cumsum DepthwiseConv Det Deg2rad Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan Dot "
	  "DotProductAttention Eig Eigh Einsum Elu Empty Equal Erf Erfinv Exp Exp2 ExpandDims Expm1 ExtractPatches "
	  "ExtractSequences Eye FFT FFT2 Flatten Flip Floor FloorDivide Full FullLike GLU Gcd Gelu GetItem Glu Greater "
	  "GreaterEqual HSVToRGB Hamming Hanning HardShrink HardSigmoid HardSilu HardSwish HardTanh Heaviside "
	  "Histogram "
	  "Hstack Hypot IFFT2 IRFFT ISTFT Identity Imag InTopK Inner Inv Isclose Isfinite Isinf Isnan Isneginf "
	  "Isposinf "
	  "Isreal Kaiser Kron LayerNorm Lcm LeakyRelu Less LessEqual Linspace Log Log10 Log1p Log2 LogDet LogSigmoid "
	  "LogSoftmax Logaddexp Logaddexp2 Logdet LogicalAnd LogicalNot LogicalOr LogicalXor Logspace Logsumexp Lstsq "
	  "LuFactor MapCoordinates Matmul Max MaxPool Maximum Mean Median Meshgrid Min Minimum Mod Moments Moveaxis "
	  "MultiHot Multiply NanToNum Ndim Negative Nonzero Norm Normalize NotEqual OneHot OnesLike Outer Pad "
	  "PadImages PSNR PerspectiveTransform AffineTransform CropImages Polar Power Prod QR Qr Quantile RFFT "
	  "RGBToGrayscale "
	  "RGBToHSV RMSNorm Ravel Real RealDiv Reciprocal Rectangular Relu Relu6 Remainder Repeat Reshape Resize "
	  "ResizeImages Roll Rot90 Round Rsqrt SVD STFT ScatterUpdate Scatter SegmentMax SegmentSum Select Selu "
	  "SeparableConv Shape Sigmoid Sign Signbit Silu Sin Sinh Size Slice SliceUpdate SlogDet Slogdet SoftShrink "
	  "Softmax "
	  "Softplus Softsign Solve SolveTriangular Sort SparseCategoricalCrossentropy SparsePlus SparseSigmoid "
	  "Sparsemax "
	  "Split Sqrt Square Squareplus Squeeze Stack Std StopGradient Subtract Sum Svd Swapaxes Take TakeAlongAxis "
	  "Tan "
	  "Tanh TanhShrink Tensordot Threshold Tile TopK Trace Transpose Trapezoid Tri Tril Triu TrueDivide Trunc "
	  "Unfold "
	  "UnravelIndex Unstack Vander Vdot Vectorize View Var ViewAsComplex ViewAsReal Viterbi Vstack Where WrapperOp "
	  "ZerosLike Zeros Ones Erfc GaussianBlur Function Operation" },
	/* Values that the serialiser itself writes, whatever the module. */
	{ "*", "__keras_tensor__ __tensor__ __numpy__ __bytes__ __ellipsis__ __slice__ __tuple__ __typespec__ "
	       "TensorShape TypeSpec DType "
	       "CompositeTensor Dimension ListWrapper DictWrapper" },
};

static const char functions[] =
	/* activations */
	"celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
	"log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
	"sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold gelu_new quick_gelu "
	/* losses and metrics */
	"binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy "
	"categorical_generalized_cross_entropy categorical_hinge circle cosine_proximity cosine_similarity ctc dice "
	"hinge "
	"huber huber_loss kl_divergence kullback_leibler_divergence log_cosh logcosh mean_absolute_error "
	"mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error poisson "
	"sparse_categorical_crossentropy squared_hinge tversky mae MAE mape MAPE mse MSE msle MSLE kld KLD bce BCE "
	"accuracy acc binary_accuracy categorical_accuracy sparse_categorical_accuracy top_k_categorical_accuracy "
	"sparse_top_k_categorical_accuracy binary_matches categorical_matches sparse_categorical_matches "
	"top_k_categorical_matches sparse_top_k_categorical_matches clone_initializer cosine concordance_correlation "
	"pearson_correlation "
	/* initializers, constraints, regularizers as functions */
	"zeros ones constant uniform normal identity eye orthogonal glorot_uniform glorot_normal he_normal he_uniform "
	"lecun_normal lecun_uniform random_normal random_uniform truncated_normal variance_scaling max_norm "
	"min_max_norm "
	"non_neg unit_norm radial_constraint l1 l2 l1_l2 orthogonal_regularizer "
	/* operations on tensors */
	"abs absolute add all any amax amin argmax argmin average cast clip concatenate cos cosh cumsum divide dot "
	"einsum "
	"equal erf exp expand_dims expm1 flip floor greater greater_equal less less_equal log log1p logical_and "
	"logical_not logical_or logsumexp matmul max maximum mean min minimum multiply negative norm normalize "
	"not_equal "
	"one_hot outer pad power prod reciprocal repeat reshape round rsqrt sign sin sinh slice softmax split sqrt "
	"square "
	"squeeze stack std subtract sum take tan tensordot tile top_k transpose tril triu var where rgb_to_grayscale";

/* Below tensorflow: parts in which everything computes and nothing touches files, processes or other models. */
static const char tf_parts[] = "math nn linalg signal image bitwise __operators__ strings ragged sparse random sets";
static const char tf_functions[] =
	"abs acos acosh add add_n argmax argmin argsort asin asinh atan atan2 atanh batch_to_space bitcast "
	"boolean_mask "
	"broadcast_dynamic_shape broadcast_static_shape broadcast_to case cast clip_by_global_norm clip_by_norm "
	"clip_by_value complex concat constant convert_to_tensor cos cosh cumsum divide dynamic_partition "
	"dynamic_stitch "
	"edit_distance eig eigvals einsum ensure_shape equal exp expand_dims extract_volume_patches eye fill "
	"fingerprint "
	"floor gather gather_nd greater greater_equal guarantee_const hessians histogram_fixed_width identity "
	"identity_n "
	"less less_equal linspace logical_and logical_not logical_or matmul maximum meshgrid minimum multiply negative "
	"norm "
	"not_equal one_hot ones ones_like pad parallel_stack pow range rank realdiv reduce_all reduce_any "
	"reduce_logsumexp "
	"reduce_max reduce_mean reduce_min reduce_prod reduce_sum repeat reshape reverse reverse_sequence roll round "
	"saturate_cast scalar_mul scatter_nd searchsorted sequence_mask shape shape_n sigmoid sign sin sinh size slice "
	"sort "
	"space_to_batch space_to_batch_nd split sqrt square squeeze stack stop_gradient strided_slice subtract tan "
	"tanh "
	"tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub "
	"tensor_scatter_nd_update "
	"tensordot tile transpose truediv truncatediv truncatemod unique unique_with_counts unravel_index unstack "
	"vectorized_map where zeros zeros_like compat.v1.gather compat.v1.shape compat.v1.transpose compat.v1.concat "
	"compat.v1.squeeze compat.v1.expand_dims compat.v1.nn.conv2d";

static const char loaders[] = "TorchModuleWrapper TFSMLayer TFSMModule KerasLayer";

static const char friends[] =
	"keras_hub keras_nlp keras_cv keras_rs keras_tuner kerastuner keras_contrib keras_applications "
	"keras_preprocessing "
	"keras_self_attention keras_bert keras_resnet keras_retinanet keras_unet_collection keras_radam "
	"keras_multi_head keras_layer_normalization keras_pos_embd keras_transformer keras_vggface tensorflow_addons "
	"tensorflow_probability tensorflow_text tensorflow_hub tensorflow_recommenders tensorflow_ranking "
	"tensorflow_decision_forests tensorflow_model_optimization tensorflow_similarity tensorflow_federated tfimm "
	"transformers autokeras larq spektral official vit_keras efficientnet classification_models "
	"segmentation_models "
	"tcn kapre qkeras tf_agents deepctr stellargraph";

static bool listed(const char *list, struct gh_span word)
{
	for (const char *p = list; word.n != 0 && *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (n == word.n && memcmp(p, word.p, n) == 0)
			return true;
		p += n;
	}
	return false;
}

/* The first part of a dotted name; *rest is what follows the dot. */
static struct gh_span first(struct gh_span s, struct gh_span *rest)
{
	const uint8_t *dot = s.n == 0 ? NULL : memchr(s.p, '.', s.n);
	size_t n = dot == NULL ? s.n : (size_t)(dot - s.p);
	*rest = gh_span_cut(s, n + 1, s.n);
	return gh_span_cut(s, 0, n);
}

static bool plain(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c != '.' && c != '_' && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return false;
	}
	return true;
}

enum gh_keras_place gh_keras_place(struct gh_span module, struct gh_span *area)
{
	struct gh_span rest = { 0 }, part = first(module, &rest);
	*area = (struct gh_span){ 0 };
	if (module.n == 0)
		return GH_KERAS_NONE;
	if (!plain(module))
		return GH_KERAS_ELSEWHERE;
	if (gh_span_is(module, "builtins") || gh_span_is(module, "__main__"))
		return GH_KERAS_USER;
	if (listed(friends, part))
		return GH_KERAS_FRIEND;
	bool own = listed("keras tf_keras keras_core", part);
	if (listed("tensorflow tensorflow_core tf", part)) {
		part = first(rest, &rest);
		while (listed("python compat v1 v2 _api _keras_internal", part))
			part = first(rest, &rest);
		own = gh_span_is(part, "keras") || gh_span_is(part, "_keras");
	}
	if (!own)
		return GH_KERAS_ELSEWHERE;
	do
		part = first(rest, &rest);
	while (listed("src api _v1 _v2 v2 _tf_keras keras __internal__ legacy", part));
	*area = part;
	return GH_KERAS_OWN;
}

bool gh_keras_class(struct gh_span area, struct gh_span name)
{
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if ((area.n == 0 || classes[i].areas[0] == '*' || listed(classes[i].areas, area)) &&
		    listed(classes[i].names, name))
			return true;
	return false;
}

bool gh_keras_function(struct gh_span name) { return listed(functions, name); }

/* "compat.v1.x" is x. */
static struct gh_span tf_name(struct gh_span name)
{
	return gh_span_starts(name, "compat.v1.") || gh_span_starts(name, "compat.v2.") ? gh_span_cut(name, 10, name.n)
											: name;
}

bool gh_keras_tf_operation(struct gh_span name)
{
	struct gh_span rest = { 0 };
	name = tf_name(name);
	struct gh_span part = first(name, &rest);
	if (!plain(name))
		return false;
	if (gh_span_is(part, "keras")) {
		struct gh_span second = first(rest, &rest);
		return listed("activations backend losses metrics", second) && rest.n != 0;
	}
	if (gh_span_is(part, "io")) /* of images and records, from tensors to tensors */
		return gh_span_starts(rest, "decode_") || gh_span_starts(rest, "encode_") ||
		       gh_span_starts(rest, "parse_") || gh_span_is(rest, "is_jpeg");
	return listed(tf_functions, name) || (rest.n != 0 && listed(tf_parts, part));
}

bool gh_keras_tf_harmful(struct gh_span name)
{
	static const char parts[] =
		"io raw_ops py_function py_func numpy_function load_library load_op_library saved_model "
		"train summary data distribute function autograph sysconfig config lite tpu gfile "
		"estimator load_file_system_library read_file write_file python experimental "
		"feature_column internal __internal__ app flags resource_loader user_ops";
	struct gh_span rest = { 0 };
	name = tf_name(name);
	return !plain(name) || listed(parts, first(name, &rest)) || gh_span_starts(name, "keras.");
}

bool gh_keras_sister(struct gh_span module)
{
	struct gh_span rest = { 0 }, part = first(module, &rest);
	if (!plain(module) || !listed("keras_hub keras_nlp keras_cv keras_rs", part))
		return false;
	part = first(rest, &rest);
	if (listed("src api", part))
		part = first(rest, &rest);
	return listed("models layers samplers tokenizers metrics losses", part);
}

bool gh_keras_loader(struct gh_span name) { return listed(loaders, name); }
