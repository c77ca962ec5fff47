//! Feeds, journal records and public events: types, schemas, goldens. Pure.
