"""Types that skops does not trust, and nbtrack does: plain parts of scikit-learn's models.

skops trusts estimators and leaves their small parts to the reader, so that a pipeline with a ``SimpleImputer`` or a ``GridSearchCV`` would
ask for leave. What is listed here was read: it is written in Python, holds plain values, and building it runs nothing of the model's; the
functions compute with arrays and nothing else. What is compiled is left out (trees, k-d trees, sparse matrices, splines, losses): a forged
one could read memory that is not its own.
"""

from __future__ import annotations

_SPLIT = "GroupKFold GroupShuffleSplit KFold LeaveOneOut RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold"
_MORE_SPLITS = "StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit"
_KERNELS = "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Matern Product RBF RationalQuadratic Sum WhiteKernel"
_CLASSIFICATION = "accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score f1_score fbeta_score jaccard_score log_loss"
_MORE_CLASSIFICATION = "matthews_corrcoef precision_score recall_score"
_RANKING = "average_precision_score roc_auc_score top_k_accuracy_score"
_REGRESSION = "explained_variance_score max_error mean_absolute_error mean_absolute_percentage_error mean_squared_error"
_MORE_REGRESSION = (
    "mean_squared_log_error median_absolute_error r2_score root_mean_squared_error root_mean_squared_log_error"
)


def _of(module: str, *names: str) -> set[str]:
    return {f"{module}.{name}" for text in names for name in text.split()}


HARMLESS = frozenset(
    _of("numpy", "dtype mean median")
    | _of("collections", "OrderedDict")
    | _of("sklearn.calibration", "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling")
    | _of("sklearn.cluster._bisect_k_means", "_BisectingTree")
    | _of("sklearn.compose._column_transformer", "make_column_selector")
    | _of("sklearn.feature_selection._mutual_info", "mutual_info_classif mutual_info_regression")
    | _of("sklearn.feature_selection._univariate_selection", "chi2 f_classif f_regression r_regression")
    | _of("sklearn.gaussian_process._gpc", "_BinaryGaussianProcessClassifierLaplace")
    | _of("sklearn.gaussian_process.kernels", _KERNELS)
    | _of("sklearn.metrics._classification", _CLASSIFICATION, _MORE_CLASSIFICATION)
    | _of("sklearn.metrics._ranking", _RANKING)
    | _of("sklearn.metrics._regression", _REGRESSION, _MORE_REGRESSION)
    | _of("sklearn.metrics._scorer", "_PassthroughScorer _Scorer")
    | _of("sklearn.model_selection._split", _SPLIT, _MORE_SPLITS)
    | _of("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer SGDOptimizer")
    | _of("sklearn.utils._bunch", "Bunch")
)
"""Dotted names of the types."""

LIGHTGBM = frozenset(
    _of("lightgbm.basic", "Booster") | _of("lightgbm.sklearn", "LGBMClassifier LGBMModel LGBMRanker LGBMRegressor")
)
"""LightGBM's own: an estimator, and its booster, which it makes from text."""
