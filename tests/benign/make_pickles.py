#!/usr/bin/python3
"""Write genuine pickles of the objects people publish, to see that none of them raises an alarm.

usage: make_pickles.py OUTDIR

Every object is written in several ways (protocols 0-5, joblib, torch.save) under a name that says what it is. Random
numbers are seeded; what still differs between runs is padding, addresses used as keys, and the order of sets. A library
that is absent is named on standard error and left out.
"""
import sys
import warnings

warnings.filterwarnings("ignore")
import array
import collections
import datetime
import decimal
import fractions
import io
import os
import pathlib
import pickle
import re
import types
import uuid
import zipfile

OUT = sys.argv[1]
made = 0


def save(name, blob):
    global made
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(blob)
    made += 1


def dump(name, obj, protocols=(0, 2, 4, 5)):
    for p in protocols:
        try:
            save("%s.p%d.pkl" % (name, p), pickle.dumps(obj, protocol=p))
        except Exception as e:  # not everything can be pickled at every protocol
            print("left out: %s protocol %d: %s" % (name, p, e), file=sys.stderr)


def standard():
    import argparse
    import zoneinfo

    obj = {
        "array": [array.array("d", [1.5, 2]), array.array("i"), array.array("B", b"ab")],
        "containers": [[1, 2.5, None, True, "text", b"bytes", 1 << 80], (1,), {"a": {1, 2}}, frozenset([3])],
        "bytearray": bytearray(b"abc"),
        "empty-bytes": [b"", "", bytearray()],
        "complex": 1 + 2j,
        "range-slice": [range(1, 9, 2), slice(1, None, 2)],
        "types": [int, float, str, bytes, list, dict, set, tuple, bool, object, complex, type(None)],
        "ellipsis": [Ellipsis, NotImplemented],
        "ordereddict": collections.OrderedDict([("a", 1), ("b", [1])]),
        "defaultdict": collections.defaultdict(list, {"a": [1]}),
        "defaultdict-int": collections.defaultdict(int, {"a": 1}),
        "counter": collections.Counter("hello world"),
        "deque": collections.deque([1, 2, 3], maxlen=5),
        "chainmap": collections.ChainMap({"a": 1}, {"b": 2}),
        "userdict": [collections.UserDict(a=1), collections.UserList([1]), collections.UserString("x")],
        "datetime": [datetime.datetime(2020, 1, 2, 3, 4, 5), datetime.date(2020, 1, 2), datetime.time(1, 2, 3),
                     datetime.timedelta(1, 2, 3), datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc),
                     datetime.timezone(datetime.timedelta(hours=2), "X")],
        "zone": datetime.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
        "decimal": [decimal.Decimal("1.25"), decimal.Decimal("NaN")],
        "fraction": fractions.Fraction(3, 7),
        "uuid": uuid.UUID(int=1234567890),
        "path": [pathlib.PurePosixPath("a/b"), pathlib.PosixPath("/tmp/x"), pathlib.PureWindowsPath("c:\\x")],
        "regex": [re.compile("a(b|c)*", re.I), re.compile(rb"\d+")],
        "namespace": [types.SimpleNamespace(a=1, b="x"), argparse.Namespace(lr=0.1, name="run")],
        "big": {i: str(i) for i in range(5000)},
        "shared": [[1, 2]] * 5,
        "functions": [len, sum, max, min, abs, sorted],
    }
    rec = [1]
    rec.append(rec)
    obj["recursive"] = rec
    for name, o in sorted(obj.items()):
        dump("std-" + name, o, (0, 1, 2, 3, 4, 5))


