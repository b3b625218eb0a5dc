"""A classifier: split by ground, judged elsewhere, kept without pickle."""

import hashlib
import io
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

from pipeline.errors import InputError
from pipeline.indices.classifier import (
    LabelledPixels,
    count_by_kind,
    dump_forest,
    load_forest,
    number_blocks,
    predict_probabilities,
    train,
)

FOREST = {"trees": 15, "seed": 3, "test_share": 0.3, "least": 5}


def labelled(seed=1, count=600):
    """Kinds that lie apart in two features and not in a third, in 25 blocks."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["bare", "crop", "water"], count, p=[0.2, 0.5, 0.3])
    middle = np.array([(1, 1), (5, 1), (3, 4)])[np.searchsorted(["bare", "crop", "water"], kinds)]
    features = np.column_stack([middle + rng.normal(0, 0.7, middle.shape), rng.normal(size=count)])
    return LabelledPixels(features.astype(np.float32), kinds, rng.integers(0, 25, count))


def test_kinds_that_lie_apart_are_told_apart_where_nothing_was_shown():
    given = labelled()
    found = train(given, **FOREST)
    assert found.kinds == ("bare", "crop", "water")
    assert found.accuracy > 0.97
    assert found.confusion.sum() == (~found.trains).sum()
    assert found.confusion.sum(axis=0).tolist() == list(count_by_kind(given.kinds[~found.trains]).values())


def test_no_block_stands_on_both_sides_and_the_share_held_back_is_near_the_wanted():
    given = labelled()
    for seed in range(5):
        trains = train(given, **{**FOREST, "seed": seed}).trains
        assert not set(given.blocks[trains]) & set(given.blocks[~trains])
        assert 0.2 < (~trains).mean() < 0.45


def test_places_in_one_square_of_ground_have_one_number():
    x, y = np.array([10.0, 990.0, 1001.0, 10.0, -5.0]), np.array([10.0, 900.0, 10.0, 1010.0, 10.0])
    blocks = number_blocks(x, y, size_m=1000)
    assert blocks[0] == blocks[1]
    assert len(set(blocks)) == 4


def test_a_classifier_that_learns_where_instead_of_what_is_not_judged_right():
    """Each block has one kind and its own feature; by pixel the split would find all, by ground nothing."""
    blocks = np.repeat(np.arange(20), 30)
    kinds = np.where(blocks % 2, "crop", "grass")
    place = np.random.default_rng(4).permutation(20)[blocks]
    given = LabelledPixels(np.column_stack([place, place]).astype(np.float32), kinds, blocks)
    assert train(given, **FOREST).accuracy < 0.8
    by_pixel = LabelledPixels(given.features, kinds, np.arange(len(blocks)))
    assert train(by_pixel, **FOREST).accuracy == 1


def test_everything_that_the_samples_lack_is_named_at_once():
    given = labelled(count=60)
    few = LabelledPixels(given.features, np.where(np.arange(60) < 3, "marsh", given.kinds), given.blocks % 2)
    with pytest.raises(InputError) as raised:
        train(few, **FOREST)
    text = str(raised.value)
    assert "class marsh: found 3 usable pixels" in text
    assert "2 blocks of ground" in text


def test_a_kind_in_a_single_block_cannot_be_judged_and_is_named():
    given = labelled()
    alone = np.where(given.blocks == 7, "marsh", given.kinds)
    with pytest.raises(InputError, match=r"class marsh: found .* to train on, .* to judge by"):
        train(LabelledPixels(given.features, alone, given.blocks), **FOREST)


def test_one_kind_alone_is_no_classification():
    given = labelled()
    with pytest.raises(InputError, match="at least two classes"):
        train(LabelledPixels(given.features, np.full(600, "water"), given.blocks), **FOREST)


def test_probabilities_add_up_and_are_unknown_where_a_feature_is():
    given = labelled()
    forest = train(given, **FOREST).forest
    features = given.features.copy()
    features[3, 1], features[5, 0] = np.nan, np.inf
    found = predict_probabilities(forest, features)
    assert np.isnan(found[[3, 5]]).all()
    known = np.delete(found, [3, 5], axis=0)
    assert known.sum(axis=1) == pytest.approx(np.ones(598))
    assert np.array_equal(known, forest.predict_proba(np.delete(features, [3, 5], axis=0)))


def test_a_kept_forest_gives_the_very_same_probabilities():
    given = labelled()
    forest = train(given, **FOREST).forest
    again = load_forest(dump_forest(forest), "here")
    assert np.array_equal(
        predict_probabilities(again, given.features), predict_probabilities(forest, given.features)
    )


def test_the_same_samples_give_the_same_bytes():
    once, again = (dump_forest(train(labelled(), **FOREST).forest) for _ in range(2))
    assert once == again
    assert once != dump_forest(train(labelled(), **{**FOREST, "seed": 4}).forest)


@pytest.mark.slow
def test_the_same_samples_give_the_same_bytes_in_any_process():
    script = (
        "import hashlib; from tests.unit.indices.test_classifier import *; "
        "print(hashlib.sha256(dump_forest(train(labelled(), **FOREST).forest)).hexdigest())"
    )
    once = hashlib.sha256(dump_forest(train(labelled(), **FOREST).forest)).hexdigest()
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert other.stdout.split() == [once]


class Strange:
    def __reduce__(self):
        return print, ("run",)


def with_strange_type():
    """A file that skops would build a foreign type from."""
    return skops.io.dumps({"model": SVC().fit([[0.0], [1.0]], [0, 1]), "function": subprocess.run})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps(Strange()), "BadZipFile"),
        (b"", "a random forest that ecoledger saved"),
        (skops.io.dumps(SVC().fit([[0.0], [1.0]], [0, 1])), "SVC"),
        (with_strange_type(), "not trusted.*subprocess.run"),
    ],
    ids=["a pickle", "nothing", "another estimator", "code to run"],
)
def test_a_file_that_is_no_forest_of_ours_is_refused(content, said):
    with pytest.raises(InputError, match=said):
        load_forest(content, "model.skops")


def test_a_torn_file_is_refused():
    content = dump_forest(train(labelled(), **FOREST).forest)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as kept, zipfile.ZipFile(stream, "w") as torn:
        for name in kept.namelist()[1:]:
            torn.writestr(name, kept.read(name))
    with pytest.raises(InputError, match="a random forest that ecoledger saved"):
        load_forest(stream.getvalue(), "model.skops")
    assert isinstance(load_forest(content, "model.skops"), RandomForestClassifier)
