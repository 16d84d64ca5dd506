"""From metered energy to CO2, by a country's own figures or not at all."""

from hubkit.card.emissions import grams


def test_grams_are_those_of_the_country():
    """In proportion to the energy, and not the same everywhere."""
    german = grams("DEU", 1.0)

    assert german is not None
    assert 50 < german < 1500
    assert grams("DEU", 2.0) == 2 * german
    assert grams("SWE", 1.0) != german


def test_an_unknown_country_is_not_given_the_worlds_mean():
    """Nothing is said, rather than something that is not the country's."""
    assert grams("ZZZ", 1.0) is None
    assert grams(None, 1.0) is None
    assert grams("DEU", None) is None