def numeric():
    import numpy as np

    rng = np.random.RandomState(0)
    arrays = {"rand": rng.rand(3, 4), "fortran": np.asfortranarray(rng.rand(4, 5)), "zero-d": np.array(3.0),
              "empty": np.zeros((0, 3)), "object": np.array([1, "a", None, [1]], dtype=object),
              "strings": np.array(["ab", "cde"]), "bytes": np.array([b"ab", b"c"]), "bool": np.array([True, False]),
              "datetime": np.array(["2020-01-01"], "M8[ns]"), "timedelta": np.array([1, 2], "m8[s]"),
              "big-endian": np.arange(4, dtype=">i4"), "complex": np.array([1 + 2j]),
              "half": np.arange(4, dtype="f2"), "longdouble": np.arange(3, dtype="g"),
              "void": np.zeros(2, "V5"),
              "struct": np.zeros(3, [("a", "f8"), ("b", "U4"), ("c", "O"), ("d", "i2", (2, 3))]),
              "aligned": np.zeros(3, np.dtype([("a", "i1"), ("b", "f8"), ("c", "U3")], align=True)),
              "nested-struct": np.zeros(2, [("x", [("y", "i4"), ("z", "S3")]), ("t", "M8[D]")]),
              "titles": np.zeros(2, [(("title", "a"), "f4"), ("b", "u1")]),
              "record": np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
              "matrix": np.matrix([[1, 2], [3, 4]]), "masked": np.ma.array([1, 2, 3], mask=[0, 1, 0]),
              "masked-struct": np.ma.zeros(2, [("a", "f8"), ("b", "i4")]), "large": rng.rand(100, 50),
              "chararray": np.char.array(["a", "b"])}
    for d in "?bBhHiIlLqQefdgFDG":
        arrays["type-" + str(ord(d))] = np.zeros(3, d)
    for name, a in sorted(arrays.items()):
        dump("np-" + name, a, (0, 1, 2, 3, 4, 5))
    scalars = [t(1) for t in (np.float64, np.float32, np.float16, np.int8, np.uint64, np.int64, np.bool_,
                              np.complex128, np.str_, np.longdouble)]
    dump("np-scalars", scalars + [np.datetime64("2020-01-01"), np.timedelta64(5, "D"), np.bytes_(b"x")])
    dump("np-record-scalar", arrays["record"][0])
    dump("np-void-scalar", arrays["struct"][0])
    dump("np-dtypes", [np.dtype(t) for t in ("f4", ">i8", "U7", "O", "M8[us]", "V3")] + [arrays["struct"].dtype])
    dump("np-types", [np.float32, np.int64, np.ndarray, np.bool_, np.generic, np.nan, np.inf])
    dump("np-ufuncs", [np.log1p, np.exp, np.sqrt, np.add, np.mean, np.median, np.sum])
    dump("np-randomstate", rng)
    for g in (np.random.MT19937, np.random.PCG64, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM):
        dump("np-generator-" + g.__name__, np.random.Generator(g(1)))
    dump("np-poly", [np.poly1d([1, 2]), np.polynomial.Polynomial([1, 2, 3]), np.polynomial.Chebyshev([1, 2])])


