from . import clock, declines, log_mask, loopback
