"""Every fault of a recipe: told once, all together, each at its line, in words a person can use."""

import time
from pathlib import Path

import pytest

from hubkit.errors import RecipeError
from hubkit.recipe import check, load


def test_a_good_recipe_has_no_fault(write):
    assert check(write()) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "said"),
    [
        ("steps = 100", "stepz = 100", 14, "HK210", "training.stepz: there is no such key; did you mean 'steps'?"),
        ("steps = 100", "steps = 100\nrepo = 'a/b'", 15, "HK210", "there is no such key here; [data] has one"),
        ("steps = 100\n", "", 13, "HK211", "training.steps is missing: it must be a whole number from 1 on"),
        ("steps = 100", "steps = '100'", 14, "HK212", "training.steps = '100': must be a whole number from 1 on"),
        ("steps = 100", "steps = true", 14, "HK212", "training.steps = true: must be a whole number"),
        ("steps = 100", "steps = 0", 14, "HK214", "training.steps = 0: must be a whole number from 1 on"),
        ("steps = 100", "steps = 0x" + "f" * 20, 14, "HK214", "must have 64 bits"),
        ("1e-4", "'1e-4'", 16, "HK212", "training.learning_rate = '1e-4': must be a finite number in (0, 1]"),
        ("1e-4", "nan", 16, "HK214", "training.learning_rate = nan: must be a finite number in (0, 1]"),
        ("1e-4", "inf", 16, "HK214", "training.learning_rate = inf: must be a finite number in (0, 1]"),
        ("0.99", "1.0", 17, "HK214", "training.ema.decay = 1.0: must be a finite number in [0, 1)"),
        ('kind = "full"', 'kind = "fulll"', 11, "HK213", "must be one of 'full', 'dreambooth'; did you mean 'full'?"),
        ('kind = "full"', "", 10, "HK213", "method.kind is missing: it must be one of 'full', 'dreambooth'"),
        ('kind = "full"', "kind = 3", 11, "HK213", "method.kind = 3: must be one of 'full', 'dreambooth'"),
        ('kind = "fid"', 'kind = "fido"', 28, "HK213", "metrics.fido.kind = 'fido': must be one of"),
        ('"someone/cats"', '"cats"', 8, "HK214", "data.repo = 'cats': must be `namespace/name`"),
        ('"someone/cats"', '"a/../b"', 8, "HK214", "must be a name for the Hub"),
        ('"someone/base"', '"https://hub/a/b"', 5, "HK214", "must be a name for the Hub"),
        ('"someone/base"', '"-x/y"', 5, "HK214", "must be a name for the Hub"),
        ('"cats"', '"my cats"', 1, "HK214", "name = 'my cats': must be a name for the Hub"),
        ('"cats"', '"cats"\nhub = "remote"', 2, "HK214", "hub = 'remote': must be 'local'"),
        ('kind = "hub"', 'kind = "hub"\nrepo = "a/b/c"', 32, "HK214", "publish.repo = 'a/b/c': must be"),
        ('kind = "hub"', 'kind = "hub"\ntag = "v 1"', 32, "HK214", "publish.tag = 'v 1': must be a tag"),
        ('kind = "hub"', 'kind = "folder"\nprivate = true', 32, "HK210", "publish.private: there is no such key"),
        ('"someone/cats"', '"someone/cats"\nresolution = 100', 9, "HK214", "in [32, 2048], a multiple of 8"),
        ('"someone/cats"', '"someone/cats"\ncrop = "centre"', 9, "HK214", "did you mean 'center'?"),
        ('["a cat", "a dog"]', '["a cat", 3]', 20, "HK212", "samples.subjects.1 = 3: must be text"),
        ('["a cat", "a dog"]', '[\n "a cat",\n 3,\n]', 22, "HK212", "samples.subjects.1 = 3: must be text"),
        ('["a cat", "a dog"]', "[]", 20, "HK214", "samples.subjects = []: must be an array, each item text"),
        ("[data]", "[dataa]", 7, "HK210", "dataa: there is no such key; did you mean 'data'?"),
    ],
)
def test_a_fault_within_a_key_names_its_line_and_what_it_must_be(write, old, new, line, code, said):
    path = write((old, new))

    found = [fault for fault in check(path) if fault.code == code]

    assert [f"{path}:{line}"] == [fault.where for fault in found]
    assert said in found[0].message


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "batch_size = 8",
            "batch_size = 8\nmicro_batch = 3",
            16,
            "training.micro_batch = 3: must divide batch_size = 8",
        ),
        ("batch_size = 8", "batch_size = 8\nwarmup_steps = 101", 16, "must not be more than steps = 100"),
        ('"{subject} in a hat"', '"a hat"', 21, "samples.templates.1 = 'a hat': must hold `{subject}`"),
        ('"{subject} in a hat"', '"{subject.__class__}"', 21, "samples.templates.1 = '{subject.__class__}': must hold"),
        ('"{subject} in a hat"', '"{subject} {0}"', 21, "must hold no other braces than `{subject}`"),
        ('"a dog"', '"a cat"', 20, "must hold 'a cat' once"),
        ('"a dog"', '" "', 20, "must hold no empty text"),
        ('subjects = ["a cat"', 'holdout = 0\nsubjects = ["a cat"', 20, "leaves the metrics nothing to measure"),
        (
            'kind = "fid"',
            'kind = "fid"\n[[metrics]]\nkind = "clip-score"\n[dial]\nstyle = "fid"',
            32,
            "asks for 'fid', which takes 50 pictures: dial.prompts is 32",
        ),
        ('"someone/cats"', '"someone/cats"\nholdout = 0', 9, "leaves the metric 'kid' nothing to compare with"),
        (
            'templates = ["{subject}", "{subject} in a hat"]',
            'templates = ["{subject}"]\n[study]',
            21,
            "leaves [study] nothing to hold against the bare subject",
        ),
        ('"someone/cats"', '"someone/cats"\nfolder = "cats"', 9, "contradicts repo = 'someone/cats'"),
        ('repo = "someone/cats"', 'folder = "cats"\nsplit = "test"', 9, "would be ignored: a folder has none"),
        ('repo = "someone/cats"', "", 7, "data.repo is missing: give `repo`, or `folder`, or `--data DIR`"),
        (
            '"someone/cats"',
            '"someone/cats"\ncrop = "center"\nvariants = 3',
            10,
            "would draw the same picture each time",
        ),
        ('better_than = "base"', "", 25, "metrics.kid.gate = {}: demands nothing"),
        ('better_than = "base"', 'better_than = "base", within = 1', 25, "contradicts better_than = 'base'"),
        ('better_than = "base"', "at_least = 3, at_most = 2", 25, "contradicts at_most = 2"),
        ('better_than = "base"', "at_least = 3", 25, "is the wrong way round: lower is better"),
        ('kind = "fid"', 'kind = "kid"', 28, "metrics.kid.kind = 'kid': is measured already"),
        (
            'kind = "fid"',
            'kind = "fid"\nrevision = "main"',
            29,
            "would be ignored: nothing here comes from a repo of the Hub",
        ),
        (
            'kind = "fid"',
            'kind = "fid"\nextractor = "a/b"\nweights = "c/d:e"',
            30,
            "would be ignored: they are Inception's",
        ),
    ],
)
def test_a_fault_between_keys_names_one_of_them(write, old, new, line, said):
    path = write((old, new))

    found = [fault for fault in check(path) if said in fault.message]

    assert [(f"{path}:{line}", "HK220")] == [(fault.where, fault.code) for fault in found]


