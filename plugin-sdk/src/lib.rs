//! What the author of a transload plugin depends on.
