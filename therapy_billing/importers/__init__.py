"""Readers of a practice's files, one class per kind of file."""

from .balances import BalancesImporter
from .base import Importer, Result
from .payers import PayersImporter
from .remittances import RemittancesImporter
from .schedule import ScheduleImporter
from .services import ServicesImporter

IMPORTERS = {
    "services": ServicesImporter,
    "payers": PayersImporter,
    "schedule": ScheduleImporter,
    "balances": BalancesImporter,
    "remittances": RemittancesImporter,
}

__all__ = ["IMPORTERS", "Importer", "Result"]