def scientific():
    import numpy as np
    import scipy.interpolate as si
    import scipy.sparse as sp
    import scipy.stats as st
    from scipy.optimize import OptimizeResult
    from scipy.spatial import ConvexHull, cKDTree, KDTree
    from scipy.spatial.transform import Rotation

    x = np.arange(6.0)
    base = sp.random(5, 6, 0.4, random_state=0)
    for fmt in "csr csc coo lil dok dia bsr".split():
        dump("scipy-%s_matrix" % fmt, base.asformat(fmt))
        dump("scipy-%s_array" % fmt, getattr(sp, fmt + "_array")(base))
    dump("scipy-interp1d", si.interp1d(x, x * 2), (2, 4))
    dump("scipy-splines", [si.BSpline(*si.splrep(x, x)), si.CubicSpline(x, x), si.PchipInterpolator(x, x),
                           si.UnivariateSpline(x, x), si.RegularGridInterpolator((x,), x)], (2, 4))
    for d in ("norm", "uniform", "randint", "beta", "expon", "loguniform", "poisson", "gamma", "t"):
        dist = getattr(st, d)
        args = {"randint": (1, 9), "beta": (1, 2), "loguniform": (1e-3, 1), "poisson": (3,), "gamma": (2,),
                "t": (4,)}.get(d, ())
        dump("scipy-dist-" + d, dist(*args), (2, 4))
    dump("scipy-kde", st.gaussian_kde(np.random.RandomState(0).rand(20)), (2, 4))
    dump("scipy-tree", [cKDTree(np.random.RandomState(0).rand(9, 2)), KDTree(np.random.RandomState(0).rand(9, 2))])
    y2 = np.add.outer(x, x)
    dump("scipy-surface", [si.RectBivariateSpline(x, x, y2), si.RectBivariateSpline(x, x, y2, kx=1, ky=2),
                           si.SmoothBivariateSpline(*(np.random.RandomState(0).rand(3, 40)))], (2, 4))
    dump("scipy-grid", [si.RegularGridInterpolator((x, x[:3]), y2[:, :3]),
                        si.RegularGridInterpolator((x, x[:3]), np.zeros((6, 3, 2)), method="nearest")], (2, 4))
    dump("scipy-splines-more", [si.make_interp_spline(x, y2), si.make_interp_spline(x, x, k=1),
                                si.InterpolatedUnivariateSpline(x, x, k=1),
                                si.LSQUnivariateSpline(np.arange(20.0), np.arange(20.0), [5.0, 9.0])], (2, 4))
    dump("scipy-kde-more", [st.gaussian_kde(np.random.RandomState(0).rand(3, 20)),
                            st.gaussian_kde(np.arange(5.0), weights=np.arange(1.0, 6))], (2, 4))
    for fmt in "csr csc coo lil dok dia bsr".split():
        dump("scipy-wide-%s" % fmt, sp.random(60, 40, 0.1, random_state=1).astype("f4").asformat(fmt), (2, 4))
        dump("scipy-none-%s" % fmt, getattr(sp, fmt + "_matrix")((4, 6)), (2, 4))
    dump("scipy-blocks", sp.bsr_matrix(np.kron(np.eye(3), np.ones((2, 3)))), (2, 4))
    dump("scipy-rotation", Rotation.from_euler("x", 0.3), (4,))
    dump("scipy-result", OptimizeResult(x=x, fun=1.0, success=True))


