//! Five-artefact evidence packs with a hash chain.
