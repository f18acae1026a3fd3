"""What is known of common libraries: which calls change something, and which only look like it."""

# ruff: noqa: SIM905 - long lists of words read better as text

from __future__ import annotations

IMMUTABLE = frozenset(
    (
        "int float bool str NoneType complex bytes range frozenset ellipsis decimal.Decimal fractions.Fraction "
        "datetime.datetime datetime.date datetime.timedelta pathlib.PosixPath pathlib.WindowsPath pathlib.Path pandas.Timestamp "
        "numpy.float64 numpy.float32 numpy.int64 numpy.int32 numpy.bool numpy.bool_ numpy.str_"
    ).split()
)
NOT_SHARED = frozenset(["module", "function", "type", "builtin_function_or_method", "abc.ABCMeta", "numpy.ufunc"])
"""Types of what nobody changes: a module's settings are seen as a module's."""
TABLES = ("pandas.", "polars.", "pyarrow.")
"""Packages whose objects are copied on write."""
DATA = ("pandas.", "polars.", "pyarrow.", "numpy.", "scipy.", "list", "dict", "set", "tuple")
"""Types that a library's object is trained on, and does not hold to change."""
ITERATORS = frozenset(
    (
        "generator map filter zip enumerate itertools.cycle itertools.count itertools.chain itertools.islice list_iterator "
        "list_reverseiterator tuple_iterator dict_keyiterator dict_valueiterator dict_itemiterator range_iterator "
        "str_ascii_iterator _io.TextIOWrapper csv.reader _csv.reader _io.BufferedReader tuple_reverseiterator reversed "
        "set_iterator"
    ).split()
)
GENERATORS = frozenset(
    [
        "numpy.Generator",
        "numpy.RandomState",
        "numpy.random._generator.Generator",
        "random.Random",
        "torch.Generator",
        "torch._C.Generator",
    ]
)

TABLE_CHANGES = frozenset(
    (
        "insert pop update sort fill resize put itemset setflags partition append extend add drop_in_place setdefault"
    ).split()
)
"""Methods of tables and arrays that change them; others do with ``inplace=True`` only."""

LOOKS = frozenset(
    ["elements", "findall", "finditer", "search", "match", "fullmatch", "group", "groups", "span", "total", "subn"]
) | frozenset(
    # of texts, lists, dicts, sets, paths
    (
        "capitalize casefold center count encode endswith expandtabs find format format_map index isalnum isalpha isdigit "
        "islower isnumeric isspace istitle isupper join ljust lower lstrip partition removeprefix removesuffix replace rfind "
        "rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill copy "
        "items keys values get difference intersection isdisjoint issubset issuperset symmetric_difference union exists is_file "
        "is_dir iterdir glob rglob with_suffix with_name as_posix resolve absolute read_text read_bytes total_seconds isoformat "
        "strftime timestamp hexdigest digest is_integer bit_length as_integer_ratio abs agg aggregate all any apply applymap "
        "argmax argmin argsort asfreq assign astype at_time between bfill clip combine combine_first corr corrwith cov cross "
        "cummax cummin cumprod cumsum describe diff div dot drop drop_duplicates dropna droplevel duplicated eq eval ewm "
        "expanding explode ffill fillna filter first first_valid_index flatten floordiv ge groupby gt head hist idxmax idxmin "
        "info interpolate isin isna isnull iterrows itertuples kurt last le lt map mask max mean median melt memory_usage merge "
        "min mod mode mul ne nlargest notna notnull nsmallest nunique pct_change pipe pivot pivot_table plot pow prod product "
        "quantile query rank reindex rename reset_index rolling round sample select_dtypes sem set_axis set_index shift skew "
        "sort_index sort_values squeeze stack std sub sum swapaxes tail take to_dict to_frame to_list to_numpy to_pandas "
        "to_string to_csv to_parquet to_json to_excel to_pickle to_html to_latex to_markdown tolist tobytes topk transform "
        "transpose truncate unique unstack value_counts var where xs reshape ravel nonzero conj trace diagonal repeat item "
        "select with_columns collect lazy n_unique to_series to_arrow cast alias over boxplot scatter bar barh predict "
        "predict_proba predict_log_proba decision_function score inverse_transform get_params get_feature_names_out summary "
        "score_samples kneighbors staged_predict evaluate cost_complexity_pruning_path state_dict parameters named_parameters "
        "children named_children modules numel size dim detach cpu numpy float double long half int bool softmax log_softmax "
        "relu sigmoid tanh exp log sqrt view permute unsqueeze contiguous expand save save_model best_estimator_ get_booster "
        "feature_importances show savefig get_figure get_axes get_xlim get_ylim fileno isatty readable log_param log_params "
        "set_tag set_tags log_artifact log_artifacts log_figure log_text log_dict log_image log_table log_input log_metric "
        "log_metrics log_model autolog event note"
    ).split()
)
"""Methods that change nothing of what they are called on."""