def tables():
    import numpy as np
    import pandas as pd

    df = pd.DataFrame({"i": [1, 2, 3], "f": [1.0, np.nan, 3], "s": ["a", "b", None], "b": [True, False, True],
                       "d": pd.date_range("2020", periods=3), "c": pd.Categorical(["x", "y", "x"]),
                       "td": pd.to_timedelta([1, 2, 3], "s"), "tz": pd.date_range("2020", periods=3, tz="UTC"),
                       "eu": pd.date_range("2020", periods=3, tz="Europe/Berlin"),
                       "p": pd.period_range("2020", periods=3, freq="M"), "I": pd.array([1, None, 3], "Int64"),
                       "B": pd.array([True, None, False], "boolean"), "F": pd.array([1.5, None, 2], "Float64"),
                       "S": pd.array(["a", None, "b"], "string"), "iv": pd.interval_range(0, 3),
                       "sp": pd.arrays.SparseArray([0, 0, 1])})
    frames = {"frame": df, "slice": df[["i", "f"]], "empty": pd.DataFrame(),
              "multi": df.set_index(["i", "s"]), "multi-columns": df[["i", "f"]].T.pivot_table(columns=[0]),
              "series": df["f"], "categorical": df["c"], "grouped": df.groupby("c")["f"].sum()}
    for c in df.columns:
        frames["column-" + {"I": "Int", "B": "Bool", "F": "Float", "S": "Str"}.get(c, c)] = df[c]
    for name, o in sorted(frames.items()):
        dump("pd-" + name, o)
    idx = {"range": pd.RangeIndex(5), "int": pd.Index([1, 2]), "float": pd.Index([1.0, 2]), "str": pd.Index(["a"]),
           "date": pd.date_range("2020", periods=3), "period": pd.period_range("2020", periods=3, freq="D"),
           "interval": pd.interval_range(0, 2), "categorical": pd.CategoricalIndex(["a", "b"]),
           "timedelta": pd.to_timedelta([1], "s"), "multi": pd.MultiIndex.from_product([[1, 2], ["a"]]),
           "uint": pd.Index([1], dtype="uint64")}
    cut = pd.cut(np.arange(9.0), 3)
    idx.update({"levels": df.set_index(["c", "d", "i"]).index, "cut": pd.MultiIndex.from_arrays([cut, np.arange(9)]),
                "missing": pd.MultiIndex.from_arrays([[1, None, 2], ["a", "b", None]]),
                "none": pd.MultiIndex.from_arrays([[], []]),
                "categories-of-dates": pd.CategoricalIndex(pd.date_range("2020", periods=3)),
                "many": pd.MultiIndex.from_product([range(200), range(3)], names=["a", "b"])})
    for i, c in enumerate((pd.Categorical([None, "a"], categories=["a", "b"], ordered=True), pd.Categorical([]), cut,
                           pd.Categorical(range(300)), pd.qcut(np.arange(20.0), 4, labels=False),
                           pd.Categorical(pd.to_timedelta([1, 2], "s")), pd.Categorical([1.5, np.nan, 2.5]),
                           pd.Categorical(pd.period_range("2020", periods=3, freq="M")), pd.Categorical([True, False]),
                           pd.Categorical(pd.array([1, 2], "Int64")), pd.Categorical(pd.array(["a"], "string")),
                           pd.Categorical([1, 2], categories=pd.RangeIndex(5)))):
        dump("pd-categorical%d" % i, [c, pd.Series(c), pd.DataFrame({"c": c})])
    for name, o in sorted(idx.items()):
        dump("pd-index-" + name, o)
    dump("pd-scalars", [pd.Timestamp("2020-01-01"), pd.Timedelta(1), pd.Period("2020", "M"), pd.NaT, pd.NA,
                        pd.Interval(0, 1), pd.Timestamp("2020-01-01", tz="UTC"),
                        pd.Timestamp("2020-06-01", tz="Europe/Paris")])
    dump("pd-dtypes", [df[c].dtype for c in df.columns])
    dump("pd-offsets", [pd.offsets.Day(1), pd.offsets.MonthEnd(2), pd.offsets.BusinessDay(), pd.offsets.Hour(),
                        pd.offsets.YearEnd(month=3), pd.offsets.QuarterEnd(), pd.offsets.Week(weekday=1),
                        pd.offsets.Minute(5), pd.offsets.BusinessMonthEnd(), pd.offsets.MonthBegin(),
                        pd.DateOffset(months=1)])


