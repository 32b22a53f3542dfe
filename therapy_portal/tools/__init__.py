from . import amounts, codes, links, quiet
