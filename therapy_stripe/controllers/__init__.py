from ..tools import log_mask
from . import main

log_mask.install()