def estimators():
    import numpy as np
    from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
    from sklearn.utils import all_estimators
    import joblib
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels as K
    from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
    from sklearn.metrics import f1_score, make_scorer
    from sklearn.naive_bayes import GaussianNB
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, KFold, StratifiedKFold
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    import sklearn.datasets as ds

    rng = np.random.RandomState(0)
    x = np.abs(rng.rand(40, 4))
    y = (x[:, 0] > 0.5).astype(int)
    special = {"estimator": LogisticRegression(), "base_estimator": LogisticRegression(),
               "estimators": [("a", LogisticRegression()), ("b", LogisticRegression())],
               "steps": [("a", StandardScaler()), ("b", LogisticRegression())],
               "transformers": [("a", StandardScaler(), [0, 1])], "transformer_list": [("a", StandardScaler())],
               "param_grid": {"C": [1, 2]}, "param_distributions": {"C": [1, 2, 3, 4]}, "dictionary": rng.rand(3, 4)}
    import inspect
    for name, cls in all_estimators():
        np.random.seed(0)
        params = {p: special[p] for p in inspect.signature(cls.__init__).parameters if p in special}
        params.pop("base_estimator", None) if "estimator" in params else None
        if "Regressor" in name and "estimator" in params:
            params["estimator"] = LinearRegression()
        if name in ("StackingRegressor", "VotingRegressor"):
            params["estimators"] = [("a", LinearRegression()), ("b", LinearRegression())]
        if name.endswith("RegressorChain") or name == "RegressorChain":
            params = {"base_estimator": LinearRegression()}
        try:
            est = cls(**params)
        except Exception as e:
            print("left out: %s: %s" % (name, e), file=sys.stderr)
            continue
        dump("sk-unfitted-" + name, est, (2, 4))
        fitted = False
        for tx, ty in ((x, y), (x, x[:, :2]), (x[:, 0], x[:, 1]), (y, None), (x, x),
                       (["some text", "more text here"], None), ([{"a": 1}], None), ([[1, 2], [3]], None),
                       (rng.rand(2, 8, 8), None)):
            try:
                est = cls(**params).fit(tx, ty)
                fitted = True
                break
            except Exception:
                continue
        if not fitted:
            print("not fitted: " + name, file=sys.stderr)
            continue
        dump("sk-" + name, est, (0, 2, 4, 5))
        buf = io.BytesIO()
        joblib.dump(est, buf)
        save("sk-%s.joblib" % name, buf.getvalue())
        if made % 5 == 0:
            for c in ("zlib", "gzip", "bz2", "xz", "lzma"):
                buf = io.BytesIO()
                joblib.dump(est, buf, compress=(c, 3))
                save("sk-%s.%s.joblib" % (name, c), buf.getvalue())
    np.random.seed(0)
    docs = ["the cat sat", "a dog ran", "cats and dogs", "no pets"] * 3
    labels = [0, 1, 1, 0] * 3
    more = {
        "text": make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()).fit(docs, labels),
        "count": CountVectorizer(stop_words="english").fit(docs),
        "columns": ColumnTransformer([("n", StandardScaler(), [0, 1]), ("o", OneHotEncoder(), [2])]).fit(
            np.round(x, 1)),
        "function": FunctionTransformer(np.log1p).fit(x),
        "function-exp": FunctionTransformer(np.log1p, inverse_func=np.expm1),
        "grid": GridSearchCV(SGDClassifier(), {"alpha": [0.1, 0.2]}, cv=KFold(2),
                             scoring=make_scorer(f1_score)).fit(x, y),
        "grid-str": GridSearchCV(LogisticRegression(), {"C": [1]}, scoring="roc_auc", cv=StratifiedKFold(2)).fit(x, y),
        "union": FeatureUnion([("s", StandardScaler())]).fit(x),
        "voting": VotingClassifier([("r", RandomForestClassifier(3)), ("l", LogisticRegression())]).fit(x, y),
        "stacking": StackingClassifier([("r", RandomForestClassifier(2))], cv=2).fit(x, y),
        "target": TransformedTargetRegressor(LinearRegression(), func=np.log1p, inverse_func=np.expm1).fit(x, y + 1),
        "bunch": ds.load_iris(),
        "texts": ds.load_iris().__class__(**{np.str_("name"): 1}),
    }
    import pandas as pd
    from scipy import sparse
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import make_column_selector
    from sklearn.ensemble import (AdaBoostClassifier, BaggingClassifier, HistGradientBoostingClassifier, IsolationForest,
                                  StackingRegressor, VotingRegressor)
    from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
    from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
    from sklearn.svm import NuSVC, OneClassSVM, SVC, SVR
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
    y3 = np.arange(40) % 3
    table = pd.DataFrame({"n": x[:, 0], "c": ["a", "b"] * 20, "m": x[:, 1]})
    for kernel in ("linear", "poly", "rbf", "sigmoid"):
        more["svc-" + kernel] = [SVC(kernel=kernel, probability=True).fit(x, y3), SVC(kernel=kernel).fit(x, y),
                                 NuSVC(kernel=kernel, nu=0.2).fit(x, y3), SVR(kernel=kernel).fit(x, x[:, 1]),
                                 OneClassSVM(kernel=kernel).fit(x)]
    more["svc-sparse"] = [SVC().fit(sparse.csr_matrix(x), y3), SVR().fit(sparse.csr_matrix(x), x[:, 1]),
                          OneClassSVM().fit(sparse.csr_matrix(x)), SVC(probability=True).fit(sparse.csr_matrix(x), y)]
    more["svc-precomputed"] = [SVC(kernel="precomputed").fit(x @ x.T, y3), SVR(kernel="precomputed").fit(x @ x.T, y)]
    more["hgb-categories"] = HistGradientBoostingClassifier(max_iter=3, categorical_features=[0, 2],
                                                            min_samples_leaf=2).fit(
        np.c_[np.arange(40) % 5, x, np.arange(40) % 3][:, [0, 1, 5, 2]], y3)
    more["iforest-columns"] = IsolationForest(n_estimators=3, max_features=2).fit(x)
    more["bagging-columns"] = BaggingClassifier(DecisionTreeClassifier(), 3, max_features=2).fit(x, y)
    more["bagging-svc"] = BaggingClassifier(SVC(), 2).fit(x, y)
    more["ada"] = AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=3).fit(x, y)
    more["stack-deep"] = StackingClassifier(
        [("p", make_pipeline(StandardScaler(), SVC())), ("v", VotingClassifier([("t", DecisionTreeClassifier()),
                                                                                ("g", GaussianNB())], voting="soft")),
         ("d", "drop")], final_estimator=RandomForestClassifier(2), cv=2, passthrough=True).fit(x, y)
    more["stack-regressor"] = StackingRegressor([("s", SVR()), ("t", DecisionTreeRegressor())], cv=2).fit(x, x[:, 0])
    more["vote-regressor"] = VotingRegressor([("s", SVR()), ("l", LinearRegression())]).fit(x, x[:, 0])
    more["calibrated"] = [CalibratedClassifierCV(SVC(), cv=2, method=m).fit(x, y) for m in ("sigmoid", "isotonic")]
    more["one-vs"] = [OneVsOneClassifier(SVC()).fit(x, y3), OneVsRestClassifier(LogisticRegression()).fit(x, y3)]
    more["chains"] = [ClassifierChain(LogisticRegression()).fit(x, np.c_[y, 1 - y]),
                      MultiOutputClassifier(RandomForestClassifier(2)).fit(x, np.c_[y, y3])]
    more["columns-table"] = ColumnTransformer([("n", "passthrough", ["n"]), ("x", "drop", ["m"]),
                                               ("o", OneHotEncoder(), make_column_selector(dtype_include=object))],
                                              remainder=StandardScaler()).fit(table)
    more["pipeline-parts"] = make_pipeline(FeatureUnion([("s", StandardScaler()), ("d", "drop")]), "passthrough",
                                           RandomForestClassifier(3)).fit(x, y)
    for loss in "hinge log_loss modified_huber squared_hinge perceptron squared_error huber epsilon_insensitive " \
                "squared_epsilon_insensitive".split():
        more["sgd-" + loss] = SGDClassifier(loss=loss).fit(x, y)
    for i, k in enumerate((K.RBF(), K.Matern(), K.RationalQuadratic(), K.DotProduct(), K.WhiteKernel() + K.RBF(),
                           K.ConstantKernel() * K.RBF() ** 2, K.ExpSineSquared(), K.PairwiseKernel(),
                           K.CompoundKernel([K.RBF()]))):
        try:
            more["gp%d" % i] = GaussianProcessRegressor(k, optimizer=None).fit(x, y)
        except Exception:
            more["gp%d" % i] = k
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, HistGradientBoostingRegressor
    for loss in ("squared_error", "absolute_error", "huber", "quantile"):
        more["gbr-" + loss] = GradientBoostingRegressor(loss=loss, n_estimators=2).fit(x, y)
    more["gbc-exp"] = GradientBoostingClassifier(loss="exponential", n_estimators=2).fit(x, y)
    for loss in ("squared_error", "absolute_error", "poisson", "quantile"):
        more["hgb-" + loss] = HistGradientBoostingRegressor(loss=loss, max_iter=2, quantile=0.5).fit(x, y)
    from sklearn.neighbors import BallTree, KDTree, KNeighborsClassifier
    for metric in ("euclidean", "manhattan", "chebyshev", "minkowski", "canberra", "hamming"):
        more["knn-" + metric] = KNeighborsClassifier(algorithm="ball_tree", metric=metric).fit(x, y)
    more["trees"] = [KDTree(x), BallTree(x)]
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
    for c in ("gini", "entropy"):
        more["tree-" + c] = DecisionTreeClassifier(criterion=c).fit(x, y)
    for c in ("squared_error", "friedman_mse", "absolute_error", "poisson"):
        more["tree-" + c] = DecisionTreeRegressor(criterion=c).fit(x, y)
    for name, o in sorted(more.items()):
        dump("sk-more-" + name, o, (2, 4, 5))
        buf = io.BytesIO()
        joblib.dump(o, buf)
        save("sk-more-%s.joblib" % name, buf.getvalue())


