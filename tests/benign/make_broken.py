#!/usr/bin/python3
"""Write pickles of objects that were changed so that using them leaves the memory they have, or calls what no model calls.

usage: make_broken.py OUTDIR

The names say what a scan has to answer at least: unsafe-*.pkl, review-*.pkl. Nothing here runs code when it is loaded; some
of the objects crash the process that uses them. A library that is absent is named on standard error and left out.
"""
import copy
import io
import os
import pathlib
import pickle
import sys
import warnings

warnings.filterwarnings("ignore")
OUT = sys.argv[1]
made = 0


class Call:
    """Pickled as a call, with a state and items given afterwards."""

    def __init__(self, f, args, state=None, items=None):
        self.how = (f, args, state, None, iter(items) if items else None)

    def __reduce__(self):
        return self.how


def save(name, obj, protocols=(2, 4)):
    global made
    for p in protocols:
        f = io.BytesIO()
        pickle.Pickler(f, protocol=p).dump(obj)
        with open(os.path.join(OUT, "%s.p%d.pkl" % (name, p)), "wb") as out:
            out.write(f.getvalue())
        made += 1


def changed(obj, **attributes):
    obj = copy.deepcopy(obj)
    for name, v in attributes.items():
        obj.__dict__[name] = v
    return obj


def estimators():
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp
    import scipy.stats as st
    from joblib import dump
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import (GradientBoostingClassifier, HistGradientBoostingClassifier, IsolationForest,
                                  RandomForestClassifier, StackingClassifier, VotingClassifier)
    from sklearn.feature_selection import RFE
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import BallTree, KDTree
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    rng = np.random.RandomState(0)
    x = rng.rand(60, 4)
    y = (x[:, 0] > 0.5).astype(int)
    y3 = np.arange(60) % 3
    stack = StackingClassifier([("l", LogisticRegression())], cv=2).fit(x, y)
    for i, m in enumerate(("__setstate__", "write_text", "tofile", "eval", "__init__", np.str_("write_text"), b"x", 7)):
        save("unsafe-method%d" % i, changed(stack, stack_method_=[m]))
    save("unsafe-method-array", changed(stack, stack_method_=np.array(["dump"], dtype=object)))
    save("unsafe-method-of-scorer", changed(RFE(LogisticRegression()), importance_getter="__class__.__init__"))
    parts = {"path": pathlib.PosixPath("/tmp/gh-none"), "pure-path": pathlib.PurePosixPath("x"),
             "array": np.frombuffer(b"abc", dtype=np.uint8).copy(), "series": pd.Series([1]),
             "frame": pd.DataFrame({"a": [1]}), "distribution": st.norm, "sparse": sp.eye(3).tocsr(),
             "tree": DecisionTreeClassifier().fit(x, y).tree_, "nearest": KDTree(x), "function": len, "bytes": b"abc"}
    for name, p in parts.items():
        save("unsafe-part-" + name, changed(stack, estimators_=[p]))
        save("unsafe-parts-" + name, changed(stack, estimators_=(LogisticRegression(), [p])))
        inner = np.empty(1, object)
        inner[0] = p
        save("unsafe-boxed-" + name, changed(stack, estimators_=inner))
        dump(changed(stack, estimators_=inner), os.path.join(OUT, "unsafe-boxed-%s.joblib" % name))
    path = parts["path"]
    for name, o in {"step": Pipeline([("s", path)]), "union": FeatureUnion([("s", path)]),
                    "column": ColumnTransformer([("s", path, [0])]), "final": changed(stack, final_estimator_=path),
                    "vote": VotingClassifier([("s", path)]), "encoder": changed(stack, _label_encoder=path),
                    "base": CalibratedClassifierCV(path)}.items():
        save("unsafe-path-as-" + name, o)
    save("review-path-held", changed(DummyClassifier(), anything={"a": [path]}))

    wide = np.zeros((20, 40), dtype=np.float32)
    wide[:, -1] = np.arange(20)
    big = DecisionTreeClassifier(max_depth=2).fit(wide, np.arange(20) > 9)
    bigr = DecisionTreeRegressor(max_depth=2).fit(wide, np.arange(20) > 9)
    save("unsafe-tree", changed(big, n_features_in_=4))
    bare = changed(big)
    del bare.n_features_in_
    save("review-tree-bare", bare)
    forest = RandomForestClassifier(2).fit(x, y)
    save("unsafe-forest", changed(forest, estimators_=[forest.estimators_[0], big]))
    dump(changed(forest, estimators_=[forest.estimators_[0], big]), os.path.join(OUT, "unsafe-forest.joblib"))
    save("unsafe-forest-tuple", changed(forest, estimators_=(forest.estimators_[0], big)))
    boost = GradientBoostingClassifier(n_estimators=2).fit(x, y)
    save("unsafe-boosting", changed(boost, estimators_=np.array([[bigr], [bigr]], dtype=object)))
    lone = IsolationForest(n_estimators=2, max_features=2).fit(x)
    save("unsafe-isolation", changed(lone, estimators_=[bigr, bigr]))
    save("unsafe-isolation-columns", changed(lone, estimators_features_=[np.arange(1), np.arange(1)]))

    hist = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=2, categorical_features=[0]).fit(
        np.c_[rng.randint(0, 5, 60), x], y)

    def trees(name, change, verdict="unsafe"):
        o = copy.deepcopy(hist)
        o._predictors[0][0].nodes = o._predictors[0][0].nodes.copy()
        change(o, o._predictors[0][0])
        save("%s-hist-%s" % (verdict, name), o)
        dump(o, os.path.join(OUT, "%s-hist-%s.joblib" % (verdict, name)))

    def node(field, v):
        def change(o, p):
            p.nodes[field][0] = v
        return change

    def category(o, p):
        p.nodes["is_categorical"][0], p.nodes["bitset_idx"][0] = 1, 4000000
        p.nodes["feature_idx"][0] = 0

    def no_rows(o, p):
        p.nodes["is_categorical"][0] = 1
        p.raw_left_cat_bitsets = np.zeros((0, 8), dtype=np.uint32)

    def no_categories(o, p):
        p.nodes["is_categorical"][0], p.nodes["bitset_idx"][0] = 1, 0
        p.raw_left_cat_bitsets = p.binned_left_cat_bitsets = np.zeros((1, 8), dtype=np.uint32)
        o._bin_mapper.is_categorical_ = np.zeros(5, dtype=np.uint8)

    def empty(o, p):
        p.nodes = p.nodes[:0]

    trees("left", node("left", 4000000000))
    trees("feature", node("feature_idx", 300000000))
    trees("next-feature", node("feature_idx", 5))
    trees("category", category)
    trees("rows", no_rows)
    trees("categories", no_categories)
    trees("empty", empty)
    trees("width", lambda o, p: setattr(o, "n_features_in_", 1))

    svc = SVC(probability=True).fit(x, y3)
    many = np.zeros(300, dtype=np.int32)
    many[:3] = svc._n_support
    thin = SVC().fit(sp.csr_matrix(x), y3)
    short = thin._dual_coef_.copy()
    short.data = np.zeros(1)
    for name, o in {
            "counts": changed(svc, _n_support=np.array([10 ** 7] * 3, dtype=np.int32)),
            "intercepts": changed(svc, _intercept_=np.zeros(1)),
            "classes": changed(svc, _n_support=many, _dual_coef_=np.zeros((299, 60))),
            "rows": changed(svc, _n_support=many, _intercept_=np.zeros(300 * 299 // 2)),
            "probabilities": changed(svc, _probA=np.zeros(1), _probB=np.zeros(1)),
            "support": changed(svc, support_=np.zeros(0, dtype=np.int32)),
            "vectors": changed(svc, support_vectors_=np.zeros((1, 4))),
            "coefficients": changed(svc, _dual_coef_=np.zeros((2, 1))),
            "kind": changed(svc, _impl="epsilon_svr"),
            "regression": changed(SVR().fit(x, x[:, 0]), _intercept_=np.zeros(0)),
            "precomputed": changed(SVC(kernel="precomputed").fit(x @ x.T, y3), shape_fit_=(3, 3)),
            "sparse": changed(thin, _dual_coef_=short),
            "sparse-counts": changed(thin, support_vectors_=sp.csr_matrix((3, 4)))}.items():
        save("unsafe-svm-" + name, o)

    for cls in (KDTree, BallTree):
        state = cls(x).__getstate__()
        new = getattr(sys.modules[cls.__module__], "newObj")
        for name, i, v in (("nodes", 2, np.array(state[2])[:0]), ("order", 1, np.array(state[1]) * 0 + 10 ** 9),
                           ("bounds", 3, np.zeros((2, 1, 1))), ("levels", 5, 40), ("count", 6, 10 ** 6),
                           ("points", 0, np.zeros((60, 1)))):
            s = list(state)
            s[i] = v
            save("unsafe-%s-%s" % (cls.__name__, name), Call(new, (cls,), tuple(s)))


def scientific():
    import numpy as np
    import scipy.interpolate as si
    import scipy.sparse as sp
    import scipy.stats as st

    eye = sp.eye(4)
    far = np.arange(4, dtype=np.int32) * 10 ** 8
    for fmt, change in {"csr": {"indices": far}, "csc": {"indices": far}, "bsr": {"indices": far},
                        "coo": {"row": far}, "dia": {"offsets": np.zeros(10 ** 4, dtype=np.int32)}}.items():
        for kind in ("_matrix", "_array"):
            m = getattr(sp, fmt + kind)(eye)
            save("unsafe-sparse-%s%s" % (fmt, kind), changed(m, **change))
            save("unsafe-sparse-%s%s-data" % (fmt, kind), changed(m, data=np.zeros((1, 0, 3, 1))))
    csr = sp.csr_matrix(eye)
    save("unsafe-sparse-rows", changed(csr, indptr=np.array([0, 1, 2, 3, 10 ** 8], dtype=np.int32)))
    save("unsafe-sparse-flat", changed(csr, data=np.zeros((4, 0))))
    save("unsafe-sparse-more", changed(sp.coo_matrix(eye), data=np.zeros(10 ** 4)))
    save("unsafe-sparse-blocks", changed(sp.bsr_matrix(eye), data=np.zeros((4, 3, 3))))
    lil = sp.lil_matrix(eye)
    rows = lil.rows.copy()
    rows[1] = [10 ** 8]
    save("unsafe-sparse-lil", changed(lil, rows=rows))
    save("unsafe-sparse-lil-rows", changed(lil, rows=rows[:1]))
    hidden = {"list": list(map(int, far)), "tuple": tuple(map(int, far)), "big-endian": far.astype(">i4"),
              "masked": np.ma.array(far), "float": far.astype(float), "objects": far.astype(object)}
    for name, v in hidden.items():
        save("review-sparse-" + name, changed(csr, indices=v))
        save("review-sparse-coo-" + name, changed(sp.coo_matrix(eye), col=v))

    x = np.arange(10.0)
    spline = si.BSpline(x, np.arange(6.0), 3)
    for name, change in {"degree": {"k": 2 * 10 ** 8}, "negative": {"k": -1}, "knots": {"t": np.arange(10.0 ** 4)},
                         "order": {"t": x[::-1].copy()}, "coefficients": {"c": np.zeros(1)},
                         "nan": {"t": np.r_[np.nan, x[1:]]}, "few": {"t": x[:3]}}.items():
        save("unsafe-spline-" + name, changed(spline, **change))
    save("review-spline-single", changed(spline, t=x.astype("f4")))
    u = si.UnivariateSpline(x, x ** 2)
    t, c, k = u._eval_args
    for name, args in {"degree": (t, c, 10 ** 8), "coefficients": (t, c[:1], k), "order": (t[::-1].copy(), c, k)}.items():
        save("unsafe-fitpack-" + name, changed(u, _eval_args=args))
    r = si.RectBivariateSpline(x, x, np.zeros((10, 10)))
    for name, change in {"degree": {"degrees": (10 ** 6, 3)}, "coefficients": {"tck": r.tck[:2] + (np.zeros(3),)}}.items():
        save("unsafe-surface-" + name, changed(r, **change))
    g = si.RegularGridInterpolator((x[:5], x[:5]), np.zeros((5, 5)))
    for name, change in {"long": {"grid": (np.arange(10.0 ** 4), x[:5])}, "more": {"grid": (x[:5],) * 3},
                         "values": {"values": np.zeros((5, 1))}, "order": {"grid": (x[:5][::-1].copy(), x[:5])}}.items():
        save("unsafe-grid-" + name, changed(g, **change))
    kde = st.gaussian_kde(x)
    for name, change in {"points": {"dataset": np.zeros((1, 10 ** 4))}, "weights": {"_weights": np.zeros(2)},
                         "matrix": {"cho_cov": np.zeros((0, 0))}, "count": {"n": 10 ** 6}}.items():
        save("unsafe-density-" + name, changed(kde, **change))


def tables():
    import numpy as np
    import pandas as pd
    from pandas.core.indexes.base import _new_Index

    for size in ("i1", "i2", "i4", "i8"):
        for what, v in (("high", 100), ("low", -5), ("next", 2)):
            c = pd.Categorical(["x", "y", "x"])
            state = (c.dtype, np.array([0, v, 1], dtype=size), {})
            save("unsafe-codes-%s-%s" % (what, size), with_state(c, state))
    dates = pd.Categorical(pd.date_range("2020", periods=2))
    save("unsafe-codes-dates", with_state(dates, (dates.dtype, np.array([9, 0], dtype="i1"), {})))
    cut = pd.cut(np.arange(4.0), 2)
    save("unsafe-codes-intervals", with_state(cut, (cut.dtype, np.array([9, 0], dtype="i1"), {})))
    save("review-codes-hidden", with_state(cut, (cut.dtype, np.array([1, 0], dtype=">i2"), {})))
    level = pd.Index(["a", "b"])
    for name, codes in {"high": np.array([100, 101], dtype="i1"), "low": np.array([-2, 0], dtype="i1"),
                        "wide": np.array([32000, 1], dtype="i2")}.items():
        save("unsafe-levels-" + name, Call(_new_Index, (pd.MultiIndex, {
            "levels": [level], "codes": [codes], "sortorder": None, "names": ["x"]})))
        save("unsafe-labels-" + name, Call(_new_Index, (pd.MultiIndex, {
            "levels": [level], "labels": [codes], "sortorder": None, "names": ["x"]})))
    save("unsafe-levels-count", Call(_new_Index, (pd.MultiIndex, {
        "levels": [], "codes": [np.array([0], dtype="i1")], "sortorder": None, "names": []})))


def with_state(obj, state):
    """The object's own way of being made, with another state."""
    f, args = obj.__reduce__()[:2]
    return Call(f, args, state)


def tensors():
    import numpy as np
    import torch
    from torch._utils import _rebuild_device_tensor_from_numpy as over, _rebuild_sparse_csr_tensor, _rebuild_sparse_tensor
    from torch.serialization import _get_layout

    def t(a, dtype):
        return Call(over, (a, dtype, "cpu", False))

    one = t(np.ones(1), torch.float64)
    for name, indices in {"high": [[10 ** 9]], "low": [[-1]], "rows": [[0], [0]]}.items():
        for p, layout in (("constant", torch.sparse_coo), ("name", Call(_get_layout, ("torch.sparse_coo",)))):
            save("unsafe-tensor-%s-%s" % (name, p), Call(_rebuild_sparse_tensor, (
                layout, (t(np.array(indices), torch.int64), one, (3,)))))
    save("unsafe-tensor-values", Call(_rebuild_sparse_tensor, (
        torch.sparse_coo, (t(np.array([[0, 1, 2]]), torch.int64), one, (3,)))))
    save("review-tensor-order", Call(_rebuild_sparse_tensor, (
        torch.sparse_coo, (t(np.array([[0]], dtype=">i8"), torch.int64), one, (3,)))))
    layout = Call(_get_layout, ("torch.sparse_csr",))
    for name, rows, cols in (("rows", [0, 10 ** 8, 10 ** 8], [1]), ("columns", [0, 1, 1], [10 ** 9]), ("few", [0, 1], [1])):
        save("unsafe-tensor-csr-" + name, Call(_rebuild_sparse_csr_tensor, (
            layout, (t(np.array(rows), torch.int64), t(np.array(cols), torch.int64), one, (2, 2)))))


os.makedirs(OUT, exist_ok=True)
for part in (estimators, scientific, tables, tensors):
    try:
        part()
    except ImportError as e:
        print("skipped %s: %s" % (part.__name__, e), file=sys.stderr)
print(made)