TAKES = frozenset(
    [
        "append",
        "appendleft",
        "add",
        "insert",
        "extend",
        "update",
        "setdefault",
        "push",
        "put",
        "register",
        "add_module",
        "register_forward_hook",
    ]
)
"""Methods after which an object holds what they were given."""

LOOKS_AT = ("most_", "get_", "is_", "has_", "to_", "as_", "plot_", "predict_", "compute_", "iter_", "count_", "find_")
"""How the names of such methods begin."""

VIEWS = frozenset(["reshape", "ravel", "view", "squeeze", "transpose", "swapaxes", "diagonal"])
"""Methods of arrays whose result is the same memory."""

SAME = VIEWS | frozenset(
    (
        "fit set_params partial_fit view ravel squeeze get setdefault items values parameters named_parameters children modules "
        "to eval train cuda requires_grad_ transpose"
    ).split()
)
"""Methods that return what they are called on, or a part of it."""

COPIES = frozenset(
    (
        "list dict set tuple sorted str int float bool frozenset len sum min max abs round repr type isinstance hash any all "
        "bytes divmod pow format ord chr bin hex id vars dir input print range complex callable issubclass"
    ).split()
)
"""Builtins whose result has nothing to do with the identity of their arguments."""

RESULTS = {
    "numpy.random.default_rng": "numpy.Generator",
    "numpy.random.RandomState": "numpy.RandomState",
    "random.Random": "random.Random",
    "pandas.DataFrame": "pandas.DataFrame",
    **dict.fromkeys(["int", "float", "str", "len", "round", "bool"], "int"),
    **dict.fromkeys(["iter", "zip", "enumerate", "map", "filter"], "generator"),
}
"""Types of what functions return."""

CHANGES_FIRST = {
    "random.shuffle": 0,
    "numpy.random.shuffle": 0,
    "numpy.put": 0,
    "numpy.place": 0,
    "numpy.copyto": 0,
    "numpy.fill_diagonal": 0,
    "numpy.putmask": 0,
    "heapq.heappush": 0,
    "heapq.heappop": 0,
    "heapq.heapify": 0,
    "heapq.heapreplace": 0,
    "heapq.heappushpop": 0,
    "bisect.insort": 0,
    "bisect.insort_left": 0,
    "bisect.insort_right": 0,
    "setattr": 0,
    "delattr": 0,
    "next": 0,
    "operator.setitem": 0,
    "operator.delitem": 0,
    "operator.iadd": 0,
    "torch.nn.utils.clip_grad_norm_": 0,
    "torch.nn.utils.clip_grad_value_": 0,
    "anext": 0,
    "sklearn.utils.check_random_state": 0,
    "json.dump": 1,
    "pickle.dump": 1,
    "torch.optim.swa_utils.update_bn": 1,
}
"""Functions that change one of their arguments: its place."""