def test_all_faults_come_at_once_in_the_order_of_the_file_those_between_keys_too(write):
    path = write(
        ('"someone/base"', '"base"'),
        ("steps = 100", "stepz = 100"),
        ("batch_size = 8", "batch_size = 8\nmicro_batch = 3"),
        ("1e-4", "nan"),
        ('kind = "fid"', "kind = 'fid'\nextracter = 3"),
        ('kind = "hub"', 'kind = "hubb"'),
    )

    began = time.perf_counter()
    faults = check(path)

    assert time.perf_counter() - began < 1
    assert [5, 13, 14, 16, 17, 30, 33] == [int(fault.where.rpartition(":")[2]) for fault in faults]
    assert "training.micro_batch = 3: must divide batch_size = 8" in faults[3].message
    assert all(str(fault).startswith(f"error[{fault.code}]: {fault.where}: ") for fault in faults)


def test_a_faulty_key_is_not_told_of_twice(write):
    path = write(('repo = "someone/cats"', 'repo = "cats"'))

    assert ["HK214"] == [fault.code for fault in check(path)]


def test_load_raises_with_all_faults_and_exit_code_2(write):
    path = write(("steps = 100", "steps = 0"), ("batch_size = 8", "batch_size = 0"))

    with pytest.raises(RecipeError) as caught:
        load(path)

    assert caught.value.exit_code == 2
    assert check(path) == caught.value.faults
    assert len(caught.value.faults) == 2


