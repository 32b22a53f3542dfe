"""Installs, starts and checks the product on a bare Debian machine.

Only the standard library is imported by what runs before the virtual environment
exists: ``__main__``, ``console``, ``paths``, ``machine``, ``odoo_source``,
``environment``, ``postgres``, ``database``.
"""
