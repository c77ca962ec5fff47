//! GSTN's own JSON shapes, in and out. Pure.
