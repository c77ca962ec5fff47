//! Bills of Entry: versions, status and who holds them.
