"""Readers of a practice's files, one class per kind of file."""

from .base import Importer, Result
from .payers import PayersImporter
from .schedule import ScheduleImporter
from .services import ServicesImporter

IMPORTERS = {
    "services": ServicesImporter,
    "payers": PayersImporter,
    "schedule": ScheduleImporter,
}

__all__ = ["IMPORTERS", "Importer", "Result"]
