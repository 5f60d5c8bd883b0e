//! Typed internal events, shared by the plugins of this repository.
