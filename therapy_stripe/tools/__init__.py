from . import clock, declines, descriptor, log_mask, loopback, minor