def test_values_nobody_vouches_for_are_shown_on_one_line_cut_and_without_control_characters(write):
    hostile = "\\u001b[31m" + "x" * 500 + "\\n\\u202e"
    path = write(("steps = 100", f'steps = "{hostile}"\n"ke\\u001by" = 1'))

    for fault in check(path):
        assert fault.message.isprintable()
        assert len(fault.message) < 200


def test_a_gate_on_a_number_that_will_be_withheld_is_a_fault(write):
    """Said before the training: so few pictures make no FID."""
    path = write(
        ('kind = "fid"', 'kind = "fid"\ngate = { at_most = 9.0 }'),
        ('subjects = ["a cat"', 'holdout = 49\nsubjects = ["a cat"'),
    )

    with pytest.raises(RecipeError, match=r"metrics\.fid\.gate.* no number under 50 pictures, and .* is 49"):
        load(path)


@pytest.mark.parametrize("place", ['base = "hf_{}"', 'base = "a/b" # hf_{}', '"hf_{}" = 1'])
def test_a_token_in_a_recipe_is_refused_and_never_repeated(write, place):
    token = "abcdefghijklmnopqrstuvwxyz"
    path = write(('base = "someone/base"', place.format(token)))

    (fault,) = check(path)

    assert (f"{path}:5", "HK205") == (fault.where, fault.code)
    assert token not in str(fault)
    assert "make a new one" in fault.help


def test_an_escaped_token_is_not_repeated_either(write):
    path = write(("steps = 100", 'steps = "\\u0068f_abcdefghijklmnopqrstuvwxyz"'))

    assert "abcdefghij" not in "".join(map(str, check(path)))


@pytest.mark.parametrize("key", ["data.folder", "metrics.fid.weights"])
@pytest.mark.parametrize(
    ("said", "why"),
    [("/etc", "is not relative"), ("../x", "goes up"), ("a/../../x", "goes up"), ("~/x", "is not relative")],
)
def test_a_path_out_of_the_recipes_folder_is_a_fault(write, key, said, why):
    line = {"data.folder": 'repo = "someone/cats"', "metrics.fid.weights": 'kind = "fid"'}[key]
    name = key.rpartition(".")[2]
    path = write((line, f'{name} = "{said}"' if name == "folder" else f'{line}\n{name} = "{said}"'))

    (fault,) = check(path)

    assert fault.code == "HK222"
    assert f"{key} = '{said}': {why}" in fault.message


def test_a_published_folder_stays_in_the_working_directory_unless_another_is_typed(write, tmp_path, monkeypatch):
    path = write(('kind = "hub"', 'kind = "folder"\npath = "../models"'))
    monkeypatch.chdir(tmp_path)

    (fault,) = check(path)

    assert (f"{path}:32", "HK222") == (fault.where, fault.code)
    assert "/srv/models" == load(path, ["publish.path=/srv/models"]).publish.path


def test_a_link_out_of_the_recipes_folder_is_a_fault(write, tmp_path):
    path = write(('repo = "someone/cats"', 'folder = "cats/inner"'))
    (tmp_path / "cats").symlink_to("/usr")

    (fault,) = check(path)

    assert "leads out through a link" in fault.message


def test_a_path_inside_is_absolute_once_loaded(write, tmp_path):
    path = write(('repo = "someone/cats"', 'folder = "pictures/cats"'))

    assert str(tmp_path / "pictures/cats") == load(path).data.folder


def test_a_file_on_the_hub_is_no_path(write):
    path = write(('kind = "fid"', 'kind = "fid"\nweights = "someone/inception:pt_inception.pth"'))

    assert "someone/inception:pt_inception.pth" == load(path).metrics[1].weights


def test_a_place_is_given_as_the_user_gave_the_path(write, monkeypatch):
    path = write(("steps = 100", "steps = 0"))
    monkeypatch.chdir(path.parent)

    assert ["cats.toml:14"] == [fault.where for fault in check(Path("cats.toml"))]
