"""Fitted scikit-learn models of every sort: pipelines, classifiers, regressors, clusterers, searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import DBSCAN, KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from tests.roundtrips import data

if TYPE_CHECKING:
    from collections.abc import Callable


def _preprocessed(model: Any) -> Any:
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
            ("categories", OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ]
    )
    return make_pipeline(columns, model)


def _on_numbers(model: Any, target: Any = None) -> tuple[Any, Any]:
    return model.fit(data.numbers(), target), data.numbers()


def _on_mixed(model: Any, target: Any = None) -> tuple[Any, Any]:
    return model.fit(data.mixed(), target), data.mixed()


MODELS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "pipeline_columns_logistic": lambda: _on_mixed(_preprocessed(LogisticRegression()), data.classes()),
    "pipeline_columns_forest": lambda: _on_mixed(
        _preprocessed(RandomForestClassifier(8, random_state=0)), data.classes()
    ),
    "pipeline_poly_ridge": lambda: _on_numbers(
        make_pipeline(PolynomialFeatures(), MinMaxScaler(), Ridge()), data.target()
    ),
    "pipeline_pca_kmeans": lambda: _on_numbers(make_pipeline(PCA(2), KMeans(3, n_init=2, random_state=0))),
    "pipeline_union_select": lambda: _on_numbers(
        make_pipeline(FeatureUnion([("pca", PCA(2)), ("best", SelectKBest(k=2))]), GaussianNB()), data.classes()
    ),
    "pipeline_text": lambda: (
        make_pipeline(TfidfVectorizer(), SGDClassifier(random_state=0)).fit(data.texts(), data.is_high()),
        data.texts().to_numpy(),
    ),
    "logistic": lambda: _on_numbers(LogisticRegression(), data.is_high()),
    "svc": lambda: _on_numbers(SVC(probability=False), data.classes()),
    "neighbours": lambda: _on_numbers(KNeighborsClassifier(), data.classes()),
    "naive_bayes": lambda: _on_numbers(GaussianNB(), data.classes()),
    "tree": lambda: _on_numbers(DecisionTreeClassifier(random_state=0), data.classes()),
    "hist_boosting": lambda: _on_numbers(HistGradientBoostingClassifier(max_iter=5), data.is_high()),
    "stacking": lambda: _on_numbers(
        StackingClassifier([("bayes", GaussianNB()), ("logistic", LogisticRegression())], cv=2), data.is_high()
    ),
    "calibrated": lambda: _on_numbers(CalibratedClassifierCV(LogisticRegression(), cv=2), data.is_high()),
    "linear": lambda: _on_numbers(LinearRegression(), data.target()),
    "elastic_net": lambda: _on_numbers(ElasticNet(alpha=0.1), data.target()),
    "svr": lambda: _on_numbers(SVR(), data.target()),
    "neural_network": lambda: _on_numbers(
        MLPRegressor(hidden_layer_sizes=(8,), max_iter=20, random_state=0), data.target()
    ),
    "gaussian_process": lambda: _on_numbers(GaussianProcessRegressor(), data.target()),
    "boosting": lambda: _on_numbers(GradientBoostingRegressor(n_estimators=5), data.target()),
    "voting": lambda: _on_numbers(VotingRegressor([("ridge", Ridge()), ("linear", LinearRegression())]), data.target()),
    "transformed_target": lambda: _on_numbers(
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()), data.target()
    ),
    "several_outputs": lambda: _on_numbers(MultiOutputRegressor(Ridge()), data.numbers()[["a", "b"]].to_numpy()),
    "kmeans": lambda: _on_numbers(MiniBatchKMeans(3, n_init=2, random_state=0)),
    "mixture": lambda: _on_numbers(GaussianMixture(2, random_state=0)),
    "outliers": lambda: _on_numbers(IsolationForest(n_estimators=5, random_state=0)),
    "grid_search": lambda: _on_mixed(
        GridSearchCV(_preprocessed(LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=2), data.classes()
    ),
    "random_search": lambda: _on_numbers(
        RandomizedSearchCV(Ridge(), {"alpha": [0.1, 1.0, 3.0]}, n_iter=2, cv=2, random_state=0), data.target()
    ),
    "numpy_function": lambda: _on_numbers(make_pipeline(FunctionTransformer(), Ridge()), data.target()),
}
"""Each gives a fitted model and what it predicts for."""

WITHOUT_PREDICT: dict[str, Callable[[], Any]] = {
    "dbscan": lambda: DBSCAN().fit(data.numbers()),
    "scaler": lambda: StandardScaler().fit(data.numbers()),
}
