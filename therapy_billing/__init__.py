from . import importers, models, tools
