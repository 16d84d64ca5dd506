"""Whose terms a release comes under."""

import pytest

from hubkit.card.metadata import Licence, of_release


@pytest.mark.parametrize(
    ("base", "pictures", "release"),
    [
        ("apache-2.0", "cc-by-sa-4.0", "cc-by-sa-4.0"),
        ("apache-2.0", "cc0-1.0", "apache-2.0"),
        ("apache-2.0", None, "apache-2.0"),
        ("creativeml-openrail-m", "cc-by-sa-4.0", "creativeml-openrail-m"),
        ("other", "cc-by-sa-4.0", "other"),
    ],
)
def test_sharing_alike_is_carried_where_the_base_lets_it_be(base, pictures, release):
    """A base with terms of its own keeps them; the card states the pictures' beside."""
    assert of_release(Licence(base), pictures).id == release
