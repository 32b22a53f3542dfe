from . import amounts, codes, phi
