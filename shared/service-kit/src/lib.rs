//! Everything a worker process needs around its loop: configuration, lifecycle, admin HTTP, tracing, metrics.
