from . import amounts, codes, links, phi, quiet
