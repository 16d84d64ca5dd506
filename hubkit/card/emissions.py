"""From energy to CO2, by codecarbon's figures for a country."""

from importlib.util import find_spec
from typing import Any

from hubkit.training import TrainedModel


def grams(country: str | None, kwh: float | None) -> float | None:
    """Grams of CO2 for so much energy at a country's mean; None where country, energy or codecarbon are missing, and
    where codecarbon does not know the country: it would take the world's mean for it.
    """
    if country is None or kwh is None or find_spec("codecarbon") is None:
        return None
    from codecarbon.core.emissions import Emissions
    from codecarbon.core.units import Energy
    from codecarbon.external.geography import GeoMetadata
    from codecarbon.input import DataSource

    known: Any = DataSource
    figures = known()
    if country not in figures.get_global_energy_mix_data():
        return None
    kilograms = Emissions(figures, None).get_private_infra_emissions(
        Energy.from_energy(kWh=kwh), GeoMetadata(country_iso_code=country)
    )
    return float(kilograms) * 1000


def emissions(model: TrainedModel, country: str | None, emitted: float | None) -> dict[str, Any] | None:
    """The card's `co2_eq_emissions` of so many grams; None where they are not known."""
    if emitted is None:
        return None
    return {
        "emissions": emitted,
        "source": "codecarbon",
        "training_type": "fine-tuning",
        "geographical_location": country,
        "hardware_used": f"{model.processes} x {model.device}",
    }
