from . import controllers, logs, models, tools, wizards

logs.install()
