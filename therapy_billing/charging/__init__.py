from . import breaker, pipeline, retry