SEEDS = {
    "random.seed": ("random",),
    "random.setstate": ("random",),
    "numpy.random.seed": ("numpy",),
    "numpy.random.set_state": ("numpy",),
    "torch.manual_seed": ("torch",),
    "torch.random.manual_seed": ("torch",),
    "torch.cuda.manual_seed": ("torch",),
    "torch.cuda.manual_seed_all": ("torch",),
    "tensorflow.random.set_seed": ("tensorflow",),
    "tensorflow.set_random_seed": ("tensorflow",),
    "keras.utils.set_random_seed": ("random", "numpy", "tensorflow"),
    "tensorflow.keras.utils.set_random_seed": ("random", "numpy", "tensorflow"),
    "transformers.set_seed": ("random", "numpy", "torch"),
    "lightning.seed_everything": ("random", "numpy", "torch"),
    "pytorch_lightning.seed_everything": ("random", "numpy", "torch"),
    "lightning.pytorch.seed_everything": ("random", "numpy", "torch"),
}
"""Functions that set the state of random numbers, and whose."""

MAY_DRAW = {
    "numpy": "numpy",
    "scipy": "numpy",
    "sklearn": "numpy",
    "pandas": "numpy",
    "statsmodels": "numpy",
    "xgboost": "numpy",
    "lightgbm": "numpy",
    "seaborn": "numpy",
    "random": "random",
    "torch": "torch",
    "torchvision": "torch",
    "transformers": "torch",
    "lightning": "torch",
    "pytorch_lightning": "torch",
    "tensorflow": "tensorflow",
    "keras": "tensorflow",
}
"""Packages, and whose random numbers they may draw."""

DRAWS_NOT = frozenset(
    (
        "default_rng RandomState Generator SeedSequence Random SystemRandom get_state getstate PCG64 MT19937 Philox"
    ).split()
)
SKLEARN_DRAWS = frozenset(
    (
        "train_test_split RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor "
        "DecisionTreeClassifier DecisionTreeRegressor GradientBoostingClassifier GradientBoostingRegressor MLPClassifier "
        "MLPRegressor SGDClassifier SGDRegressor KMeans MiniBatchKMeans ShuffleSplit StratifiedShuffleSplit resample shuffle "
        "make_classification make_regression make_blobs make_moons make_circles TSNE permutation_importance BaggingClassifier "
        "BaggingRegressor AdaBoostClassifier IsolationForest GaussianMixture RandomizedSearchCV Perceptron make_friedman1 "
        "make_s_curve make_swiss_roll NMF FastICA RandomizedPCA LinearSVC RBFSampler"
    ).split()
)
"""Functions and classes of scikit-learn that draw random numbers where no ``random_state`` is given."""

SETTINGS = frozenset(
    (
        "use filterwarnings simplefilter resetwarnings basicConfig enable disable register_matplotlib_converters chdir putenv "
        "rcdefaults update seterr set_printoptions set_option reset_option init_notebook_mode captureWarnings setLevel config"
    ).split()
)
"""Functions of modules that change how the module works; so do those that begin with ``set_``."""

WRITES = (
    "to_csv",
    "to_parquet",
    "to_json",
    "to_pickle",
    "to_excel",
    "to_feather",
    "to_hdf",
    "savetxt",
    "save",
    "savez",
    "savez_compressed",
    "dump",
    "save_model",
    "write_text",
    "write_bytes",
    "urlretrieve",
    "savefig",
    "write_csv",
    "write_parquet",
    "save_pretrained",
    "write_image",
    "to_disk",
    "extractall",
    "write_table",
)
"""Functions that write the files that they are given the names of."""
MOVES = ("copy", "copyfile", "copytree", "move", "rename", "replace", "system", "run", "check_call", "check_output")
"""The same, in ``os``, ``shutil`` and ``subprocess``."""
MAKES = ("mkdir", "makedirs", "touch", "unlink", "remove", "rmtree")
FAMILIES = {"seaborn": "matplotlib", "pylab": "matplotlib"}
"""Packages whose settings are another's."""
OPAQUE = frozenset(["exec", "eval", "globals", "locals", "vars", "get_ipython", "execfile", "__import__"])
"""Names with which a statement can bind what nobody sees in it."""
