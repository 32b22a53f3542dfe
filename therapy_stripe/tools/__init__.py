from . import clock, declines, loopback