def deep():
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.LSTM(4, 2), nn.Linear(4, 2))
    opt = torch.optim.Adam(net.parameters())
    sched = torch.optim.lr_scheduler.StepLR(opt, 3)
    t = torch.rand(3, 4)
    objs = {
        "state": net.state_dict(), "optimizer": opt.state_dict(), "module": net,
        "checkpoint": {"epoch": 3, "model": net.state_dict(), "optimizer": opt.state_dict(),
                       "scheduler": sched.state_dict(), "loss": torch.tensor(0.5), "best": 0.1},
        "tensor": t, "view": t[1:, ::2], "transposed": t.t(), "scalar": torch.tensor(3), "empty": torch.zeros(0, 3),
        "expanded": torch.ones(1).expand(4), "parameter": nn.Parameter(t), "grad": t.clone().requires_grad_(),
        "sparse": torch.eye(3).to_sparse(), "csr": torch.eye(3).to_sparse_csr(),
        "quantized": torch.quantize_per_tensor(t, 0.1, 0, torch.quint8),
        "dtypes": [torch.zeros(2, dtype=d) for d in (torch.float16, torch.bfloat16, torch.int8, torch.uint8,
                                                     torch.bool, torch.complex64, torch.int16, torch.int32)],
        "misc": [torch.float32, torch.device("cpu"), torch.Size([1, 2])],
        "generator": torch.get_rng_state(), "transformer": nn.TransformerEncoderLayer(4, 2), "adam": opt,
        "meta": torch.zeros(2, device="meta"),
    }
    for cls in ("GRU RNN Embedding LayerNorm GroupNorm Dropout MaxPool2d AvgPool3d Upsample GELU PReLU Softmax "
                "CrossEntropyLoss MSELoss ConvTranspose2d MultiheadAttention Bilinear Unfold ModuleList ModuleDict "
                "ParameterList Identity").split():
        args = {"GRU": (2, 3), "RNN": (2, 3), "Embedding": (4, 2), "LayerNorm": (3,), "GroupNorm": (1, 2),
                "MaxPool2d": (2,), "AvgPool3d": (2,), "ConvTranspose2d": (1, 1, 2), "MultiheadAttention": (4, 2),
                "Bilinear": (1, 2, 3), "Unfold": (2,), "ModuleList": ([nn.Linear(1, 1)],),
                "ModuleDict": ({"a": nn.ReLU()},), "ParameterList": ([nn.Parameter(t)],)}.get(cls, ())
        objs["nn-" + cls] = getattr(nn, cls)(*args)
    for o in ("SGD", "AdamW", "RMSprop", "Adagrad", "LBFGS", "Adadelta"):
        objs["optim-" + o] = getattr(torch.optim, o)(net.parameters(), lr=0.1)
    for name, o in sorted(objs.items()):
        for new in (True, False):
            buf = io.BytesIO()
            try:
                torch.save(o, buf, _use_new_zipfile_serialization=new)
            except Exception as e:
                print("left out: torch %s: %s" % (name, e), file=sys.stderr)
                continue
            save("torch-%s.%s.pt" % (name, "zip" if new else "legacy"), buf.getvalue())
            if new:  # the stream inside, for readers that are tested without the archive
                with zipfile.ZipFile(buf) as z:
                    save("torch-%s.data.pkl" % name, z.read([n for n in z.namelist() if n.endswith("data.pkl")][0]))


os.makedirs(OUT, exist_ok=True)
for part in (standard, numeric, scientific, tables, estimators, deep):
    try:
        part()
    except ImportError as e:
        print("skipped %s: %s" % (part.__name__, e), file=sys.stderr)
print(made)
