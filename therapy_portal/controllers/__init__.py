from . import payment
from . import pay
from . import portal
from . import post_processing
