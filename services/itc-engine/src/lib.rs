//! The worker binary: one subcommand per worker, and the topology they form.
